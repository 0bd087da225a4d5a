package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.function.Supplier;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Transport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a joiner comes by the base of a view that is to be decided. The source offers it, the joiner says from where it wants it,
 * the source sends it; each on a bulk stream, so that slots and rows do not wait. What is lost on the way is offered again: the
 * coordinator asks until the joiner is ready.
 */
final class Transfers {
    private static final Logger LOG = LoggerFactory.getLogger(Transfers.class);

    /** After so long what was offered, or wanted, and did not come is said again. */
    private static final long PATIENCE_NANOS = 300_000_000;

    private final EventLoop loop;
    private final EnsembleMember core;
    private final LogSide log;
    private final Supplier<Position> durableState;
    private final int slotBytesMax;
    private final boolean lazy;
    private final StateTransfers states;
    private final Runnable turn;
    private Transport transport;
    private Effect.SendTransfer offered;
    private long offeredAt;
    private Message.Transfer staging;
    private Message.Transfer newest;
    private long wantedAt;
    private boolean receiving;
    private boolean over;

    /**
     * @param durableState where the state on the medium stands
     * @param slotBytesMax the largest payload of a slot
     * @param lazy whether a restart may forget a tail
     * @param states whole states
     * @param turn to be called when the core was told something
     */
    Transfers(EventLoop loop, EnsembleMember core, LogSide log, Supplier<Position> durableState, int slotBytesMax,
            boolean lazy, StateTransfers states, Runnable turn) {
        this.loop = loop;
        this.core = core;
        this.log = log;
        this.durableState = durableState;
        this.slotBytesMax = slotBytesMax;
        this.lazy = lazy;
        this.states = states;
        this.turn = turn;
    }

    void start(Transport connections) {
        transport = connections;
        states.start(connections);
    }

    /** The incarnation is over: whatever is under way counts for nothing. */
    void end() {
        over = true;
        states.end();
    }

    /** This server is the source of a joiner. */
    void send(Effect.SendTransfer effect) {
        boolean again = offered != null && effect.request().equals(offered.request());
        if (again && System.nanoTime() - offeredAt < PATIENCE_NANOS) {
            return;
        }
        offered = effect;
        offeredAt = System.nanoTime();
        Message.TransferRequest request = effect.request();
        Message.Transfer offer = new Message.Transfer(request.ballot(), request.attempt(), request.value(), null);
        say(request.joinerId(), new BulkHead(BulkHead.Kind.OFFER, Position.START, offer));
    }

    private void say(int serverId, BulkHead head) {
        Announcement.say(transport, serverId, head, why -> {
            LOG.info("Server {} could not be told ({}): {}", serverId, head.kind(), why);
            if (head.kind() == BulkHead.Kind.WANTED && !receiving) {
                staging = null; // it will be offered again
            }
        });
    }

    /** This server is the joiner: the base that was offered is wanted. */
    void stage(Effect.Stage effect) {
        newest = effect.transfer();
        if (staging == null || !receiving && System.nanoTime() - wantedAt > PATIENCE_NANOS) {
            fetch();
        }
    }

    private void fetch() {
        staging = newest;
        wantedAt = System.nanoTime();
        Position stands = durableState.get();
        log.execute(held -> {
            FollowedCopy.goOn(held, stands);
            Position from = held.copiedUpTo();
            loop.execute(() -> {
                if (!over && staging != null) {
                    say(staging.value().source().serverId(), new BulkHead(BulkHead.Kind.WANTED, from, staging));
                }
            });
        });
    }

    /** This follower needs the state of its feeder. */
    void fetch(Effect.FetchState effect) {
        states.fetch(effect);
    }

    /** It does not need it any more. */
    void stopFetching() {
        states.stop();
    }

    /** A follower is to be fed from the log of this member. */
    void read(Effect.ReadLog effect) {
        log.execute(held -> {
            LogRange range = held.reachesBackTo(effect.after())
                    ? held.readUpTo(effect.after(), effect.upTo(), effect.bytesMax()) : null;
            loop.execute(() -> onRead(effect, range));
        });
    }

    private void onRead(Effect.ReadLog effect, LogRange range) {
        if (over) {
            return;
        }
        if (range == null) {
            core.logTooShort(effect.followerId(), effect.stream());
        } else {
            core.logRead(effect.followerId(), effect.stream(), range);
        }
        turn.run();
    }

    /** A peer begins a stream; null refuses it. */
    BulkReceiver onBulk(MemberId from, byte[] bytes, BulkReceiver.Stream stream) {
        BulkHead head;
        try {
            head = BulkHead.decode(bytes);
        } catch (MalformedMessageException e) {
            LOG.warn("Server {} begins a stream that this server does not understand: {}", from.serverId(), e.getMessage());
            return null;
        }
        return switch (head.kind()) {
            case OFFER -> heard(() -> {
                core.message(from, head.transfer());
                turn.run();
            });
            case WANTED -> heard(() -> sendBase(from, head));
            case BASE -> receiveBase(head, stream);
            case STATE_WANTED -> heard(() -> states.send(from, head));
            case STATE -> states.receive(from, head, stream);
            case STATE_NEEDED -> heard(() -> copyState(from, head.transfer()));
        };
    }

    private void sendBase(MemberId joiner, BulkHead wanted) {
        boolean isOffered = offered != null && offered.request().value().equals(wanted.transfer().value())
                && wanted.transfer().value().rankOf(joiner) >= 0;
        if (over || !isOffered) {
            return;
        }
        BaseSender sender = new BaseSender(loop, log, joiner.serverId(), wanted.transfer(), wanted.from(),
                () -> say(joiner.serverId(), new BulkHead(BulkHead.Kind.STATE_NEEDED, wanted.from(), wanted.transfer())));
        BulkHead head = new BulkHead(BulkHead.Kind.BASE, wanted.from(), wanted.transfer());
        sender.start(transport.openBulk(joiner.serverId(), head.encode(), sender));
    }

    /**
     * The log of the source does not reach back to this joiner, and it may be that no view forms without it, so that there is nobody
     * to follow: it copies the state of the source, and starts over with that. What is in a state on the medium was delivered, so
     * it is in every base; but for a restart that forgets a tail. Of that a member of the last view may be the source, whose
     * state must not be ahead of its log: under the lazy policies it does not copy.
     */
    private void copyState(MemberId source, Message.Transfer offer) {
        boolean isOffered = newest != null && newest.value().equals(offer.value()) && source.equals(offer.value().source());
        boolean maySource = lazy && core.decided() != null && core.decided().memberOf(core.self().diskId()) != null;
        if (isOffered && !maySource && core.view() == null) {
            states.fetchToJoin(source.serverId());
        }
    }

    private BulkReceiver receiveBase(BulkHead head, BulkReceiver.Stream stream) {
        if (over || receiving || staging == null || !staging.value().equals(head.transfer().value())) {
            return null;
        }
        receiving = true;
        return new BaseReceiver(loop, log, staging.value(), head.from(), slotBytesMax, stream, this::onStaged);
    }

    private void onStaged(boolean whole) {
        if (over) {
            return;
        }
        Message.Transfer done = staging;
        staging = null;
        receiving = false;
        if (whole) {
            boolean asked = newest.value().equals(done.value());
            core.staged(asked ? newest : done);
            turn.run();
        }
        if (!newest.value().equals(done.value())) {
            fetch();
        }
    }

    private BulkReceiver heard(Runnable then) {
        return new BulkReceiver() {
            @Override
            public void onChunk(byte[] chunk) {
                LOG.warn("A stream that should be empty is not");
            }

            @Override
            public void onEnd() {
                if (!over) {
                    then.run();
                }
            }

            @Override
            public void onFailed(String why) {
                LOG.debug("An announcement did not come whole: {}", why);
            }
        };
    }
}
