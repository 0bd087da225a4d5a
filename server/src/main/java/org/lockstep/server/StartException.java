package org.lockstep.server;

/** The server cannot start. The message is one line that names the thing and the remedy. */
public final class StartException extends Exception {
    private final ExitCode exitCode;

    public StartException(ExitCode exitCode, String message, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    public ExitCode exitCode() {
        return exitCode;
    }
}
