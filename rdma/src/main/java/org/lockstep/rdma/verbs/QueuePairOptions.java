package org.lockstep.rdma.verbs;

/**
 * How a queue pair is made.
 *
 * @param sendsMax writes under way, 2 to 32 768
 * @param receivesMax writes with notice that may come before {@link QueuePair#takeNotices} is called, 1 to 32 768
 * @param inlineBytesMax what is at most so long is handed to the device in the request itself; fewer, down to 0, when the device
 *     cannot do so much
 * @param retries how often the device repeats a packet that is not acknowledged, 0 to 7
 */
public record QueuePairOptions(int sendsMax, int receivesMax, int inlineBytesMax, int retries) {
    private static final int QUEUE_MAX = 32_768;
    private static final int RETRIES_MAX = 7;

    /** The defaults. */
    public static final QueuePairOptions DEFAULT = new QueuePairOptions(256, 256, 256, RETRIES_MAX);

    public QueuePairOptions {
        if (sendsMax < 2 || sendsMax > QUEUE_MAX || receivesMax < 1 || receivesMax > QUEUE_MAX || inlineBytesMax < 0
                || retries < 0 || retries > RETRIES_MAX) {
            throw new IllegalArgumentException("a queue pair cannot be made so: " + sendsMax + " sends, " + receivesMax
                    + " receives, " + inlineBytesMax + " bytes inline, " + retries + " retries");
        }
    }
}
