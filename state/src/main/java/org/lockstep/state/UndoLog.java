package org.lockstep.state;

import java.util.ArrayList;

/** The nodes that were replaced since a multi began, oldest first. */
final class UndoLog {
    private final ArrayList<Entry> entries = new ArrayList<>();
    private final ArrayList<Node> before = new ArrayList<>();
    private final ArrayList<Entry> parents = new ArrayList<>();

    /** Puts one node back. */
    @FunctionalInterface
    interface Restorer {
        void restore(Entry entry, Node before, Entry parent);
    }

    void add(Entry entry, Node node, Entry parent) {
        entries.add(entry);
        before.add(node);
        parents.add(parent);
    }

    /** Hands out what was added, newest first, and forgets it. */
    void unwind(Restorer restorer) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            restorer.restore(entries.get(i), before.get(i), parents.get(i));
        }
        clear();
    }

    void clear() {
        entries.clear();
        before.clear();
        parents.clear();
    }
}
