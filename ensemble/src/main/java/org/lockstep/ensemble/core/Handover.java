package org.lockstep.ensemble.core;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * How an observer's writes pass from one member to another and none is done twice or left out. An observer has one feeder at a
 * time, and each subscription a stream number. A new feeder asks every other member of its view to close the observer's
 * earlier streams; who closes one forgets what waits of it, takes nothing more, and says which of its own slots is the last that
 * carries any. When all have said so and the feeder has delivered these slots and fed them, the observer knows the fate of
 * all that it has sent before, and may send the rest.
 *
 * <p>Why all members of one view are enough: only a live member takes forwards. Who was a member before and is none now has
 * left its slots to the view's end, and who closed a stream does not carry it over. A view that ends meanwhile: the new view's
 * members are asked anew.
 */
final class Handover {
    private static final long NOT_KNOWN = -2;

    private final Context context;
    private final OwnSlots own;
    private final Map<Integer, Claim> claims = new TreeMap<>();
    private ActiveView view;

    /** An observer that writes, or is about to write, through this member. */
    private static final class Claim {
        final MemberId observer;
        final long stream;
        long[] lastIndexes;
        boolean fenced;
        long nextSequence;

        Claim(MemberId observer, long stream) {
            this.observer = observer;
            this.stream = stream;
        }
    }

    Handover(Context context, OwnSlots own) {
        this.context = context;
        this.own = own;
    }

    void viewBegan(ActiveView begun) {
        view = begun;
        for (Claim claim : claims.values()) {
            if (!claim.fenced) {
                ask(claim);
            }
        }
    }

    void open(MemberId observer, long stream) {
        Claim claim = new Claim(observer, stream);
        claims.put(observer.serverId(), claim);
        ask(claim);
    }

    /** Asks from the start: what an earlier view's members have said is about the slots of that view. */
    private void ask(Claim claim) {
        claim.lastIndexes = new long[view.record().members().size()];
        Arrays.fill(claim.lastIndexes, NOT_KNOWN);
        claim.lastIndexes[view.me()] = own.forwards().close(claim.observer, claim.stream);
        askAgain(claim);
    }

    private void askAgain(Claim claim) {
        for (int k = 0; k < claim.lastIndexes.length; k++) {
            if (claim.lastIndexes[k] == NOT_KNOWN) {
                context.out.send(view.serverId(k),
                        new Message.CloseForwards(view.record().viewId(), claim.observer, claim.stream));
            }
        }
    }

    /** The observer follows this member no more. */
    void forget(MemberId observer) {
        claims.values().removeIf(claim -> claim.observer.equals(observer));
    }

    void onHeartbeat() {
        for (Claim claim : claims.values()) {
            if (!claim.fenced) {
                askAgain(claim);
            }
        }
    }

    void onClose(MemberId from, Message.CloseForwards close) {
        if (view.record().rankOf(from) < 0 || view.record().viewId() != close.viewId()) {
            return;
        }
        claims.values().removeIf(claim -> claim.observer.equals(close.observer()) && claim.stream < close.stream());
        long last = own.forwards().close(close.observer(), close.stream());
        context.out.send(from.serverId(),
                new Message.ForwardsClosed(close.viewId(), close.observer(), close.stream(), last));
    }

    void onClosed(MemberId from, Message.ForwardsClosed closed) {
        Claim claim = claims.get(closed.observer().serverId());
        int rank = view.record().rankOf(from);
        if (claim != null && rank >= 0 && view.record().viewId() == closed.viewId() && claim.observer.equals(closed.observer())
                && claim.stream == closed.stream()) {
            claim.lastIndexes[rank] = closed.lastIndex();
        }
    }

    /** Whether the observer is to be told now that its earlier streams are done with: true once. */
    boolean isDue(MemberId observer, long stream, Position fedUpTo) {
        Claim claim = claims.get(observer.serverId());
        if (claim == null || claim.fenced || claim.stream != stream || !claim.observer.equals(observer)) {
            return false;
        }
        for (int k = 0; k < claim.lastIndexes.length; k++) {
            long last = claim.lastIndexes[k];
            if (last == NOT_KNOWN && !context.rules.awaitsClosing()) {
                continue;
            }
            if (last == NOT_KNOWN || new Position(view.record().viewId(), last, last < 0 ? 0 : k).compareTo(fedUpTo) > 0) {
                return false;
            }
        }
        claim.fenced = true;
        return true;
    }

    /** Takes a forward of a fenced stream that is in its place; any other is of no use. */
    void onForward(MemberId from, Message.Forward forward) {
        Claim claim = claims.get(from.serverId());
        boolean isNext = claim != null && claim.fenced && claim.stream == forward.stream() && claim.observer.equals(from)
                && (claim.nextSequence == 0 || claim.nextSequence == forward.sequence());
        if (isNext && forward.payload().length <= context.options.slotBytesMax()) {
            claim.nextSequence = forward.sequence() + 1;
            own.forwards().submit(from, forward.stream(), forward.payload());
            view.pump();
        }
    }
}
