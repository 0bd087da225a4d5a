package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A live member's followers: learners and observers that it sends the order to. Each has a window of its own; none of them has
 * any part in the windows of the view, so however slow they are, no write waits for them. Who falls behind what is in memory
 * is fed from the log, who falls behind the log copies the state.
 */
final class Feeder {
    private static final int FEED_BYTES_MAX = 256 << 10;
    /** Followers that have said nothing for so many failure timeouts are forgotten. */
    private static final int FORGET_TIMEOUTS = 3;

    private final Context context;
    private final Handover handover;
    private final RecentOrder recent;
    private final Map<Integer, Follow> followers = new TreeMap<>();
    private long flushedViewId;
    private long flushedOrder = Order.NONE;

    /** What was sent and is not acknowledged. */
    private record Sent(Position upTo, long bytes) {}

    private static final class Follow {
        final MemberId follower;
        final long stream;
        Position sentUpTo;
        Position acknowledged;
        Position flushedSent = Position.START;
        final ArrayDeque<Sent> underWay = new ArrayDeque<>();
        long bytesUnderWay;
        boolean reading;
        boolean broken;
        long heardAt;

        Follow(MemberId follower, Message.Follow request, long now) {
            this.follower = follower;
            stream = request.stream();
            sentUpTo = request.from();
            acknowledged = request.from();
            heardAt = now;
        }
    }

    Feeder(Context context, OwnSlots own) {
        this.context = context;
        handover = new Handover(context, own);
        recent = new RecentOrder(context.options.windowBytes());
    }

    /** A view has begun at this member; {@code follows} the one it lived in before. */
    void viewBegan(ActiveView view, boolean follows) {
        if (follows && !followers.isEmpty()) {
            recent.add(view.record());
        } else {
            recent.startAt(Position.beginOf(view.record().viewId()));
        }
        flushedViewId = view.record().viewId();
        flushedOrder = Order.NONE;
        handover.viewBegan(view);
    }

    void delivered(Slot slot) {
        if (followers.isEmpty()) {
            recent.startAt(slot.position());
        } else {
            recent.add(slot);
        }
    }

    /** Everything up to here is on the medium of every member. */
    void flushedEverywhere(long order) {
        flushedOrder = order;
    }

    /** A message of a follower, or about one. False: it is neither. */
    boolean onMessage(MemberId from, Message message) {
        if (message instanceof Message.Follow follow) {
            onFollow(from, follow);
        } else if (message instanceof Message.FeedAck ack) {
            onAck(from, ack);
        } else if (message instanceof Message.Forward forward) {
            if (of(from, forward.stream()) != null) {
                handover.onForward(from, forward);
            }
        } else if (message instanceof Message.CloseForwards close) {
            handover.onClose(from, close);
        } else if (message instanceof Message.ForwardsClosed closed) {
            handover.onClosed(from, closed);
        } else {
            return false;
        }
        return true;
    }

    private void onFollow(MemberId from, Message.Follow request) {
        Follow before = followers.get(from.serverId());
        if (before != null && before.follower.equals(from) && before.stream >= request.stream()) {
            return;
        }
        Follow follow = new Follow(from, request, context.now);
        followers.put(from.serverId(), follow);
        if (context.options.isObserver(from.serverId())) {
            handover.open(from, request.stream());
        }
        feed(follow);
        if (follow.sentUpTo.equals(request.from()) && !follow.reading && !follow.broken) {
            keepUp(follow);
        }
    }

    private Follow of(MemberId from, long stream) {
        Follow follow = followers.get(from.serverId());
        return follow != null && follow.follower.equals(from) && follow.stream == stream ? follow : null;
    }

    private void onAck(MemberId from, Message.FeedAck ack) {
        Follow follow = of(from, ack.stream());
        if (follow == null) {
            return;
        }
        follow.heardAt = context.now;
        follow.acknowledged = ack.applied();
        while (!follow.underWay.isEmpty() && follow.underWay.peek().upTo().compareTo(ack.applied()) <= 0) {
            follow.bytesUnderWay -= follow.underWay.poll().bytes();
        }
    }

    /** The end of a turn: everybody is sent what there is and fits. */
    void endTurn() {
        if (!followers.isEmpty()) {
            followers.values().forEach(this::feed);
            followers.values().removeIf(this::isOver);
        }
    }

    private boolean isOver(Follow follow) {
        boolean over = follow.broken
                || context.now - follow.heardAt > FORGET_TIMEOUTS * context.options.failureTimeoutNanos();
        if (over) {
            handover.forget(follow.follower);
        }
        return over;
    }

    private void feed(Follow follow) {
        while (!follow.reading && !follow.broken && follow.sentUpTo.compareTo(recent.last()) < 0 && hasRoom(follow)) {
            if (recent.reaches(follow.sentUpTo)) {
                sendIfUnbroken(follow, recent.after(follow.sentUpTo, FEED_BYTES_MAX));
            } else {
                follow.reading = true;
                context.out.add(new Effect.ReadLog(follow.follower.serverId(), follow.stream, follow.sentUpTo, recent.last(),
                        FEED_BYTES_MAX));
            }
        }
        if (!follow.broken && hasNewMark(follow)) {
            keepUp(follow);
        }
        if (!follow.broken && handover.isDue(follow.follower, follow.stream, follow.sentUpTo)) {
            context.out.send(follow.follower.serverId(), new Message.Fenced(follow.stream));
        }
    }

    /** Whether a mark of what is flushed has been passed and the follower does not know. */
    private boolean hasNewMark(Follow follow) {
        Position flushed = flushed();
        return flushedOrder != Order.NONE && flushed.compareTo(follow.flushedSent) > 0 && flushed.compareTo(follow.sentUpTo) <= 0;
    }

    private Position flushed() {
        return Position.of(flushedViewId, flushedOrder);
    }

    private boolean hasRoom(Follow follow) {
        return follow.bytesUnderWay < context.options.windowBytes();
    }

    private void sendIfUnbroken(Follow follow, LogRange range) {
        if (range.isEmpty() || !range.isUnbroken()) {
            behind(follow);
        } else {
            send(follow, range);
        }
    }

    private void send(Follow follow, LogRange range) {
        follow.sentUpTo = range.last();
        if (!range.isEmpty()) {
            follow.underWay.add(new Sent(follow.sentUpTo, range.bytes()));
            follow.bytesUnderWay += range.bytes();
        }
        follow.flushedSent = flushed();
        context.out.send(follow.follower.serverId(), new Message.Feed(follow.stream, range.after(), range.views(), range.slots(),
                recent.reaches(follow.sentUpTo), follow.flushedSent));
    }

    private void keepUp(Follow follow) {
        send(follow, new LogRange(follow.sentUpTo, List.of(), List.of()));
    }

    private void behind(Follow follow) {
        follow.broken = true;
        context.out.send(follow.follower.serverId(), new Message.Behind(follow.stream));
    }

    /** What {@link Effect.ReadLog} asked for; null: the log does not reach back so far. */
    void onRead(int followerId, long stream, LogRange range) {
        Follow follow = followers.get(followerId);
        if (follow == null || follow.stream != stream || !follow.reading) {
            return;
        }
        follow.reading = false;
        if (range == null || !range.after().equals(follow.sentUpTo)) {
            behind(follow);
        } else {
            sendIfUnbroken(follow, range);
        }
    }

    /** Says that this feeder is well, also to those to whom there is nothing to send. */
    void onHeartbeat() {
        for (Follow follow : followers.values()) {
            if (!follow.reading && !follow.broken) {
                keepUp(follow);
            }
        }
        handover.onHeartbeat();
    }

    /** This member slept: nobody's silence meanwhile means anything. */
    void forgive(long gapNanos) {
        followers.values().forEach(follow -> follow.heardAt += gapNanos);
    }

    /** The place behind which some follower may still ask for the order; null without followers. */
    Position needed() {
        Position least = null;
        for (Follow follow : followers.values()) {
            if (least == null || follow.acknowledged.compareTo(least) < 0) {
                least = follow.acknowledged;
            }
        }
        return least;
    }
}
