package org.lockstep.ensemble.core;

import java.util.List;
import java.util.UUID;
import org.lockstep.fsync.FsyncPolicy;

/**
 * What the configuration says to the core. Times in nanoseconds.
 *
 * @param voterIds the configured voters' server ids, in ascending order
 * @param policy when a slot counts as secured
 * @param heartbeatNanos how often a member raises its heartbeat
 * @param failureTimeoutNanos without heartbeat for so long a member is suspected
 * @param slowTimeoutNanos who holds back stability for so long is voted out
 * @param restartGraceNanos when every disk may have lost its tail: how long to wait for the others of the last view
 * @param flushIntervalNanos lazy policies: how far the medium may be behind
 * @param patienceNanos how long a rival waits for a coordinator that seems to be stuck, and for each one that comes before it; more
 *     than {@link #resendNanos}, a coordinator's interval between signs of life: less is safe, but rivals then interrupt each
 *     attempt that waits for a learner, and one that can never be admitted is tried again and again
 * @param minView views have at least so many members
 * @param bootstrapExpect the first view forms when so many configured voters are present and blank; a majority at least
 * @param windowSlots own slots under way at most
 * @param windowBytes own bytes under way at most; one slot may exceed it, alone
 * @param slotBytesMax the largest payload of a slot
 * @param ensembleId the ensemble's id should this process form the first view
 * @param observerIds servers that follow for ever: they have no vote and are in no view, so they delay nothing
 */
public record EnsembleOptions(List<Integer> voterIds, FsyncPolicy policy, long heartbeatNanos, long failureTimeoutNanos,
        long slowTimeoutNanos, long restartGraceNanos, long flushIntervalNanos, long patienceNanos, int minView,
        int bootstrapExpect, int windowSlots, long windowBytes, int slotBytesMax, UUID ensembleId,
        List<Integer> observerIds) {
    private static final long MILLI = 1_000_000;

    public EnsembleOptions {
        voterIds = List.copyOf(voterIds);
        observerIds = List.copyOf(observerIds);
        if (observerIds.stream().anyMatch(voterIds::contains)) {
            throw new IllegalArgumentException("a server is a voter or an observer, not both: " + voterIds + ", " + observerIds);
        }
        int majority = voterIds.size() / 2 + 1;
        if (bootstrapExpect < majority || bootstrapExpect > voterIds.size()) {
            throw new IllegalArgumentException("bootstrap.expect must be from " + majority + " to " + voterIds.size()
                    + ", it is " + bootstrapExpect);
        }
        if (minView < 1 || minView > voterIds.size()) {
            throw new IllegalArgumentException("minView must be from 1 to " + voterIds.size() + ", it is " + minView);
        }
    }

    /** Without observers. */
    public EnsembleOptions(List<Integer> voterIds, FsyncPolicy policy, long heartbeatNanos, long failureTimeoutNanos,
            long slowTimeoutNanos, long restartGraceNanos, long flushIntervalNanos, long patienceNanos, int minView,
            int bootstrapExpect, int windowSlots, long windowBytes, int slotBytesMax, UUID ensembleId) {
        this(voterIds, policy, heartbeatNanos, failureTimeoutNanos, slowTimeoutNanos, restartGraceNanos, flushIntervalNanos,
                patienceNanos, minView, bootstrapExpect, windowSlots, windowBytes, slotBytesMax, ensembleId, List.of());
    }

    /** The same with these observers. */
    public EnsembleOptions withObservers(List<Integer> ids) {
        return new EnsembleOptions(voterIds, policy, heartbeatNanos, failureTimeoutNanos, slowTimeoutNanos, restartGraceNanos,
                flushIntervalNanos, patienceNanos, minView, bootstrapExpect, windowSlots, windowBytes, slotBytesMax, ensembleId,
                ids);
    }

    /** The defaults for these voters. */
    public static EnsembleOptions of(List<Integer> voterIds, FsyncPolicy policy, UUID ensembleId) {
        return new EnsembleOptions(voterIds, policy, 50 * MILLI, 1000 * MILLI, 5000 * MILLI, 10_000 * MILLI, 100 * MILLI,
                500 * MILLI, voterIds.size() / 2 + 1, voterIds.size(), 16, 4 << 20, 2 << 20, ensembleId);
    }

    int majority() {
        return voterIds.size() / 2 + 1;
    }

    boolean isObserver(int serverId) {
        return observerIds.contains(serverId);
    }

    /** How often an unanswered message of the view change is sent again. */
    long resendNanos() {
        return 2 * heartbeatNanos;
    }
}
