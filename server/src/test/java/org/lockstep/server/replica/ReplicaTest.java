package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.fsync.FsyncPolicy;

/** Replicas that share one order, without clients, disks and sockets. */
class ReplicaTest {
    private final MemoryNetwork network = new MemoryNetwork();
    private final List<ReplicaRig> rigs = new ArrayList<>();

    @AfterEach
    void stop() throws InterruptedException {
        for (ReplicaRig rig : rigs) {
            rig.stop();
        }
    }

    private List<ReplicaRig> start(int count, FsyncPolicy policy, long zxidsPerView) throws InterruptedException {
        List<Integer> ids = java.util.stream.IntStream.rangeClosed(1, count).boxed().toList();
        for (int id : ids) {
            rigs.add(new ReplicaRig(id, ids, policy, network, zxidsPerView));
        }
        for (ReplicaRig rig : rigs) {
            rig.start();
        }
        for (ReplicaRig rig : rigs) {
            rig.awaitView(1, count);
            assertEquals(0, rig.openSession().orTimeout(20, TimeUnit.SECONDS).join()[1]);
        }
        return rigs;
    }

    private static void settle(List<ReplicaRig> rigs, long lastZxid) throws InterruptedException {
        for (ReplicaRig rig : rigs) {
            for (int i = 0; i < 500 && rig.lastZxid() < lastZxid; i++) {
                Thread.sleep(10);
            }
            assertEquals(List.of(), rig.failures);
            assertEquals(rigs.get(0).digest(), rig.digest());
        }
    }

    /** What each writes is answered in order, and everybody has the same in the end. */
    private static long write(List<ReplicaRig> writers, String prefix, int count) {
        List<List<CompletableFuture<long[]>>> answers = new ArrayList<>();
        for (int w = 0; w < writers.size(); w++) {
            answers.add(new ArrayList<>());
            for (int i = 0; i < count; i++) {
                answers.get(w).add(writers.get(w).create("/" + prefix + w + "-" + i));
            }
        }
        long highest = 0;
        for (List<CompletableFuture<long[]>> ofOne : answers) {
            long last = 0;
            for (CompletableFuture<long[]> each : ofOne) {
                long[] answer = each.orTimeout(20, TimeUnit.SECONDS).join();
                assertEquals(0, answer[1], "error code");
                assertTrue(answer[0] > last, "zxid 0x" + Long.toHexString(answer[0]) + " after 0x" + Long.toHexString(last));
                last = answer[0];
            }
            highest = Math.max(highest, last);
        }
        return highest;
    }

    @ParameterizedTest
    @EnumSource
    void oneServerIsAnEnsembleOfOne(FsyncPolicy policy) throws Exception {
        List<ReplicaRig> all = start(1, policy, ReplicaOptions.ZXIDS_PER_VIEW);
        settle(all, write(all, "a", 500));
        long digest = all.get(0).digest();
        all.get(0).stop();
        all.get(0).start();
        all.get(0).awaitView(2, 1);
        assertEquals(digest, all.get(0).digest());
        settle(all, write(all, "b", 10));
    }

    @ParameterizedTest
    @EnumSource
    void threeServersShareOneOrder(FsyncPolicy policy) throws Exception {
        List<ReplicaRig> all = start(3, policy, ReplicaOptions.ZXIDS_PER_VIEW);
        for (int round = 0; round < 10; round++) {
            settle(all, write(all, "round" + round + "-", 50));
        }
        for (ReplicaRig rig : all) {
            assertTrue(rig.comparedCount() > 0, "the states were never compared");
        }
    }

    /** As disks that are shared do: what waits for one must be the write, and not all that its server has to say. */
    @Test
    void aDiskThatStandsStillForLongerThanTheFailureTimeoutIsWaitedForAndCostsNobodyItsPlace() throws Exception {
        List<ReplicaRig> all = start(3, FsyncPolicy.DURABLE, ReplicaOptions.ZXIDS_PER_VIEW);
        for (ReplicaRig idle : all.subList(1, 3)) {
            idle.onLoop(() -> {
                idle.replica.setQuiet(() -> true); // no client was heard of
                return null;
            });
        }
        settle(all, write(all.subList(0, 1), "before", 1));
        long stallMillis = all.get(0).failureTimeoutMillis() * 8 / 5;
        for (ReplicaRig rig : all) {
            rig.disk.stall(stallMillis);
        }
        long beginNanos = System.nanoTime();
        settle(all, write(all.subList(0, 1), "while", 1));
        assertTrue(System.nanoTime() - beginNanos >= TimeUnit.MILLISECONDS.toNanos(stallMillis), "no disk stood still");
        for (ReplicaRig rig : all) {
            assertEquals(List.of("view 1"), rig.heard);
        }
    }

    @ParameterizedTest
    @EnumSource
    void survivorsGoOnAndLoseNothing(FsyncPolicy policy) throws Exception {
        List<ReplicaRig> all = start(3, policy, ReplicaOptions.ZXIDS_PER_VIEW);
        write(all, "a", 100);
        List<CompletableFuture<long[]>> open = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            open.add(all.get(1).create("/open-" + i));
        }
        rigs.remove(0).stop();
        long last = 0;
        for (CompletableFuture<long[]> each : open) {
            long[] answer = each.orTimeout(20, TimeUnit.SECONDS).join();
            assertEquals(0, answer[1]);
            assertTrue(answer[0] > last);
            last = answer[0];
        }
        for (ReplicaRig rig : rigs) {
            rig.awaitView(2, 2);
        }
        settle(rigs, write(rigs, "b", 100));
    }

    @ParameterizedTest
    @EnumSource
    void aViewWhoseZxidsAreUsedUpGivesWayToTheNext(FsyncPolicy policy) throws Exception {
        List<ReplicaRig> all = start(3, policy, 300);
        long last = 0;
        for (int round = 0; round < 20; round++) {
            last = write(all, "round" + round + "-", 30);
        }
        settle(all, last);
        assertTrue(all.get(0).viewId() > 2, "still in view " + all.get(0).viewId());
        assertTrue((last & 0xffff_ffffL) < 600, "the counter ran on to 0x" + Long.toHexString(last));
    }

    @ParameterizedTest
    @EnumSource
    void whoReturnsIsToldWhatItMissed(FsyncPolicy policy) throws Exception {
        List<ReplicaRig> all = start(3, policy, ReplicaOptions.ZXIDS_PER_VIEW);
        write(all, "a", 100);
        all.get(2).stop();
        write(all.subList(0, 2), "b", 100);
        all.get(2).start();
        for (ReplicaRig rig : all) {
            rig.awaitView(3, 3);
        }
        settle(all, write(all, "c", 100));
    }

    @ParameterizedTest
    @EnumSource
    void whoSleptTooLongLosesItsClientsAndComesBack(FsyncPolicy policy) throws Exception {
        List<ReplicaRig> all = start(3, policy, ReplicaOptions.ZXIDS_PER_VIEW);
        write(all, "a", 10);
        all.get(1).loop.execute(() -> {
            try {
                Thread.sleep(2500);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        CompletableFuture<long[]> late = all.get(1).create("/late");
        write(List.of(all.get(0), all.get(2)), "b", 100);
        for (ReplicaRig rig : all) {
            rig.awaitView(3, 3);
        }
        assertTrue(all.get(1).heard.contains("excluded"), all.get(1).heard.toString());
        assertTrue(!late.isDone() || late.join()[1] == 0, "an answer that nobody may give");
        settle(all, write(all, "c", 100));
    }

    @ParameterizedTest
    @EnumSource
    void allStopAndStartAgainWithEverything(FsyncPolicy policy) throws Exception {
        List<ReplicaRig> all = start(3, policy, ReplicaOptions.ZXIDS_PER_VIEW);
        settle(all, write(all, "a", 200));
        long digest = all.get(0).digest();
        for (ReplicaRig rig : all) {
            rig.stop();
        }
        for (ReplicaRig rig : all) {
            rig.start();
        }
        for (ReplicaRig rig : all) {
            rig.awaitView(2, 3);
            assertEquals(digest, rig.digest());
        }
        settle(all, write(all, "b", 50));
    }

    /** An observer may hear what it has asked for again, or not: with a copied state nobody can tell. */
    @Test
    void whatWaitsIsForgottenWhenAStateIsToBeCopied() {
        ReplicaRig alone = new ReplicaRig(1, List.of(1, 2, 3), FsyncPolicy.NO_SYNC, network, ReplicaOptions.ZXIDS_PER_VIEW);
        rigs.add(alone);
        alone.start();
        CompletableFuture<long[]> answer = alone.openSession();
        assertEquals(1, alone.onLoop(() -> alone.replica.outstandingCount()));
        alone.onLoop(() -> {
            alone.replica.perform(new Effect.FetchState(2, 1));
            return null;
        });
        assertEquals(0, alone.onLoop(() -> alone.replica.outstandingCount()));
        assertFalse(answer.isDone());
    }
}
