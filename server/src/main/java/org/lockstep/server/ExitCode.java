package org.lockstep.server;

/** What the process's exit code means. 0 to 3 and 14 are ZooKeeper's; docs/operations.md lists them for operators. */
public enum ExitCode {
    /** Ended on request. */
    OK(0),
    /** Something nobody expected; the log has a stack trace. */
    UNEXPECTED_ERROR(1),
    /** The command line or the configuration is wrong. */
    INVALID_INVOCATION(2),
    /** The data directory cannot be used: not writable, held by another server, or not Lockstep's. */
    UNABLE_TO_ACCESS_DATADIR(3),
    /** The port for the other servers of the ensemble cannot be bound. */
    UNABLE_TO_BIND_QUORUM_PORT(14),
    /** The client port cannot be bound. */
    UNABLE_TO_BIND_PORT(15),
    /** Writing or flushing failed while serving, or the disk is full. Nothing acknowledged is lost by stopping. */
    STORAGE_FAILED(16),
    /** What is on the disk fails its checks. Nothing was changed. */
    DATA_DAMAGED(17);

    private final int value;

    ExitCode(int value) {
        this.value = value;
    }

    public int value() {
        return value;
    }
}
