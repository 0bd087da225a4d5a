package org.lockstep.server.config;

/**
 * A configuration that a server must not start with. The message is one line for the operator: where, which key, which value,
 * what to do. The process that gets it prints that line and exits with {@link #EXIT_CODE}.
 */
public final class ConfigException extends Exception {
    /** ZooKeeper's exit code for an invalid invocation or configuration. */
    public static final int EXIT_CODE = 2;

    private static final long serialVersionUID = 1L;

    /** Line breaks in {@code message} become spaces: values come from files and must not break the one line. */
    public ConfigException(String message) {
        super(oneLine(message));
    }

    public ConfigException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    private static String oneLine(String message) {
        return message.replaceAll("\\s*[\\r\\n]+\\s*", " ");
    }
}
