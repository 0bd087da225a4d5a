package org.lockstep.ensemble.core;

/** What the log holds fails its checks: starting again will not help, unlike after a failed write. */
public final class LogDamagedException extends LogFailedException {
    public LogDamagedException(String message) {
        super(message);
    }
}
