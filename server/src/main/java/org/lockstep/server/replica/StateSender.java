package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.concurrent.Executor;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.log.StateExport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a follower the state of the last checkpoint. Another thread reads a chunk when the last one is on its way, so nothing is read
 * that nobody takes.
 */
final class StateSender implements BulkSender.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(StateSender.class);

    private final EventLoop loop;
    private final Executor reader;
    private final StateExport export;
    private final int followerId;
    private final Runnable over;
    private final PartWriter chunks = new PartWriter();
    private BulkSender sender;
    private boolean reading;
    private boolean whole;
    private boolean ended;

    /** @param over runs when it has come to an end, good or bad, and the export is closed */
    StateSender(EventLoop loop, Executor reader, StateExport export, int followerId, Runnable over) {
        this.loop = loop;
        this.reader = reader;
        this.export = export;
        this.followerId = followerId;
        this.over = over;
    }

    /** @param lostWrites which zxids were forgotten before the state's place in the order: the state does not tell */
    void start(BulkSender opened, LostWrites lostWrites) {
        sender = opened;
        add(lostWrites.message());
        add(export.header());
    }

    private void add(byte[] part) {
        chunks.add(part, part.length);
    }

    @Override
    public void onRoom() {
        if (ended || !chunks.sendTo(sender) || reading) {
            return;
        }
        if (whole) {
            sender.finish();
        } else {
            reading = true;
            reader.execute(this::read);
        }
    }

    private void read() {
        try {
            byte[] part = export.next();
            loop.execute(() -> onRead(part));
        } catch (RuntimeException e) {
            loop.execute(() -> fail(e.getMessage()));
        }
    }

    private void onRead(byte[] part) {
        reading = false;
        whole = part == null;
        if (!whole) {
            add(part);
        }
        onRoom();
    }

    private void fail(String why) {
        if (!ended) {
            sender.abort(why);
            onFailed(why);
        }
    }

    @Override
    public void onFinished() {
        LOG.info("Server {} has a copy of the state", followerId);
        end();
    }

    @Override
    public void onFailed(String why) {
        LOG.warn("The copy of the state did not get to server {}: {}", followerId, why);
        end();
    }

    private void end() {
        if (!ended) {
            ended = true;
            reader.execute(export::close);
            over.run();
        }
    }
}
