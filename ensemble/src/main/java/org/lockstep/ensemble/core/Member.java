package org.lockstep.ensemble.core;

import java.util.ArrayDeque;

/**
 * One member of a view, as a deterministic machine: inputs in, effects out ({@link Outbox}). No thread, no clock, no I/O.
 *
 * <p>Today a view has one member, so the order is that of this member's own slots and a slot is stable as soon as it is secured
 * here: {@code min over all members of secured[k]} is a minimum over one.
 *
 * <p>Why what is delivered is safe: a slot is delivered only after this member, which is every member, has secured it; the log
 * keeps secured slots in order and recovery replays all of them; so a delivered slot is in the base of every later view.
 */
public final class Member {
    private static final int RANK = 0;
    /** Views are the high half of a zxid, which clients read as a signed number. */
    private static final long VIEW_ID_MAX = Integer.MAX_VALUE;

    private final MemberId self;
    private final ArrayDeque<Slot> undelivered = new ArrayDeque<>();
    private View view;
    private long nextIndex;
    private long securedIndex;

    /**
     * @param self this process
     * @param lastView the last view recorded, or null on a blank disk
     */
    public Member(MemberId self, View lastView) {
        this.self = self;
        this.view = lastView;
    }

    /** Begins the next view, alone. Every slot of the view before must have been delivered. */
    public void beginView(Outbox out) {
        if (!undelivered.isEmpty()) {
            throw new IllegalStateException("a view of one ends with its last slot delivered, " + undelivered.size() + " are not");
        }
        long viewId = view == null ? 1 : view.viewId() + 1;
        if (viewId > VIEW_ID_MAX) {
            throw new IllegalStateException("no view ids are left after " + VIEW_ID_MAX);
        }
        view = new View(viewId, java.util.List.of(self));
        nextIndex = 0;
        securedIndex = -1;
        out.recordView(view);
    }

    public View view() {
        return view;
    }

    /** Slots submitted and not yet delivered. */
    public int inFlightCount() {
        return undelivered.size();
    }

    /** Puts {@code payload} into this member's next slot; the array is the core's from here on. */
    public Slot submit(byte[] payload, Outbox out) {
        Slot slot = new Slot(new Position(view.viewId(), nextIndex++, RANK), payload);
        undelivered.add(slot);
        out.secure().add(slot);
        return slot;
    }

    /** This member's log has secured its own slots up to {@code index} of view {@code viewId}. Late reports of earlier views are ignored. */
    public void onSecured(long viewId, long index, Outbox out) {
        if (viewId != view.viewId() || index <= securedIndex) {
            return;
        }
        securedIndex = index;
        while (!undelivered.isEmpty() && undelivered.peek().position().index() <= securedIndex) {
            out.deliver().add(undelivered.poll());
        }
    }
}
