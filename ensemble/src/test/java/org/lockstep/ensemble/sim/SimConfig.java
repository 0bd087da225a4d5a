package org.lockstep.ensemble.sim;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.PlantedBug;
import org.lockstep.fsync.FsyncPolicy;

/** What a seed chooses before the run begins: a swarm of different kinds of trouble rather than all of it always. */
record SimConfig(long seed, int members, int observers, FsyncPolicy policy, PlantedBug bug, Trouble trouble, Load load, Machines machines,
        long endNanos) {
    static final long MILLI = 1_000_000;
    static final long SECOND = 1000 * MILLI;
    private static final Lasting[] LASTING = Lasting.values();
    private static final long LONG_RUN_NANOS = 24 * SECOND;

    /**
     * What goes wrong.
     *
     * @param gapNanos mean time between faults
     * @param crashPerStep one in so many of a member's steps towards a next view ends in a crash; 0: none
     * @param unequalDisks each disk is slower by a random factor up to this
     * @param lasting what one server suffers to the end of the run
     * @param overtakes rows may arrive before the data they describe, as over one-sided RDMA
     */
    record Trouble(Set<Fault> faults, long gapNanos, int crashPerStep, int unequalDisks, boolean overtakes, Lasting lasting) {}

    /** What one server goes on suffering when the other faults have ended: the others must do without it. */
    enum Lasting { NOTHING, DEAD, DEAF, MUTE, STUCK_DISK }

    /**
     * What the clients do.
     *
     * @param gapNanos a client's mean time between requests
     * @param barrierEvery one in so many requests is a barrier
     * @param pipeline requests that a client has under way at most
     */
    record Load(long gapNanos, int clientsPerServer, int barrierEvery, int pipeline) {}

    /** How fast the machines are, and how the members are set up. */
    record Machines(long delayNanos, long flushNanos, int window, long patienceNanos, int bootstrapExpect) {}

    /** The run of {@code seed}: faults in the first two thirds, then calm. */
    static SimConfig of(long seed, PlantedBug bug, long endNanos) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
        int members = random.nextInt(4) == 0 ? 5 : 3;
        FsyncPolicy policy = FsyncPolicy.values()[random.nextInt(3)];
        int observers = Math.max(0, random.nextInt(5) - 2);
        return new SimConfig(seed, members, observers, policy, bug, trouble(random), load(random), machines(random, members),
                endNanos);
    }

    private static Trouble trouble(SplittableRandom random) {
        Set<Fault> faults = EnumSet.noneOf(Fault.class);
        for (Fault fault : Fault.values()) {
            if (random.nextInt(5) < 2) {
                faults.add(fault);
            }
        }
        int crashPerStep = random.nextBoolean() ? 0 : 10 + random.nextInt(100);
        int unequalDisks = random.nextInt(3) == 0 ? 100 : random.nextInt(2) * 10;
        return new Trouble(faults, (100 + random.nextLong(1500)) * MILLI, crashPerStep, unequalDisks, random.nextInt(3) == 0,
                LASTING[random.nextInt(2) * random.nextInt(LASTING.length)]);
    }

    private static Load load(SplittableRandom random) {
        long gapMillis = 10 + random.nextLong(random.nextInt(3) == 0 ? 50 : 400);
        return new Load(gapMillis * MILLI, 1 + random.nextInt(2), 2 + random.nextInt(10), 1 + random.nextInt(8));
    }

    private static Machines machines(SplittableRandom random, int members) {
        long delayMicros = 50 + random.nextLong(random.nextBoolean() ? 500 : 5000);
        long flushMicros = 100 + random.nextLong(random.nextBoolean() ? 500 : 10_000);
        long patienceMillis = random.nextInt(3) == 0 ? 10 + random.nextLong(100) : 200;
        int expect = random.nextInt(3) == 0 ? members / 2 + 1 : members;
        return new Machines(delayMicros * 1000, flushMicros * 1000, 1 + random.nextInt(8), patienceMillis * MILLI, expect);
    }

    /** The same with the kinds of trouble and the policies in which its bug can show at all. */
    SimConfig focused() {
        return switch (bug) {
            case BARRIER_BY_MAJORITY, FOLDS_BY_ARRIVAL -> with(true, EnumSet.of(Fault.POWER_ALL, Fault.SLOW_DISK), 0, 100);
            case LONGEST_INSTEAD_OF_INTACT -> with(true, EnumSet.of(Fault.POWER_SOME, Fault.KILL_ALL, Fault.PAUSE), 0, 100);
            case SOURCE_NOT_FLUSHED -> with(true, EnumSet.of(Fault.KILL_ALL, Fault.POWER_ONE), 20, 10);
            case FORWARDS_BEFORE_CLOSED, CLOSED_FORWARDS_KEPT -> withObserver();
            default -> this;
        };
    }

    /** The same run of members that have no bug. */
    SimConfig without() {
        return new SimConfig(seed, members, observers, policy, PlantedBug.NONE, trouble, load, machines, endNanos);
    }

    private SimConfig with(boolean lazy, Set<Fault> faults, int crashPerStep, int unequalDisks) {
        FsyncPolicy other = lazy && !policy.isLazy() ? FsyncPolicy.WRITE_BARRIER : policy;
        Trouble chosen = new Trouble(faults, trouble.gapNanos(), crashPerStep, unequalDisks, trouble.overtakes(),
                trouble.lasting());
        return new SimConfig(seed, members, observers, other, bug, chosen, load, machines, endNanos);
    }

    /** With an observer whose connections break often. */
    private SimConfig withObserver() {
        SimConfig other = with(false, EnumSet.of(Fault.BREAK_LINK, Fault.CUT_BOTH_WAYS, Fault.CUT_ONE_WAY, Fault.KILL_ONE), 0, 100);
        return new SimConfig(seed, members, 1, policy, bug, other.trouble, load, machines, endNanos);
    }

    /** The server that suffers lastingly; 0: none. Short runs leave no time to do without it. */
    int victim() {
        boolean none = trouble.lasting() == Lasting.NOTHING || endNanos < LONG_RUN_NANOS;
        return none ? 0 : (int) (1 + seed % members);
    }

    /** Members and observers; the observers have the ids above the members'. */
    int servers() {
        return members + observers;
    }

    /** When the faults end. */
    long calmNanos() {
        return endNanos * 2 / 3;
    }

    EnsembleOptions options() {
        List<Integer> ids = new ArrayList<>();
        for (int i = 1; i <= members; i++) {
            ids.add(i);
        }
        return new EnsembleOptions(ids, policy, 50 * MILLI, 400 * MILLI, 1500 * MILLI, 1000 * MILLI, 100 * MILLI,
                machines.patienceNanos(), members / 2 + 1, machines.bootstrapExpect(), machines.window(), 1 << 20, 1 << 20,
                new UUID(seed, 1)).withObservers(observerIds());
    }

    private List<Integer> observerIds() {
        List<Integer> ids = new ArrayList<>();
        for (int i = members + 1; i <= servers(); i++) {
            ids.add(i);
        }
        return ids;
    }
}
