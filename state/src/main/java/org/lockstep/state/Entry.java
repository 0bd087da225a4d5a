package org.lockstep.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What the heap knows of one path: its current node (null: there is none) and, while a checkpoint is being written, the node it
 * had when that checkpoint was taken.
 *
 * <p>Everything belongs to the state machine's thread but {@link #valueAt}, which the checkpoint's thread calls. It works
 * because a superseding write stores the frozen value before the new node, and the reader looks in the opposite order.
 */
final class Entry {
    private static final VarHandle NODE;
    private static final VarHandle FROZEN;
    private static final VarHandle FROZEN_GENERATION;
    /** Stands for "no node" in {@link #frozen}, where null means that nothing was saved. */
    private static final Node ABSENT = new Node(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null, null);

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            NODE = lookup.findVarHandle(Entry.class, "node", Node.class);
            FROZEN = lookup.findVarHandle(Entry.class, "frozen", Node.class);
            FROZEN_GENERATION = lookup.findVarHandle(Entry.class, "frozenGeneration", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final String path;
    private Node node;
    private Node frozen;
    private int frozenGeneration;

    /** The last generation in which this entry changed; 0 for one that was only read. */
    int dirtyGeneration;
    /** True while the entry stands in the queue of clean entries. */
    boolean queued;
    /** Looked at since the eviction hand passed. */
    boolean referenced;
    /** What this entry counts for in the cache's budget; 0 while it counts for nothing. */
    int chargedBytes;
    /** Names of all children, when they are worth keeping; else null. */
    ChildNames names;

    private int linkedGeneration;
    private int evenGeneration;
    private int oddGeneration;
    private Entry evenHead;
    private Entry oddHead;
    private Entry evenNext;
    private Entry oddNext;

    Entry(String path, Node node) {
        this.path = path;
        this.node = node;
    }

    Node node() {
        return node;
    }

    /** Sets the node of a fresh generation; what generation {@code frozenNow} saw is kept for the checkpoint's thread. */
    void supersede(Node next, int frozenNow) {
        Node saved = node == null ? ABSENT : node;
        FROZEN.setRelease(this, saved);
        FROZEN_GENERATION.setRelease(this, frozenNow);
        NODE.setRelease(this, next);
    }

    void set(Node next) {
        NODE.setRelease(this, next);
    }

    /** The node as of the end of {@code generation}, which must be the one that is being checkpointed. Any thread. */
    Node valueAt(int generation) {
        Node current = (Node) NODE.getAcquire(this);
        if ((int) FROZEN_GENERATION.getAcquire(this) != generation) {
            return current;
        }
        Node saved = (Node) FROZEN.getAcquire(this);
        return saved == ABSENT ? null : saved;
    }

    /** Lets go of what was kept for {@code generation}, whose checkpoint is done. */
    void forget(int generation) {
        if (frozenGeneration == generation) {
            frozenGeneration = 0;
            frozen = null;
        }
        if ((generation & 1) == 0) {
            if (evenGeneration == generation) {
                evenHead = null;
            }
            if (linkedGeneration <= generation + 1) {
                evenNext = null;
            }
        } else {
            if (oddGeneration == generation) {
                oddHead = null;
            }
            if (linkedGeneration <= generation + 1) {
                oddNext = null;
            }
        }
    }

    /** Remembers that {@code child} was created or deleted in {@code generation}, the current one. */
    void link(Entry child, int generation) {
        if (child.linkedGeneration == generation) {
            return;
        }
        child.linkedGeneration = generation;
        if ((generation & 1) == 0) {
            child.evenNext = firstTouched(generation);
            evenGeneration = generation;
            evenHead = child;
        } else {
            child.oddNext = firstTouched(generation);
            oddGeneration = generation;
            oddHead = child;
        }
    }

    /** The first of the children created or deleted in {@code generation}; follow with {@link #nextTouched}. */
    Entry firstTouched(int generation) {
        if ((generation & 1) == 0) {
            return evenGeneration == generation ? evenHead : null;
        }
        return oddGeneration == generation ? oddHead : null;
    }

    Entry nextTouched(int generation) {
        return (generation & 1) == 0 ? evenNext : oddNext;
    }
}
