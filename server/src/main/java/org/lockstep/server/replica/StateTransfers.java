package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.log.StateExport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whole states between servers: what a follower needs from whom no log reaches back any more. The feeder sends its last checkpoint; the
 * follower writes it beside its own state, and with the state whole this server starts over with it.
 */
final class StateTransfers {
    private static final Logger LOG = LoggerFactory.getLogger(StateTransfers.class);
    private static final int CHUNK_BYTES = 64 << 10;
    /** By how much the file of the state may grow for the sake of one that copies it. */
    private static final long GROWTH_BYTES_MAX = 4L << 30;
    /** So long the log is kept for a follower that has the state and comes for the rest. */
    private static final long HOLD_SECONDS = 60;
    private static final long RETRY_MILLIS = 1000;
    /** No subscription has this number: the copy is for one that is to join. */
    private static final long TO_JOIN = Long.MAX_VALUE;
    /** A state that was asked for and has not begun to come after so long will not: what was said was lost, or there is none. */
    private static final long PATIENCE_MILLIS = 5000;

    private final EventLoop loop;
    private final Incarnation life;
    private final Lives lives;
    private final Medium medium;
    private final LostWrites lostWrites;
    private final StateTaken taken;
    private final ExecutorService mover;
    private Transport transport;
    private Effect.FetchState fetching;
    private boolean arriving;
    private boolean over;

    /** The own state is to be replaced by one that has come. */
    interface StateTaken {
        /**
         * @param at the place of the order at which it stands
         * @param lostWrites which zxids were forgotten before that
         */
        void onStateTaken(Position at, LostWrites lostWrites);
    }

    /** @param lostWrites what this server knows of them, for those who copy its state */
    StateTransfers(EventLoop loop, Incarnation life, Lives lives, Medium medium, LostWrites lostWrites, StateTaken taken) {
        this.loop = loop;
        this.life = life;
        this.lives = lives;
        this.medium = medium;
        this.lostWrites = lostWrites;
        this.taken = taken;
        this.mover = Executors.newSingleThreadExecutor(task -> {
            Thread made = new Thread(task, "lockstep-state-copy");
            made.setDaemon(true);
            return made;
        });
    }

    void start(Transport connections) {
        transport = connections;
    }

    /** The incarnation is over: what is under way comes to an end. */
    void end() {
        over = true;
        mover.shutdown();
    }

    /** The own state is of no use any more, or too old: that of the feeder is wanted. */
    void fetch(Effect.FetchState effect) {
        fetching = effect;
        arriving = false;
        loop.schedule(() -> {
            if (fetching == effect && !arriving) {
                LOG.info("Server {} was asked for its state, which does not come", effect.feederId());
                failed(effect);
            }
        }, PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        BulkHead head = new BulkHead(BulkHead.Kind.STATE_WANTED, Position.START, new Message.Behind(effect.stream()));
        Announcement.say(transport, effect.feederId(), head, why -> {
            LOG.info("Server {} could not be asked for its state: {}", effect.feederId(), why);
            failed(effect);
        });
    }

    /** The source of a view to be decided is to send its state to this joiner, unless a copy is under way already. */
    void fetchToJoin(int sourceId) {
        if (fetching == null) {
            LOG.info("The log of server {} does not reach back to this server's state, so that one is copied", sourceId);
            fetch(new Effect.FetchState(sourceId, TO_JOIN));
        }
    }

    /** What was asked for is not needed any more. */
    void stop() {
        fetching = null;
    }

    private void failed(Effect.FetchState effect) {
        loop.schedule(() -> {
            if (!over && fetching == effect) {
                fetching = null;
                life.core().stateNotFetched(effect.stream());
                life.scheduleTurn();
            }
        }, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** A follower wants the state of this server. */
    void send(MemberId follower, BulkHead wanted) {
        StateExport export = over ? null : lives.exportState(CHUNK_BYTES, GROWTH_BYTES_MAX);
        BulkHead head = new BulkHead(BulkHead.Kind.STATE, Position.START, wanted.about());
        if (export == null) {
            LOG.info("Server {} wants the state, of which there is no checkpoint yet", follower.serverId());
            return;
        }
        Position at = Positions.ofMark(export.mark());
        LOG.info("Server {} copies the state of this server, as of {}", follower.serverId(), at);
        Runnable release = medium.hold(at);
        StateSender sender = new StateSender(loop, mover, export, follower.serverId(),
                () -> loop.schedule(release, HOLD_SECONDS, TimeUnit.SECONDS));
        sender.start(transport.openBulk(follower.serverId(), head.encode(), sender), lostWrites);
    }

    /** A server sends its state; null refuses it. */
    BulkReceiver receive(MemberId from, BulkHead head, BulkReceiver.Stream stream) {
        Effect.FetchState asked = fetching;
        if (over || asked == null || asked.stream() != head.stream() || asked.feederId() != from.serverId()) {
            return null;
        }
        LOG.info("Copying the state of server {}", from.serverId());
        arriving = true;
        return new StateReceiver(loop, mover, lives::importState, stream, (mark, lost) -> {
            if (mark == null) {
                failed(asked);
            } else if (!over && fetching == asked) {
                fetching = null;
                taken.onStateTaken(Positions.ofMark(mark), lost);
            }
        });
    }
}
