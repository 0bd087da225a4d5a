package org.lockstep.server.replica;

import org.lockstep.fsync.FsyncPolicy;

/**
 * How a replica trades safety, latency and background work.
 *
 * @param policy when a slot counts as secured
 * @param maxUnsyncedMillis lazy policies: the longest a secured slot stays off the medium
 * @param maxUnsyncedBytes lazy policies: the most payload bytes that stay off the medium
 * @param checkpointMillis the longest an applied change stays out of the state environment
 * @param checkpointBytes log bytes applied after which a checkpoint is made early
 * @param outstandingMax ordered requests in flight above which no more should be taken in
 * @param zxidsPerView requests ordered in one view before it gives way to the next, so that the low half of a zxid never runs over
 * @param fsyncWarningMillis a commit of the log that takes longer is logged and counted
 */
public record ReplicaOptions(FsyncPolicy policy, long maxUnsyncedMillis, long maxUnsyncedBytes, long checkpointMillis,
        long checkpointBytes, int outstandingMax, long zxidsPerView, long fsyncWarningMillis) {
    /** The low half of a zxid, less room for what may be in flight when it is noticed. */
    public static final long ZXIDS_PER_VIEW = 0xffff_ffffL - (1 << 20);
}
