package org.lockstep.compat.bench;

/** A command line that makes no sense; its message is one line that names the argument. The process exits with code 2. */
public final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    public UsageException(String message) {
        super(message);
    }
}
