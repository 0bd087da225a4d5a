package org.lockstep.state;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.BiConsumer;

/** The watches of one table on one path: watchers, each with a set of modes. Small sets are arrays, large ones a map. */
final class PathWatches {
    static final int STANDARD = 1;
    static final int PERSISTENT = 2;
    static final int RECURSIVE = 4;
    private static final int ARRAY_MAX = 16;

    private WatcherState[] watchers = new WatcherState[1];
    private byte[] modes = new byte[1];
    private int size;
    private Map<WatcherState, Byte> many;

    /** Adds {@code mode}; false when it was there already. */
    boolean add(WatcherState watcher, int mode) {
        int before = modesOf(watcher);
        if ((before & mode) != 0) {
            return false;
        }
        put(watcher, before | mode);
        return true;
    }

    int modesOf(WatcherState watcher) {
        if (many != null) {
            Byte found = many.get(watcher);
            return found == null ? 0 : found;
        }
        int i = indexOf(watcher);
        return i < 0 ? 0 : modes[i];
    }

    /** Sets the modes; 0 removes the watcher. */
    void put(WatcherState watcher, int newModes) {
        if (many != null) {
            if (newModes == 0) {
                many.remove(watcher);
            } else {
                many.put(watcher, (byte) newModes);
            }
            return;
        }
        int i = indexOf(watcher);
        if (newModes == 0) {
            removeAt(i);
        } else if (i >= 0) {
            modes[i] = (byte) newModes;
        } else {
            append(watcher, newModes);
        }
    }

    private void append(WatcherState watcher, int newModes) {
        if (size == ARRAY_MAX) {
            many = new HashMap<>();
            for (int i = 0; i < size; i++) {
                many.put(watchers[i], modes[i]);
            }
            watchers = null;
            modes = null;
            many.put(watcher, (byte) newModes);
            return;
        }
        if (size == watchers.length) {
            watchers = Arrays.copyOf(watchers, size * 2);
            modes = Arrays.copyOf(modes, size * 2);
        }
        watchers[size] = watcher;
        modes[size++] = (byte) newModes;
    }

    private void removeAt(int i) {
        if (i >= 0) {
            size--;
            watchers[i] = watchers[size];
            modes[i] = modes[size];
            watchers[size] = null;
        }
    }

    private int indexOf(WatcherState watcher) {
        for (int i = 0; i < size; i++) {
            if (watchers[i] == watcher) {
                return i;
            }
        }
        return -1;
    }

    /** Decides, for each watcher, with which modes it goes on. */
    @FunctionalInterface
    interface Firing {
        /** Called once per watcher; returns the modes that stay. */
        int fire(WatcherState watcher, int modes);
    }

    /** Visits every watcher. Nothing else may change this object meanwhile. */
    void forEach(Firing firing) {
        if (many != null) {
            for (Iterator<Map.Entry<WatcherState, Byte>> it = many.entrySet().iterator(); it.hasNext();) {
                Map.Entry<WatcherState, Byte> entry = it.next();
                int stay = firing.fire(entry.getKey(), entry.getValue());
                if (stay == 0) {
                    it.remove();
                } else {
                    entry.setValue((byte) stay);
                }
            }
            return;
        }
        for (int i = size - 1; i >= 0; i--) {
            int stay = firing.fire(watchers[i], modes[i]);
            if (stay == 0) {
                removeAt(i);
            } else {
                modes[i] = (byte) stay;
            }
        }
    }

    void visit(BiConsumer<WatcherState, Integer> visitor) {
        forEach((watcher, have) -> {
            visitor.accept(watcher, have);
            return have;
        });
    }

    int size() {
        return many != null ? many.size() : size;
    }
}
