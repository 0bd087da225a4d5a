package org.lockstep.state;

import java.util.HashSet;
import java.util.Set;

/** One connection in the watch tables; kept until the connection closes, also while it watches nothing. */
final class WatcherState {
    final Watcher watcher;
    final Set<String> dataPaths = new HashSet<>();
    final Set<String> childPaths = new HashSet<>();
    /** The last firing that reached this watcher, so that it gets one event however many of its watches match. */
    long lastFiring;

    WatcherState(Watcher watcher) {
        this.watcher = watcher;
    }
}
