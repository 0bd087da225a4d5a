package org.lockstep.ensemble.core;

/** The log's medium failed, or what it holds is damaged ({@link LogDamagedException}). The message names the file and what to do; the process must stop. */
public class LogFailedException extends RuntimeException {
    public LogFailedException(String message, Throwable cause) {
        super(message, cause);
    }

    public LogFailedException(String message) {
        super(message);
    }
}
