package org.lockstep.server.replica;

import org.lockstep.fsync.FsyncPolicy;

/**
 * How a replica trades safety, latency and background work.
 *
 * @param policy when a slot counts as secured
 * @param maxUnsyncedBytes lazy policies: the most payload bytes that stay off the medium
 * @param checkpointMillis the longest an applied change stays out of the state environment
 * @param checkpointBytes log bytes applied after which a checkpoint is made early
 * @param logKeptBytes how much of the log is kept for those who are away or slow
 * @param outstandingMax ordered requests in flight above which no more should be taken in
 * @param zxidsPerView requests ordered in one view before it gives way to the next, so that the low half of a zxid never runs over
 * @param slotBytesMax the largest payload of a slot
 * @param digestIntervalSlots after so many slots of a view the members compare their states
 * @param fsyncWarningMillis a commit of the log that takes longer is logged and counted
 */
public record ReplicaOptions(FsyncPolicy policy, long maxUnsyncedBytes, long checkpointMillis,
        long checkpointBytes, long logKeptBytes, int outstandingMax, long zxidsPerView, int slotBytesMax, int digestIntervalSlots,
        long fsyncWarningMillis) {
    /** Often enough to find a difference within a second of load, and too seldom to be felt. */
    public static final int DIGEST_INTERVAL_SLOTS = 1024;
    /** The low half of a zxid, less room for what may be in flight when it is noticed. */
    public static final long ZXIDS_PER_VIEW = 0xffff_ffffL - (1 << 20);
}
