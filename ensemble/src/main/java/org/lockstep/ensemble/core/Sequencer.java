package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The data slots of a view that have come and are not delivered yet, and the rule that delivers them:
 *
 * <pre>
 * at the cursor (i, k):  claim of k &lt; i       -&gt; stop: not yet known what the slot holds
 *                        data at (i, k) is here -&gt; stop until every member has secured it; deliver
 *                        else                   -&gt; empty: skip
 * </pre>
 *
 * <p>Why a delivered sequence is safe: data delivered at (i, k) was secured by every member, and securing is frozen before it
 * is reported, so every possible trim covers it; a skipped slot was claimed empty and can never hold data; and no member
 * skips a slot whose data it has. So what anyone delivered is a prefix of the view's final sequence.
 */
final class Sequencer {
    private final List<ArrayDeque<Slot>> pending = new ArrayList<>();
    private final long[] received;
    private final long[] claims;
    private long delivered = Order.NONE;

    Sequencer(int ranks) {
        for (int k = 0; k < ranks; k++) {
            pending.add(new ArrayDeque<>());
        }
        received = new long[ranks];
        claims = new long[ranks];
        Arrays.fill(received, -1);
        Arrays.fill(claims, -1);
    }

    /** The last data index of {@code rank} that has come, without a gap before it. */
    long received(int rank) {
        return received[rank];
    }

    /** The claim of {@code rank} that counts here. */
    long claim(int rank) {
        return claims[rank];
    }

    /** The place of the last slot delivered. */
    long delivered() {
        return delivered;
    }

    /** Takes a slot that continues its sender's chain. */
    void add(Slot slot) {
        int rank = slot.position().rank();
        pending.get(rank).add(slot);
        received[rank] = slot.position().index();
        claims[rank] = Math.max(claims[rank], slot.position().index());
    }

    /** A claim of {@code rank} counts from now on. */
    void raiseClaim(int rank, long claim) {
        claims[rank] = Math.max(claims[rank], claim);
    }

    /** Delivers what is stable and next. */
    void deliverStable(SharedTable table, Consumer<Slot> deliver) {
        while (true) {
            long frontier = frontier();
            int next = firstPending();
            if (next < 0) {
                return;
            }
            Slot slot = pending.get(next).peek();
            long order = Order.of(slot.position());
            if (order >= frontier || table.securedByAll(next) < slot.position().index()) {
                return;
            }
            pending.get(next).poll();
            delivered = order;
            deliver.accept(slot);
        }
    }

    /** The view has ended by {@code trim}: delivers the rest of its final sequence, stable or not. */
    void deliverRest(Trim trim, Consumer<Slot> deliver) {
        for (int next = firstPending(trim); next >= 0; next = firstPending(trim)) {
            Slot slot = pending.get(next).poll();
            delivered = Order.of(slot.position());
            deliver.accept(slot);
        }
    }

    /** Whether a slot of {@code rank} is here and not delivered. */
    boolean hasPending(int rank) {
        return !pending.get(rank).isEmpty();
    }

    /** Slots of {@code rank} that are not delivered. */
    List<Slot> pending(int rank) {
        return List.copyOf(pending.get(rank));
    }

    /** The place of the next slot to be delivered; {@link Order#NONE} when none is here. */
    long firstPendingOrder() {
        int first = firstPending();
        return first < 0 ? Order.NONE : Order.of(pending.get(first).peek().position());
    }

    /** The sender of the next slot to be delivered; -1 when none is here. */
    int firstPending() {
        return firstPending(null);
    }

    private int firstPending(Trim trim) {
        int first = -1;
        long least = Long.MAX_VALUE;
        for (int k = 0; k < received.length; k++) {
            Slot head = pending.get(k).peek();
            if (head != null && Order.of(head.position()) < least
                    && (trim == null || trim.covers(head.position().index(), k))) {
                least = Order.of(head.position());
                first = k;
            }
        }
        return first;
    }

    /** The first place of which it is not known what it holds. */
    private long frontier() {
        long least = Long.MAX_VALUE;
        for (int k = 0; k < claims.length; k++) {
            least = Math.min(least, Order.of(claims[k] + 1, k));
        }
        return least;
    }
}
