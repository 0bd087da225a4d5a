package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The steady state of a view at one live member: slots go out in own places of the round robin, come in, are secured, become
 * stable, are delivered. No member waits for a leader; from any member a write costs two one-way hops and one flush.
 */
final class ActiveView {
    private final Context context;
    private final ViewRecord record;
    private final int me;
    private final int ranks;
    private final SharedTable table;
    private final Sequencer sequencer;
    private final OwnSlots own;
    private final Feeder feeder;
    private final boolean[] linked;
    private final long[] securedHere;
    private final Consumer<Slot> deliver;
    private final OwnRow row;
    private long claim = -1;
    private long lastDataIndex = -1;
    private long heartbeat;
    private long flushWantedUpTo = Order.NONE;
    private long flushAskedUpTo = Order.NONE;
    private long flushedEverywhere = Order.NONE;
    private long suspects;
    private long hears;
    private boolean wedged;
    private int appliedUnsaidSlots;
    private long appliedUnsaidBytes;

    ActiveView(Context context, ViewRecord record, OwnSlots own, Feeder feeder) {
        this.context = context;
        this.record = record;
        this.own = own;
        this.feeder = feeder;
        me = record.rankOf(context.self);
        ranks = record.members().size();
        table = new SharedTable(ranks);
        sequencer = new Sequencer(ranks);
        row = new OwnRow(ranks, me);
        linked = new boolean[ranks];
        securedHere = new long[ranks];
        Arrays.fill(securedHere, -1);
        deliver = this::deliver;
        hears = hearsNow();
    }

    private void deliver(Slot slot) {
        boolean mine = slot.position().rank() == me && !own.forwards().takeDelivered(slot.position().index());
        context.out.add(new Effect.Deliver(slot, mine));
        row.delivered(slot.position().rank());
        appliedUnsaidSlots++;
        appliedUnsaidBytes += slot.payload().length;
        feeder.delivered(slot);
    }

    /** The view is installed here: peers may write to this member from now on, and do so when they hear it. */
    void begin() {
        for (int k = 0; k < ranks; k++) {
            askToResume(k);
        }
        pump();
    }

    ViewRecord record() {
        return record;
    }

    int me() {
        return me;
    }

    SharedTable table() {
        return table;
    }

    Sequencer sequencer() {
        return sequencer;
    }

    boolean isWedged() {
        return wedged;
    }

    boolean mayTakeMore() {
        return !wedged && own.mayTakeMore();
    }

    /**
     * Sends what waits, as far as the window allows, and raises the claim over what stays empty.
     *
     * <p>Both are worth a row of their own only when no report of the log is to come: until that row, with what is secured, no
     * slot that the claim is for can be stable.
     */
    void pump() {
        if (wedged) {
            return;
        }
        long needed = claimNeeded();
        while (own.maySend()) {
            sendNext(Math.max(claim + 1, needed));
        }
        if (needed > claim) {
            claim = needed;
            if (!awaitsLog()) {
                row.hasNews();
            }
        }
        table.setOwnClaim(me, claim, lastDataIndex);
        sequencer.raiseClaim(me, claim);
    }

    private void sendNext(long index) {
        Slot slot = new Slot(new Position(record.viewId(), index, me), own.takeNext(index));
        context.out.add(new Effect.Secure(slot));
        Message data = new Message.Data(slot, lastDataIndex);
        for (int k = 0; k < ranks; k++) {
            if (k != me && linked[k]) {
                context.out.send(serverId(k), data);
            }
        }
        sequencer.add(slot);
        own.sent(slot);
        lastDataIndex = index;
        claim = index;
        if (context.rules.countsOwnSlotAtOnce()) {
            table.raiseSecured(me, me, index);
        }
    }

    private boolean awaitsLog() {
        for (int k = 0; k < ranks; k++) {
            if (securedHere[k] < sequencer.received(k)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The claim that lets others deliver what they sent. Data at (c, s) waits for claims of c from the ranks below s and of c
     * - 1 from those above, so that is all an idle member says; and an idle ensemble says nothing.
     */
    private long claimNeeded() {
        long needed = -1;
        for (int k = 0; k < ranks; k++) {
            if (k != me) {
                needed = Math.max(needed, me < k ? sequencer.claim(k) : sequencer.claim(k) - 1);
            }
        }
        return needed;
    }

    void onData(int rank, Message.Data data) {
        Slot slot = data.slot();
        boolean isNext = data.previousIndex() == sequencer.received(rank)
                && slot.position().index() > sequencer.received(rank);
        if (!isNext || !context.rules.receives(wedged)) {
            return;
        }
        sequencer.add(slot);
        context.out.add(new Effect.Secure(slot));
        takeClaim(rank);
        progress();
    }

    void onRow(int rank, Row told) {
        table.update(rank, told);
        takeClaim(rank);
        progress();
    }

    private void takeClaim(int rank) {
        if (context.rules.claimCounts(sequencer.received(rank), table.lastDataIndex(rank))) {
            sequencer.raiseClaim(rank, table.claim(rank));
        }
    }

    void onSecured(int rank, long index) {
        securedHere[rank] = Math.max(securedHere[rank], index);
        if (context.rules.receives(wedged)) {
            table.raiseSecured(me, rank, index);
            row.hasNews();
            progress();
        }
    }

    void onFlushed(long upTo) {
        table.raiseFlushed(me, upTo);
        row.changed();
        flushIfWanted();
        progress();
    }

    /** Delivers, opens the window, claims, sends. Late rows may still deliver when wedged: that is harmless. */
    private void progress() {
        sequencer.deliverStable(table, deliver);
        if (sequencer.delivered() > table.applied(me)) {
            table.setApplied(me, sequencer.delivered());
            if (isAppliedDue()) {
                row.changed();
            }
        }
        if (!context.options.policy().isLazy()) {
            // What is stable was flushed by every member before it said so.
            table.raiseFlushed(me, sequencer.delivered());
        }
        noteFlushedEverywhere();
        own.forgetUpTo(table.appliedByAll());
        pump();
    }

    /**
     * What is applied only opens the others' windows, so it goes along with the next row there is, a heartbeat's at the latest,
     * unless a fair part of a window hangs on it.
     */
    private boolean isAppliedDue() {
        return appliedUnsaidSlots > context.options.windowSlots() / 4
                || appliedUnsaidBytes > context.options.windowBytes() / 8;
    }

    private void noteFlushedEverywhere() {
        long least = context.options.policy().isLazy()
                ? context.rules.flushedEverywhere(table.flushedMarks()) : sequencer.delivered();
        if (least > flushedEverywhere) {
            flushedEverywhere = least;
            feeder.flushedEverywhere(least);
            context.out.add(new Effect.FlushedEverywhere(record.viewId(), least));
        }
    }

    /**
     * Asks for the medium to catch up with {@code upTo}, if that is delivered. One flush is under way at a time; it takes all
     * along.
     */
    void requestFlush(long upTo) {
        if (context.options.policy().isLazy() && upTo <= sequencer.delivered()) {
            flushWantedUpTo = Math.max(flushWantedUpTo, upTo);
            flushIfWanted();
        }
    }

    private void flushIfWanted() {
        boolean underWay = flushAskedUpTo > table.flushedMarks()[me];
        if (!wedged && !underWay && flushWantedUpTo > flushAskedUpTo) {
            flushAskedUpTo = sequencer.delivered();
            context.out.add(new Effect.Flush(record.viewId(), flushAskedUpTo));
        }
    }

    void onConnection(int rank, boolean up) {
        linked[rank] = false;
        if (up) {
            askToResume(rank);
        }
    }

    private void askToResume(int rank) {
        if (rank != me) {
            context.out.send(serverId(rank), new Message.Resume(record.viewId(), sequencer.received(rank), true));
        }
    }

    /** The peer has installed this view and has a known part of the own slots: the rest follows, then each as it is sent. */
    void onResume(int rank, Message.Resume resume) {
        if (resume.ask()) {
            context.out.send(serverId(rank), new Message.Resume(record.viewId(), sequencer.received(rank), false));
        }
        if (wedged) {
            return;
        }
        long previous = resume.received();
        for (Slot slot : own.sent()) {
            if (slot.position().index() > resume.received()) {
                context.out.send(serverId(rank), new Message.Data(slot, previous));
                previous = slot.position().index();
            }
        }
        linked[rank] = true;
        row.changed();
    }

    void onHeartbeat() {
        heartbeat++;
        hears = hearsNow();
        row.changed();
        for (int k = 0; k < ranks; k++) {
            if (!linked[k] && !wedged) {
                askToResume(k);
            }
        }
    }

    /** Publishes which ranks are held for failed. */
    void publishSuspects(long mask) {
        if (mask != suspects) {
            suspects = mask;
            row.changed();
        }
    }

    /** Stops sending, receiving and securing in this view for good. What the log was given before still reports. */
    void wedge() {
        wedged = true;
        row.changed();
    }

    /** What the log has of each sender; final once the view is wedged and everything asked of the log before has reported. */
    Trim securedHere() {
        return Trim.of(securedHere);
    }

    /** What the shared table shows of each member: stale by nature. */
    List<Trim> tableRows() {
        List<Trim> rows = new ArrayList<>();
        for (int m = 0; m < ranks; m++) {
            rows.add(Trim.of(table.securedRow(m)));
        }
        return rows;
    }

    /** The view is over: delivers the rest of its final sequence; own slots that it left out wait for the next. */
    void end(Trim cut, Trim trim) {
        List<Slot> mine = sequencer.pending(me);
        sequencer.deliverRest(cut, deliver);
        own.endView(context.rules.resend(mine, trim));
    }

    /** Ends a step: what changed in the own row goes out, once, to those who need it now. */
    void publish() {
        sendRow(row.take(underWay(), awaitsLog()));
        if (row.takeAsk()) {
            context.out.add(new Effect.OweRows());
        }
    }

    /** The row goes to whoever is owed it. */
    void payRows() {
        sendRow(row.takeOwed());
    }

    private long underWay() {
        long mask = 0;
        for (int k = 0; k < ranks; k++) {
            mask |= sequencer.hasPending(k) ? 1L << k : 0;
        }
        return mask;
    }

    private void sendRow(long mask) {
        if (mask == 0) {
            return;
        }
        appliedUnsaidSlots = 0;
        appliedUnsaidBytes = 0;
        Message update = new Message.RowUpdate(new Row(record.viewId(), heartbeat, claim, lastDataIndex, table.securedRow(me),
                table.applied(me), table.flushedMarks()[me], suspects, hears, wedged, isCutOff()));
        for (int k = 0; k < ranks; k++) {
            if ((mask >> k & 1) != 0) {
                context.out.send(serverId(k), update);
            }
        }
    }

    /** Whether this member hears less than a majority of the voters. */
    boolean isCutOff() {
        return context.peers.heardCount(context.now) < context.options.majority();
    }

    private long hearsNow() {
        long mask = 0;
        for (int k = 0; k < ranks; k++) {
            mask |= context.peers.hears(serverId(k), context.now) ? 1L << k : 0;
        }
        return mask;
    }

    int serverId(int rank) {
        return record.members().get(rank).serverId();
    }
}
