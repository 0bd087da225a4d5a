package org.lockstep.log;

import java.nio.file.Path;
import org.lockstep.ensemble.core.LogDamagedException;

/** What operators are told of a file that fails its checks. */
final class Damage {
    private Damage() {}

    static String text(Path file, String what) {
        return file + " is damaged: " + what + "; nothing was changed: restore the data directory from a backup, or move it away"
                + " to let this server rejoin its ensemble with a blank one";
    }

    /** For what other servers of an ensemble can make good: the order of slots. */
    static LogDamagedException ofLog(Path file, String what) {
        return new LogDamagedException(text(file, what));
    }
}
