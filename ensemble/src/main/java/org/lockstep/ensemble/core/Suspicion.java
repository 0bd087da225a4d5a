package org.lockstep.ensemble.core;

import java.util.Arrays;

/**
 * Whom this member holds for failed, in one view. Suspicion is sticky in the view and spreads: failed is what the members
 * decide; a slow process may be voted out, learns it, and rejoins. It serves liveness only: a wrong suspicion costs a view
 * change, never data.
 */
final class Suspicion {
    private final Context context;
    private final ActiveView view;
    private final int ranks;
    private final long[] beats;
    private final long[] beatAt;
    private final long[] unheardSince;
    private final long[] lagTarget;
    private final long[] lagSince;
    private final long beganAt;
    private long headOrder = Order.NONE;
    private long headSince;
    private long startSince;
    private long gone;
    private long suspected;

    Suspicion(Context context, ActiveView view) {
        this.context = context;
        this.view = view;
        ranks = view.record().members().size();
        beats = new long[ranks];
        beatAt = filled();
        unheardSince = filled();
        lagTarget = new long[ranks];
        Arrays.fill(lagTarget, Order.NONE);
        lagSince = filled();
        beganAt = context.now;
        headSince = context.now;
        startSince = context.now;
    }

    private long[] filled() {
        long[] times = new long[ranks];
        Arrays.fill(times, context.now);
        return times;
    }

    boolean any() {
        return suspected != 0;
    }

    boolean isSuspected(int rank) {
        return (suspected >> rank & 1) != 0;
    }

    /** The process of this rank is known to be dead. */
    void gone(int rank) {
        gone |= 1L << rank;
    }

    /** This member slept for {@code gapNanos}: nobody's silence meanwhile means anything. */
    void forgive(long gapNanos) {
        for (int k = 0; k < ranks; k++) {
            beatAt[k] += gapNanos;
            unheardSince[k] += gapNanos;
            lagSince[k] += gapNanos;
        }
        headSince += gapNanos;
        startSince += gapNanos;
    }

    void tick() {
        long found = gone | spread();
        for (int k = 0; k < ranks; k++) {
            if (k != view.me() && (isSilent(k) | isDeaf(k) | isReplaced(k) | lags(k))) {
                found |= 1L << k;
            }
        }
        found |= blockers();
        found &= ~(1L << view.me());
        if ((found & ~suspected) != 0 && canDoWithout(suspected | found)) {
            suspected |= found;
        }
        view.publishSuspects(suspected);
    }

    /** A suspicion that could not lead to a next view is ignored: wedging the view would help nobody. */
    private boolean canDoWithout(long mask) {
        // Who is to begin this view is among the ranks already.
        long outsiders = context.peers.outsiders(context.now).stream().filter(member -> view.record().rankOf(member) < 0).count();
        long remaining = ranks - Long.bitCount(mask) + outsiders;
        return context.peers.heardCount(context.now) >= context.options.majority() && remaining >= context.options.minView();
    }

    private long spread() {
        long mask = 0;
        for (int k = 0; k < ranks; k++) {
            if (k != view.me() && !isSuspected(k)) {
                mask |= view.table().suspects(k);
            }
        }
        return mask;
    }

    /**
     * It does not raise its heartbeat. Before it has begun the view it has none: whatever is heard of it shows that it lives, and its
     * disk may take as long for that as one may that holds back a slot.
     */
    private boolean isSilent(int rank) {
        long beat = view.table().heartbeat(rank);
        if (beat != beats[rank]) {
            beats[rank] = beat;
            beatAt[rank] = context.now;
        }
        if (!view.table().hasStarted(rank) && context.now - startSince <= context.options.slowTimeoutNanos()) {
            Peers.Peer peer = context.peers.of(view.record().members().get(rank).serverId());
            beatAt[rank] = peer == null ? beatAt[rank] : Math.max(beatAt[rank], peer.heardAt);
        }
        return context.now - beatAt[rank] > context.options.failureTimeoutNanos();
    }

    /** A link that works one way only is no link. */
    private boolean isDeaf(int rank) {
        if (view.table().hears(rank, view.me())) {
            unheardSince[rank] = context.now;
        }
        return context.now - unheardSince[rank] > context.options.failureTimeoutNanos();
    }

    /** Another process speaks for that server: the member is dead. */
    private boolean isReplaced(int rank) {
        MemberId member = view.record().members().get(rank);
        Peers.Peer peer = context.peers.of(member.serverId());
        return peer != null && peer.member != null && !peer.member.equals(member) && peer.heardAt > beganAt;
    }

    /** It does not apply what was delivered here long ago. */
    private boolean lags(int rank) {
        if (view.table().applied(rank) >= lagTarget[rank]) {
            lagTarget[rank] = view.sequencer().delivered();
            lagSince[rank] = context.now;
        }
        return context.now - lagSince[rank] > context.options.slowTimeoutNanos();
    }

    /** Who has held back the next slot for too long; nobody as long as it may be this member itself. */
    private long blockers() {
        long order = view.sequencer().firstPendingOrder();
        if (order == Order.NONE || order != headOrder) {
            headOrder = order;
            headSince = context.now;
            return 0;
        }
        if (context.now - headSince <= context.options.slowTimeoutNanos()) {
            return 0;
        }
        long mask = 0;
        for (int k = 0; k < ranks; k++) {
            boolean holdsBack = view.table().secured(k, Order.rank(order)) < Order.index(order)
                    || Order.of(view.sequencer().claim(k) + 1, k) <= order;
            mask |= holdsBack ? 1L << k : 0;
        }
        return (mask >> view.me() & 1) != 0 ? 0 : mask;
    }
}
