package org.lockstep.compat.consistency;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lockstep.compat.consistency.KeyOperation.State;
import org.lockstep.compat.consistency.Operation.Status;

/**
 * Searches for an order of the operations on one node that explains all replies and keeps to real time: an operation that had
 * ended before another began comes first. The search of Wing and Gong, with Lowe's memory of what was tried: the set of
 * operations already ordered together with the state they lead to. Versions and unique values leave little to try.
 */
final class KeySearch {
    /** More states than this on one node: undecided, which is reported as a violation, never passed over. */
    private static final int STATES_MAX = 3_000_000;
    private static final int FIRST_SHARE = 10;

    private final List<KeyOperation> bounded = new ArrayList<>();
    private final List<KeyOperation> unbounded = new ArrayList<>();
    private final Entry head = new Entry(null, -1, false);
    private final BitSet boundedDone = new BitSet();
    private final BitSet unboundedDone = new BitSet();
    private final Set<Tried> tried = new HashSet<>();
    private final Deque<Choice> choices = new ArrayDeque<>();
    private final Pass first;
    private final int statesMax;
    private State state;
    private int requiredLeft;
    private int longest = -1;
    private KeyOperation culprit;

    /** An operation's beginning or its end, in the order of time. */
    private static final class Entry {
        final KeyOperation operation;
        final int index;
        final boolean begins;
        Entry end;
        Entry next;
        Entry previous;

        Entry(KeyOperation operation, int index, boolean begins) {
            this.operation = operation;
            this.index = index;
            this.begins = begins;
        }

        void unlink() {
            previous.next = next;
            if (next != null) {
                next.previous = previous;
            }
        }

        void relink() {
            previous.next = this;
            if (next != null) {
                next.previous = this;
            }
        }
    }

    /** Which operations are ordered: all bounded ones before {@code base}, of the others {@code window}, and of the unbounded. */
    private record Tried(int base, BitSet window, BitSet unbounded, State state) {}

    private record Choice(Entry entry, State before, Pass pass) {}

    /**
     * What is tried at one place: everything as it came; or first what was answered, as what was not fits nearly everywhere, then
     * what lets something fit that was, then anything that was not.
     */
    private enum Pass { INDISTINCT, ANSWERED, HELPFUL, ANY }

    private KeySearch(List<KeyOperation> operations, Pass first, int statesMax) {
        this.first = first;
        this.statesMax = statesMax;
        for (KeyOperation operation : operations) {
            (operation.returnedNanos() == Operation.NEVER ? unbounded : bounded).add(operation);
        }
        bounded.sort(Comparator.comparingLong(KeyOperation::invokedNanos));
        List<Entry> entries = new ArrayList<>();
        addEntries(bounded, true, entries);
        addEntries(unbounded, false, entries);
        // At the same instant a beginning comes before an end: then the two overlap, which allows more.
        entries.sort(Comparator.comparingLong(KeySearch::time).thenComparing(entry -> !entry.begins));
        Entry last = head;
        for (Entry entry : entries) {
            last.next = entry;
            entry.previous = last;
            last = entry;
        }
        requiredLeft = (int) operations.stream().filter(KeyOperation::required).count();
    }

    private static void addEntries(List<KeyOperation> operations, boolean haveEnds, List<Entry> entries) {
        for (int i = 0; i < operations.size(); i++) {
            Entry begin = new Entry(operations.get(i), i, true);
            entries.add(begin);
            if (haveEnds) {
                begin.end = new Entry(operations.get(i), i, false);
                entries.add(begin.end);
            }
        }
    }

    private static long time(Entry entry) {
        return entry.begins ? entry.operation.invokedNanos() : entry.operation.returnedNanos();
    }

    /** Null when there is an order that explains {@code operations}; else what stands in the way. */
    static String violation(List<KeyOperation> operations) {
        // What leads one way of searching astray is no hurdle for the other.
        KeySearch search = new KeySearch(operations, Pass.INDISTINCT, STATES_MAX / FIRST_SHARE);
        String found = search.search();
        if (search.isUndecided()) {
            search = new KeySearch(operations, Pass.ANSWERED, STATES_MAX);
            found = search.search();
        }
        return search.isUndecided() ? new KeySearch(operations, Pass.INDISTINCT, STATES_MAX).search() : found;
    }

    private boolean isUndecided() {
        return tried.size() > statesMax;
    }

    private String search() {
        Entry entry = head.next;
        Pass pass = first;
        while (requiredLeft > 0) {
            if (entry != null && entry.begins) {
                if (isOf(pass, entry) && entry.operation.fits(state) && order(entry, pass)) {
                    entry = head.next;
                    pass = first;
                } else {
                    entry = entry.next;
                }
            } else if (pass == Pass.ANSWERED || pass == Pass.HELPFUL) {
                note(entry);
                entry = head.next;
                pass = pass == Pass.ANSWERED ? Pass.HELPFUL : Pass.ANY;
            } else if (note(entry) && choices.isEmpty()) {
                return "no order explains it; the longest one found stops at " + culprit;
            } else {
                Choice back = takeBack();
                entry = back.entry.next;
                pass = back.pass;
            }
            if (isUndecided()) {
                return "undecided after " + statesMax + " states; the longest order found stops at " + culprit;
            }
        }
        return null;
    }

    private boolean isOf(Pass pass, Entry entry) {
        boolean answered = entry.operation.status() != Status.UNKNOWN;
        return switch (pass) {
            case ANSWERED -> answered;
            case HELPFUL -> !answered && entry.operation.fits(state) && helps(entry);
            case ANY -> !answered;
            case INDISTINCT -> true;
        };
    }

    /** Whether an answered operation fits when {@code entry} comes before it. */
    private boolean helps(Entry entry) {
        State after = entry.operation.after(state);
        for (Entry next = head.next; next != null && next.begins; next = next.next) {
            if (next.operation.status() != Status.UNKNOWN && next.operation.fits(after)) {
                return true;
            }
        }
        return false;
    }

    private boolean note(Entry blocked) {
        if (choices.size() > longest) {
            longest = choices.size();
            culprit = blocked == null ? null : blocked.operation;
        }
        return true;
    }

    /** Puts an operation next in the order, unless that was tried before. */
    private boolean order(Entry entry, Pass pass) {
        State after = entry.operation.after(state);
        BitSet done = entry.end == null ? unboundedDone : boundedDone;
        done.set(entry.index);
        int base = boundedDone.nextClearBit(0);
        if (!tried.add(new Tried(base, boundedDone.get(base, Math.max(base, boundedDone.length())),
                (BitSet) unboundedDone.clone(), after))) {
            done.clear(entry.index);
            return false;
        }
        choices.push(new Choice(entry, state, pass));
        entry.unlink();
        if (entry.end != null) {
            entry.end.unlink();
        }
        requiredLeft -= entry.operation.required() ? 1 : 0;
        state = after;
        return true;
    }

    private Choice takeBack() {
        Choice choice = choices.pop();
        Entry entry = choice.entry;
        if (entry.end != null) {
            entry.end.relink();
        }
        entry.relink();
        (entry.end == null ? unboundedDone : boundedDone).clear(entry.index);
        requiredLeft += entry.operation.required() ? 1 : 0;
        state = choice.before;
        return choice;
    }
}
