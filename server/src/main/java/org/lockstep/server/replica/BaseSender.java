package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Trim;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a joiner the base of a view: the order behind the place where the joiner stands, cut where the view before ends. The log
 * thread reads a part at a time, the main event loop sends it as the joiner takes it.
 */
final class BaseSender implements BulkSender.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(BaseSender.class);
    private static final int PART_BYTES = 1 << 20;

    private final EventLoop loop;
    private final LogSide log;
    private final int joinerId;
    private final Message.Transfer transfer;
    private final Runnable tooShort;
    private final RangeWriter chunks = new RangeWriter();
    private BulkSender sender;
    private Position sentUpTo;
    private boolean reading;
    private boolean whole;
    private boolean over;

    /** @param tooShort runs when the log does not reach back so far */
    BaseSender(EventLoop loop, LogSide log, int joinerId, Message.Transfer transfer, Position from, Runnable tooShort) {
        this.loop = loop;
        this.log = log;
        this.joinerId = joinerId;
        this.transfer = transfer;
        this.sentUpTo = from;
        this.tooShort = tooShort;
    }

    void start(BulkSender opened) {
        sender = opened;
        read();
    }

    private void read() {
        reading = true;
        Position after = sentUpTo;
        log.execute(held -> {
            LogRange part = read(held, after);
            loop.execute(() -> onRead(part));
        });
    }

    /** What follows; null when it cannot be had. */
    private LogRange read(MemberLog held, Position after) {
        if (!held.reachesBackTo(after)) {
            return null;
        }
        long viewId = transfer.value().viewId() - 1;
        Trim cut = transfer.value().trim();
        return held.read(after, viewId, cut, PART_BYTES);
    }

    private void onRead(LogRange part) {
        reading = false;
        if (over) {
            return;
        }
        if (part == null) {
            LOG.warn("Server {} stands at {}, from where the log of this server does not go on: it needs the whole state",
                    joinerId, sentUpTo);
            over = true;
            sender.abort("the log does not reach back to " + sentUpTo);
            tooShort.run();
            return;
        }
        whole = part.slots().isEmpty();
        if (!part.isEmpty()) {
            sentUpTo = part.end();
            chunks.add(part);
        }
        onRoom();
    }

    @Override
    public void onRoom() {
        if (over || !chunks.sendTo(sender) || reading) {
            return;
        }
        if (whole) {
            over = true;
            sender.finish();
        } else {
            read();
        }
    }

    @Override
    public void onFinished() {
        LOG.info("Server {} has the base of view {}, up to {}", joinerId, transfer.value().viewId(), sentUpTo);
    }

    @Override
    public void onFailed(String why) {
        over = true;
        LOG.info("The base of view {} did not get to server {}: {}", transfer.value().viewId(), joinerId, why);
    }
}
