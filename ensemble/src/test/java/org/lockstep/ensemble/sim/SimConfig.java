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

/**
 * What a seed chooses before the run begins: a swarm of different kinds of trouble rather than all of it always.
 *
 * @param overtakes rows may arrive before the data they describe, as over one-sided RDMA
 * @param faultGapNanos mean time between faults
 * @param crashPerEffect one in so many of a member's steps towards a next view ends in a crash; 0: none
 * @param barrierEvery one in so many requests is a barrier
 * @param unequalDisks each disk is slower by a random factor up to this
 * @param requestGapNanos a client's mean time between requests
 */
record SimConfig(long seed, int members, FsyncPolicy policy, PlantedBug bug, Set<Fault> faults, boolean overtakes,
        long faultGapNanos, int crashPerEffect, long requestGapNanos, int clientsPerServer, int barrierEvery, int pipeline, long delayNanos,
        long flushNanos, int window, long patienceNanos, int unequalDisks, long faultsUntilNanos, long endNanos) {
    static final long MILLI = 1_000_000;
    static final long SECOND = 1000 * MILLI;

    static SimConfig of(long seed, PlantedBug bug, long endNanos) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
        int members = random.nextInt(4) == 0 ? 5 : 3;
        FsyncPolicy policy = FsyncPolicy.values()[random.nextInt(3)];
        Set<Fault> faults = EnumSet.noneOf(Fault.class);
        for (Fault fault : Fault.values()) {
            if (random.nextInt(5) < 2) {
                faults.add(fault);
            }
        }
        return new SimConfig(seed, members, policy, bug, faults, random.nextInt(3) == 0, (100 + random.nextLong(1500)) * MILLI,
                random.nextBoolean() ? 0 : 10 + random.nextInt(100), (10 + random.nextLong(random.nextInt(3) == 0 ? 50 : 400)) * MILLI, 1 + random.nextInt(2), 2 + random.nextInt(10),
                1 + random.nextInt(8), (50 + random.nextLong(random.nextBoolean() ? 500 : 5000)) * 1000,
                (100 + random.nextLong(random.nextBoolean() ? 500 : 10_000)) * 1000, 1 + random.nextInt(8),
                (random.nextInt(3) == 0 ? 10 + random.nextLong(100) : 200) * MILLI,
                random.nextInt(3) == 0 ? 100 : random.nextInt(2) * 10, endNanos * 2 / 3, endNanos);
    }

    /** The same with the kinds of trouble, the policy and the size in which {@code bug} can show at all. */
    SimConfig focused() {
        return switch (bug) {
            case BARRIER_BY_MAJORITY, FOLDS_BY_ARRIVAL ->
                    with(lazyPolicy(), members, EnumSet.of(Fault.POWER_ALL, Fault.SLOW_DISK), crashPerEffect, 100);
            case LONGEST_INSTEAD_OF_INTACT ->
                    with(lazyPolicy(), members, EnumSet.of(Fault.POWER_SOME, Fault.KILL_ALL, Fault.PAUSE), crashPerEffect, 100);
            case SOURCE_NOT_FLUSHED ->
                    with(lazyPolicy(), members, EnumSet.of(Fault.KILL_ALL, Fault.POWER_ONE), 20, unequalDisks);
            case PROMISE_NOT_STORED, ACCEPT_NOT_STORED ->
                    with(policy, 3, EnumSet.of(Fault.CUT_BOTH_WAYS, Fault.KILL_ONE, Fault.PLANNED_CHANGE), 20, unequalDisks);
            default -> this;
        };
    }

    private FsyncPolicy lazyPolicy() {
        return policy.isLazy() ? policy : FsyncPolicy.WRITE_BARRIER;
    }

    private SimConfig with(FsyncPolicy otherPolicy, int otherMembers, Set<Fault> otherFaults, int crashes, int unequal) {
        return new SimConfig(seed, otherMembers, otherPolicy, bug, otherFaults, overtakes, faultGapNanos, crashes,
                requestGapNanos, clientsPerServer, barrierEvery, pipeline, delayNanos, flushNanos, window, patienceNanos, unequal,
                faultsUntilNanos, endNanos);
    }

    EnsembleOptions options() {
        List<Integer> ids = new ArrayList<>();
        for (int i = 1; i <= members; i++) {
            ids.add(i);
        }
        return new EnsembleOptions(ids, policy, 50 * MILLI, 400 * MILLI, 1500 * MILLI, 1000 * MILLI, 100 * MILLI, patienceNanos,
                members / 2 + 1, members, window, 1 << 20, 1 << 20, new UUID(seed, 1));
    }
}
