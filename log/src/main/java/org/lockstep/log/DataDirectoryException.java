package org.lockstep.log;

/** The data directory cannot be used. The message is one line that names the thing and says what to do. */
public final class DataDirectoryException extends RuntimeException {
    /** Why, for the exit code. */
    public enum Kind {
        /** It cannot be created, read or written. */
        UNUSABLE,
        /** Another server holds it. */
        IN_USE,
        /** It holds something that this version did not write. */
        FOREIGN_FORMAT,
        /** A file is missing, cut short, or fails its checks. */
        DAMAGED,
        /** The file system has no space left. */
        DISK_FULL
    }

    private final Kind kind;

    public DataDirectoryException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public DataDirectoryException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
