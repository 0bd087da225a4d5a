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
 * @param unequalDisks each disk is slower by a random factor up to this
 * @param requestGapNanos a client's mean time between requests
 */
record SimConfig(long seed, int members, FsyncPolicy policy, PlantedBug bug, Set<Fault> faults, boolean overtakes,
        long faultGapNanos, int crashPerEffect, long requestGapNanos, int clientsPerServer, int pipeline, long delayNanos,
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
                random.nextBoolean() ? 0 : 10 + random.nextInt(100), (10 + random.nextLong(random.nextInt(3) == 0 ? 50 : 400)) * MILLI, 1 + random.nextInt(2),
                1 + random.nextInt(8), (50 + random.nextLong(random.nextBoolean() ? 500 : 5000)) * 1000,
                (100 + random.nextLong(random.nextBoolean() ? 500 : 10_000)) * 1000, 1 + random.nextInt(8),
                (random.nextInt(3) == 0 ? 10 + random.nextLong(100) : 200) * MILLI,
                random.nextInt(3) == 0 ? 100 : random.nextInt(2) * 10, endNanos * 2 / 3, endNanos);
    }

    SimConfig with(FsyncPolicy otherPolicy, int otherMembers) {
        return new SimConfig(seed, otherMembers, otherPolicy, bug, faults, overtakes, faultGapNanos, crashPerEffect,
                requestGapNanos, clientsPerServer, pipeline, delayNanos, flushNanos, window, patienceNanos, unequalDisks, faultsUntilNanos, endNanos);
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
