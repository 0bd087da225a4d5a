package org.lockstep.compat.consistency;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lockstep.compat.servers.EnsembleProcesses;

/** Does harm to an ensemble, one fault after another with some calm between, and mends each. One thread. */
final class Nemesis {
    private static final Duration BACK_MAX = Duration.ofSeconds(Integer.getInteger("consistency.backSeconds", 60));
    private static final Duration LEADER_MAX = Duration.ofMillis(200);
    private static final int FREEZE_MILLIS = 3000;
    private static final int CUT_MILLIS = 4000;
    private static final int DOWN_MILLIS_MAX = 3000;

    private final EnsembleProcesses ensemble;
    private final Random random;
    private final List<Fault> faults;
    private final Map<Fault, Integer> done = new EnumMap<>(Fault.class);

    /** What may happen to servers. */
    enum Fault {
        /** kill -9 of one, which comes back a little later. */
        KILL,
        /** kill -9 of so many that no majority is left. */
        KILL_MAJORITY,
        /** kill -9 of all. */
        KILL_ALL,
        /** One stands still for three seconds. */
        FREEZE,
        /** One stands still, and meanwhile another is killed. */
        FREEZE_AND_KILL,
        /** One is cut off from the others; clients still reach it. */
        CUT_FROM_PEERS,
        /** One is cut off from everybody. */
        CUT_FROM_ALL;

        boolean isCut() {
            return this == CUT_FROM_PEERS || this == CUT_FROM_ALL;
        }
    }

    Nemesis(EnsembleProcesses ensemble, long seed) {
        this.ensemble = ensemble;
        random = new Random(seed);
        faults = new ArrayList<>(List.of(Fault.values()));
        // What costs no quorum is what happens most.
        faults.addAll(List.of(Fault.KILL, Fault.FREEZE, Fault.CUT_FROM_PEERS));
        faults.removeIf(fault -> fault.isCut() && !ensemble.canCut());
    }

    /** How often each fault was done. */
    Map<Fault, Integer> done() {
        return done;
    }

    /**
     * Does one fault, mends it, and waits until all servers serve again.
     *
     * @throws IOException when they do not within a minute, or {@code consistency.backSeconds}
     */
    void strike() throws IOException, InterruptedException {
        Fault fault = faults.get(random.nextInt(faults.size()));
        int victim = victim();
        int other = (victim + 1 + random.nextInt(ensemble.size() - 1)) % ensemble.size();
        System.out.println("fault " + fault + " of server " + victim);
        done.merge(fault, 1, Integer::sum);
        switch (fault) {
            case KILL -> ensemble.server(victim).kill();
            case KILL_MAJORITY -> {
                for (int i = 0; i <= ensemble.size() / 2; i++) {
                    ensemble.server((victim + i) % ensemble.size()).kill();
                }
            }
            case KILL_ALL -> ensemble.killAll();
            case FREEZE -> freeze(victim);
            case FREEZE_AND_KILL -> {
                ensemble.server(victim).freeze();
                Thread.sleep(random.nextInt(FREEZE_MILLIS));
                ensemble.server(other).kill();
                Thread.sleep(random.nextInt(FREEZE_MILLIS));
                ensemble.server(victim).thaw();
            }
            case CUT_FROM_PEERS -> {
                ensemble.cutFromPeers(victim);
                Thread.sleep(CUT_MILLIS);
            }
            case CUT_FROM_ALL -> {
                ensemble.cutFromAll(victim);
                Thread.sleep(CUT_MILLIS);
            }
        }
        if (!fault.isCut() && fault != Fault.FREEZE) {
            Thread.sleep(random.nextInt(DOWN_MILLIS_MAX));
        }
        mend(victim);
    }

    /** kill -9 of all, who start at once again, with the settings of now. */
    void restartAll() throws IOException {
        done.merge(Fault.KILL_ALL, 1, Integer::sum);
        ensemble.killAll();
        mend(0);
    }

    private void freeze(int victim) throws IOException, InterruptedException {
        ensemble.server(victim).freeze();
        Thread.sleep(FREEZE_MILLIS);
        ensemble.server(victim).thaw();
    }

    private void mend(int victim) throws IOException {
        long begin = System.nanoTime();
        ensemble.heal(victim);
        ensemble.launch();
        ensemble.awaitServing(BACK_MAX);
        System.out.println("all serve " + (System.nanoTime() - begin) / 1_000_000 + " ms after it was mended");
    }

    /** The leader half of the time. */
    private int victim() throws IOException {
        int leader = random.nextBoolean() ? ensemble.leader(LEADER_MAX) : -1;
        return leader >= 0 ? leader : random.nextInt(ensemble.size());
    }
}
