package org.lockstep.state;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.lockstep.wire.Paths;

/**
 * The nodes in the heap: all that changed since the last completed checkpoint, and a bounded cache of what was read from the
 * base.
 *
 * <p>Changes belong to a generation. {@link #freeze} ends the current one; its entries stay in the heap until {@link #done}
 * says that the base holds them. Those that somebody has looked at then become ordinary cache entries and the others go, a few
 * with each later call, so that neither end of a checkpoint stops the state machine.
 */
final class Overlay {
    private static final int NODE_COST_BYTES = 320;
    private static final int STEPS_PER_ENTRY = 3;
    private static final int STEPS_PER_COMMAND = 512;

    private final HashMap<String, Entry> entries = new HashMap<>(1 << 16);
    private final StateBase base;
    private final long cacheBytesMax;
    private final long keptNamesMax;

    private int generation = 1;
    private int doneGeneration;
    private ArrayList<Entry> dirty = new ArrayList<>();
    private ArrayList<Entry> frozenDirty;

    /** Entries of finished generations that have yet to join {@link #clean}. */
    private final ArrayDeque<Written> written = new ArrayDeque<>();
    private final ArrayDeque<Entry> clean = new ArrayDeque<>();
    private long cleanBytes;
    private long keptNames;
    private int debt;

    private record Written(int generation, ArrayList<Entry> entries) {}

    Overlay(StateBase base, long cacheBytesMax) {
        this.base = base;
        this.cacheBytesMax = cacheBytesMax;
        // Names of children also hang on changed nodes, which the budget for clean ones does not cover.
        this.keptNamesMax = cacheBytesMax / (2 * ChildNames.BYTES_PER_NAME);
    }

    /** The entry of an existing node, or null. */
    Entry find(String path) {
        Entry entry = entries.get(path);
        if (entry != null) {
            entry.referenced = true;
            return entry.node() == null ? null : entry;
        }
        // The base keys a node by its parent and its name, and may take a path such as "//a" for another one.
        return Paths.isValid(path) ? load(path) : null;
    }

    private Entry load(String path) {
        Node node = base.find(path);
        if (node == null) {
            return null;
        }
        Entry entry = new Entry(path, node);
        entries.put(path, entry);
        enqueue(entry);
        debt += STEPS_PER_ENTRY;
        return entry;
    }

    /** The node at {@code path} or null, without keeping it in the heap: for walks over many nodes. */
    Node peek(String path) {
        Entry entry = entries.get(path);
        if (entry != null) {
            return entry.node();
        }
        return Paths.isValid(path) ? base.find(path) : null;
    }

    /** The entry to create a node in; the caller has found that there is none at {@code path}. */
    Entry vacant(String path) {
        Entry entry = entries.get(path);
        if (entry == null) {
            entry = new Entry(path, null);
            entries.put(path, entry);
        }
        return entry;
    }

    /** Changes a node in the current generation. */
    void set(Entry entry, Node node) {
        if (node == null) {
            dropNames(entry);
        }
        if (entry.dirtyGeneration == generation) {
            entry.set(node);
            return;
        }
        uncharge(entry);
        if (entry.dirtyGeneration > doneGeneration) {
            entry.supersede(node, entry.dirtyGeneration);
        } else {
            entry.set(node);
        }
        entry.dirtyGeneration = generation;
        dirty.add(entry);
        debt += STEPS_PER_ENTRY;
    }

    /** Notes that {@code child} came into being or vanished, for listings of {@code parent}, which changed with it. */
    void touch(Entry parent, Entry child) {
        parent.link(child, generation);
        ChildNames names = parent.names;
        if (names != null) {
            String name = Paths.nameOf(child.path);
            if (child.node() == null) {
                keptNames -= names.remove(name) ? 1 : 0;
            } else if (names.size() < ChildNames.CHILDREN_MAX && keptNames < keptNamesMax) {
                keptNames += names.add(name) ? 1 : 0;
            } else {
                dropNames(parent);
            }
        }
    }

    /** Whether the child {@code path} exists: true or false when the heap alone knows, null when it does not. */
    Boolean knowsChild(Entry parent, String path) {
        if (parent.node().childCount == 0) {
            return Boolean.FALSE;
        }
        return parent.names == null ? null : (Boolean) parent.names.contains(Paths.nameOf(path));
    }

    /** The names of all children, from the heap; null when there are too many, here or in all, to keep. */
    ChildNames names(Entry parent) {
        int count = parent.node().childCount;
        if (parent.names == null && count <= ChildNames.CHILDREN_MAX && keptNames + count <= keptNamesMax) {
            ChildNames names = new ChildNames();
            scan(parent, names::add);
            parent.names = names;
            keptNames += names.size();
            if (parent.chargedBytes > 0) {
                recharge(parent);
            }
        }
        return parent.names;
    }

    private void dropNames(Entry parent) {
        if (parent.names != null) {
            keptNames -= parent.names.size();
            parent.names = null;
        }
    }

    /** Hands every child's name to {@code visitor}, in no particular order. */
    void forEachChild(Entry parent, Consumer<String> visitor) {
        if (parent.names != null) {
            parent.names.names().forEach(visitor);
        } else if (parent.node().childCount > 0) {
            scan(parent, visitor);
        }
    }

    /** As {@link #forEachChild(Entry, Consumer)} for a node got by {@link #peek}. */
    void forEachChild(String path, Node node, Consumer<String> visitor) {
        Entry entry = entries.get(path);
        if (entry != null) {
            forEachChild(entry, visitor);
        } else if (node.childCount > 0) {
            base.forEachChild(path, visitor);
        }
    }

    private void scan(Entry parent, Consumer<String> visitor) {
        Set<String> touched = new HashSet<>();
        collect(parent, generation, touched, visitor);
        collect(parent, generation - 1, touched, visitor);
        // The base may or may not hold the generation that is being written: the heap has the last word on what changed.
        base.forEachChild(parent.path, name -> {
            if (!touched.contains(name)) {
                visitor.accept(name);
            }
        });
    }

    private void collect(Entry parent, int of, Set<String> touched, Consumer<String> visitor) {
        if (of <= doneGeneration) {
            return;
        }
        for (Entry child = parent.firstTouched(of); child != null; child = child.nextTouched(of)) {
            String name = Paths.nameOf(child.path);
            if (touched.add(name) && child.node() != null) {
                visitor.accept(name);
            }
        }
    }

    boolean isDirty() {
        return !dirty.isEmpty();
    }

    /** Ends the current generation and returns its number; {@link #frozen} are its entries. */
    int freeze() {
        if (frozenDirty != null) {
            throw new IllegalStateException("a checkpoint is already under way");
        }
        frozenDirty = dirty;
        dirty = new ArrayList<>();
        return generation++;
    }

    ArrayList<Entry> frozen() {
        return frozenDirty;
    }

    /** The base holds the frozen generation. */
    void done() {
        doneGeneration = generation - 1;
        written.add(new Written(doneGeneration, frozenDirty));
        frozenDirty = null;
    }

    /**
     * Pays for the entries that earlier commands brought in. Only between commands: what a command has found must stay in the
     * map until it has changed it.
     */
    void settleDebt() {
        if (debt > 0) {
            int steps = Math.min(debt, STEPS_PER_COMMAND);
            debt = trim(steps) ? debt - steps : 0;
        }
    }

    /** Does up to {@code steps} units of tidying, between commands; true when more is to be done. */
    boolean trim(int steps) {
        for (int i = 0; i < steps; i++) {
            boolean settled = settleOne();
            if (cleanBytes > cacheBytesMax) {
                evictOne();
            } else if (!settled) {
                return false;
            }
        }
        return true;
    }

    private boolean settleOne() {
        Written oldest = written.peek();
        if (oldest == null) {
            return false;
        }
        ArrayList<Entry> list = oldest.entries();
        if (list.isEmpty()) {
            written.remove();
            return true;
        }
        Entry entry = list.remove(list.size() - 1);
        entry.forget(oldest.generation());
        if (entry.dirtyGeneration <= doneGeneration) {
            if (entry.node() == null || isUnseen(entry)) {
                entries.remove(entry.path, entry);
            } else {
                enqueue(entry);
            }
        }
        return true;
    }

    /** Created and not looked at since: in a flood of such nodes, keeping them would only make work for the garbage collector. */
    private static boolean isUnseen(Entry entry) {
        return !entry.referenced && !entry.queued && entry.names == null;
    }

    private void evictOne() {
        Entry entry = clean.poll();
        if (entry == null) {
            return;
        }
        if (entry.dirtyGeneration > doneGeneration) {
            entry.queued = false;
        } else if (entry.node() == null) {
            // Deleted, written and settled: settling removed it from the map.
            entry.queued = false;
            uncharge(entry);
        } else if (entry.referenced) {
            entry.referenced = false;
            clean.add(entry);
        } else {
            entry.queued = false;
            uncharge(entry);
            dropNames(entry);
            entries.remove(entry.path, entry);
        }
    }

    private void enqueue(Entry entry) {
        recharge(entry);
        if (!entry.queued) {
            entry.queued = true;
            clean.add(entry);
        }
    }

    private void recharge(Entry entry) {
        uncharge(entry);
        Node node = entry.node();
        int bytes = NODE_COST_BYTES + entry.path.length() + (node.data == null ? 0 : node.data.length);
        entry.chargedBytes = bytes + (entry.names == null ? 0 : entry.names.costBytes());
        cleanBytes += entry.chargedBytes;
    }

    private void uncharge(Entry entry) {
        cleanBytes -= entry.chargedBytes;
        entry.chargedBytes = 0;
    }

    /** Entries in the heap, for tests and metrics. */
    int entryCount() {
        return entries.size();
    }

    /** Names of children in the heap, of all nodes. */
    long keptNames() {
        return keptNames;
    }
}
