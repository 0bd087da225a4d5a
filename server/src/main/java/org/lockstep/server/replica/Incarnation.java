package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of this server in the ensemble: hands the core what comes, and does what it asks, in order. Everything runs on the
 * main event loop.
 *
 * <p>A <b>turn</b> begins at the end of a round of the event loop in which something came. First what concerns peers and the log
 * is done, since others wait for it; the slots that became stable are applied when the own row has left.
 */
final class Incarnation implements TransportListener {
    private static final Logger LOG = LoggerFactory.getLogger(Incarnation.class);
    private static final int TICK_MILLIS = 25;
    private static final int OWED_MILLIS = 1;

    /** What the effects mean to the server behind the core. Called on the main event loop, from within a turn. */
    interface Host {
        /** A turn begins: what waits to be sent may be submitted. Called again whenever the window may have opened. */
        void offer();

        /** The effect is one about the order, or the state, or what clients are told. */
        void perform(Effect effect);

        /** All that could be applied is: replies may leave. */
        void turnDone();

        /** This life is over: it sends, takes and answers nothing any more. */
        void excluded(Effect.Excluded effect);

        /** Slots for the log; true when they are secured on return, else {@link #logDone(List)} tells. The list is reused. */
        boolean secure(List<Effect> slots);

        /** Other effects that concern the log, behind the slots. The list is reused. */
        void addToLog(List<Effect> effects);

        /** The log has done this effect; before the core hears of it. */
        void logDone(Effect effect);
    }

    private final EventLoop loop;
    private final EnsembleMember core;
    private final Host host;
    private final FatalHandler fatal;
    private final List<Effect> secures = new ArrayList<>();
    private final List<Effect> records = new ArrayList<>();
    private final ArrayDeque<Effect> later = new ArrayDeque<>();
    private final ArrayDeque<Effect.Send> gated = new ArrayDeque<>();
    private final Runnable turnTask = this::onPolled;
    private final Runnable payTask = this::payRows;
    private Transport transport;
    private Transfers transfers;
    private Future<?> ticks;
    private long storedUpTo;
    private boolean turnScheduled;
    private boolean turnDue;
    private boolean inTurn;
    private boolean unflushed;
    private boolean over;

    Incarnation(EventLoop loop, EnsembleMember core, Host host, FatalHandler fatal) {
        this.loop = loop;
        this.core = core;
        this.host = host;
        this.fatal = fatal;
    }

    /** Begins this life with its connections, which report to this object already; null when nobody else is there. */
    void start(Transport connections, Transfers moving) {
        transport = connections;
        transfers = moving;
        transfers.start(connections);
        ticks = loop.scheduleWithFixedDelay(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    EnsembleMember core() {
        return core;
    }

    /** Whether this process is a live member of a view. */
    boolean isLive() {
        return !over && core.view() != null;
    }

    boolean isOver() {
        return over;
    }

    /** Ends this life at once: nothing more is sent, taken or applied. */
    void end() {
        over = true;
        if (ticks != null) {
            ticks.cancel(false);
        }
        if (transfers != null) {
            transfers.end();
        }
        secures.clear();
        records.clear();
        later.clear();
        gated.clear();
    }

    // ---- inputs

    private void tick() {
        if (over) {
            return;
        }
        try {
            core.tick(System.nanoTime());
            turn();
        } catch (RuntimeException e) {
            fatal.onFatal("the ensemble's timer failed", e);
        }
    }

    @Override
    public void onMessage(MemberId from, Message message) {
        if (!over) {
            hear(from, message);
            scheduleTurn();
        }
    }

    private void hear(MemberId from, Message message) {
        try {
            core.message(from, message);
        } catch (RuntimeException e) {
            fatal.onFatal("a message of server " + from.serverId() + " could not be dealt with", e);
        }
    }

    @Override
    public void onPolledMessage(MemberId from, Message message) {
        if (!over) {
            hear(from, message);
            turnDue = true;
        }
    }

    /** The turn that the messages asked for: at once, since the loop would go round before it came to a task. */
    @Override
    public void onPolled() {
        if (turnDue || turnScheduled) {
            turnGuarded();
        }
    }

    @Override
    public void onConnection(int serverId, boolean up) {
        if (!over) {
            core.connection(serverId, up);
            scheduleTurn();
        }
    }

    @Override
    public void onProcessGone(MemberId member) {
        if (!over) {
            core.processGone(member);
            scheduleTurn();
        }
    }

    @Override
    public BulkReceiver onBulk(MemberId from, byte[] head, BulkReceiver.Stream stream) {
        return over || transfers == null ? null : transfers.onBulk(from, head, stream);
    }

    /** The log has done these, in order. */
    void logDone(List<Effect> effects) {
        if (over) {
            return;
        }
        for (int i = 0; i < effects.size(); i++) {
            logDone(effects.get(i));
        }
    }

    private void logDone(Effect effect) {
        host.logDone(effect);
        if (effect instanceof Effect.Secure secure) {
            core.secured(secure.slot().position());
        } else if (effect instanceof Effect.Flush flush) {
            core.flushed(flush.viewId(), flush.upTo());
        } else if (effect instanceof Effect.FlushAll all) {
            core.flushedAll(all.token());
        } else if (effect instanceof Effect.Store store) {
            recordStored(store.recordNumber());
        } else if (effect instanceof Effect.Install install) {
            recordStored(install.recordNumber());
        }
    }

    private void recordStored(long number) {
        storedUpTo = Math.max(storedUpTo, number);
        core.recordStored(number);
        while (!over && !gated.isEmpty() && gated.peek().afterRecord() <= storedUpTo) {
            send(gated.poll());
        }
    }

    /** Asks for the medium to catch up with {@code position}, which is applied. */
    void requestFlush(Position position) {
        core.requestFlush(position.viewId(), Order.of(position.index(), position.rank()));
    }

    // ---- turns

    /** A turn will be taken at the end of this round of the event loop. */
    void scheduleTurn() {
        if (!turnScheduled) {
            turnScheduled = true;
            loop.execute(turnTask);
        }
    }

    private void payRows() {
        if (!over) {
            core.payRows();
            scheduleTurn();
        }
    }

    private void turnGuarded() {
        turnScheduled = false;
        turnDue = false;
        try {
            turn();
        } catch (RuntimeException e) {
            fatal.onFatal("the main loop failed", e);
        }
    }

    /** Takes a turn; within one it does nothing, since that one will see what came. */
    void turn() {
        if (inTurn || over) {
            return;
        }
        inTurn = true;
        try {
            do {
                host.offer();
                performAll();
                flushPeers();
                applyLater();
            } while (!over && (!core.effects().list().isEmpty() || !later.isEmpty()));
            if (!over) {
                flushPeers();
            }
        } finally {
            inTurn = false;
        }
    }

    /** Until the core asks for nothing that concerns peers or the log; ends with the own row. */
    private void performAll() {
        List<Effect> asked = core.effects().list();
        boolean more = true;
        while (more && !over) {
            for (int i = 0; i < asked.size(); i++) {
                perform(asked.get(i));
            }
            core.effects().clear();
            handToLog();
            if (asked.isEmpty() && !over) {
                core.endTurn();
            }
            more = !asked.isEmpty();
        }
    }

    private void perform(Effect effect) {
        if (effect instanceof Effect.Send send) {
            if (send.afterRecord() <= storedUpTo) {
                send(send);
            } else {
                gated.add(send);
            }
        } else if (effect instanceof Effect.Secure) {
            secures.add(effect);
        } else if (effect instanceof Effect.Note note) {
            LOG.info("Server {}", note.text());
        } else if (isForLog(effect)) {
            records.add(effect);
        } else if (effect instanceof Effect.OweRows) {
            loop.schedule(payTask, OWED_MILLIS, TimeUnit.MILLISECONDS);
        } else if (effect instanceof Effect.SendTransfer transfer) {
            transfers.send(transfer);
        } else if (effect instanceof Effect.Stage stage) {
            transfers.stage(stage);
        } else if (effect instanceof Effect.FetchState fetch) {
            transfers.fetch(fetch);
            later.add(effect); // behind what was delivered before
        } else if (effect instanceof Effect.StopFetching) {
            transfers.stopFetching();
        } else if (effect instanceof Effect.ReadLog read) {
            transfers.read(read);
        } else {
            later.add(effect);
        }
    }

    private static boolean isForLog(Effect effect) {
        return effect instanceof Effect.Flush || effect instanceof Effect.FlushAll || effect instanceof Effect.Store
                || effect instanceof Effect.Install;
    }

    private void send(Effect.Send send) {
        if (send.serverId() == core.self().serverId()) {
            core.message(core.self(), send.message());
        } else {
            transport.send(send.serverId(), send.message());
            unflushed = true;
        }
    }

    /** Slots go first: nothing else that may be asked in the same turn is to come before them. */
    private void handToLog() {
        if (!secures.isEmpty()) {
            flushPeers(); // the slots are on their way while the own log takes them
            if (host.secure(secures)) {
                for (int i = 0; i < secures.size(); i++) {
                    logDone(secures.get(i));
                }
            }
            secures.clear();
        }
        if (!records.isEmpty()) {
            host.addToLog(records);
            records.clear();
        }
    }

    private void flushPeers() {
        if (unflushed && !over) {
            unflushed = false;
            transport.flush();
        }
    }

    private void applyLater() {
        boolean any = !later.isEmpty();
        while (!later.isEmpty() && !over) {
            Effect effect = later.poll();
            if (effect instanceof Effect.Excluded excluded) {
                end();
                host.excluded(excluded);
                return;
            }
            if (transport != null && effect instanceof Effect.BeginView begin) {
                transport.setEnsembleId(begin.view().ensembleId());
                transport.beginView(begin.view());
            } else if (transport != null && effect instanceof Effect.FollowView follow) {
                transport.setEnsembleId(follow.view().ensembleId());
            } else if (transport != null && effect instanceof Effect.StandsIn standsIn) {
                transport.setEnsembleId(standsIn.view().ensembleId());
            }
            host.perform(effect);
        }
        if (any) {
            host.turnDone();
        }
    }
}
