package org.lockstep.log;

/**
 * Sizes of the environments.
 *
 * @param logMapBytes address space for the log at first, doubled when it is outgrown; costs no memory
 * @param tailFileBytes when one of the tail's two files has so many bytes, slots go to the other as soon as it is free
 * @param stateMapBytes likewise for the state
 * @param logStepBytes how far the log's file is written with zeros ahead of use, eight times that at first; 0 turns that off
 */
public record StorageOptions(long logMapBytes, int tailFileBytes, long stateMapBytes, int logStepBytes) {
    private static final long GIB = 1L << 30;

    public static final StorageOptions DEFAULT = new StorageOptions(16 * GIB, 4 << 20, 64 * GIB, 2 << 20);
}
