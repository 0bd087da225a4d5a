package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.Executor;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.log.StateImport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a state that another server sends, and has another thread write it beside the own. */
final class StateReceiver implements BulkReceiver {
    private static final Logger LOG = LoggerFactory.getLogger(StateReceiver.class);
    private static final int PART_BYTES_MAX = 64 << 20;

    /** What comes of it; on the main event loop, once. */
    interface Outcome {
        /**
         * @param mark of the state, which is whole and on the medium; null when it did not come
         * @param lostWrites which zxids its sender knows to be forgotten; null likewise
         */
        void onOver(byte[] mark, LostWrites lostWrites);
    }

    /** Begins an import of the state that a header names. */
    interface Opener {
        StateImport open(byte[] header);
    }

    private final EventLoop loop;
    private final Executor writer;
    private final Opener opener;
    private final Stream stream;
    private final Outcome outcome;
    private final PartReader parts = new PartReader(PART_BYTES_MAX);
    private LostWrites lostWrites;
    private StateImport state;
    private boolean over;

    StateReceiver(EventLoop loop, Executor writer, Opener opener, Stream stream, Outcome outcome) {
        this.loop = loop;
        this.writer = writer;
        this.opener = opener;
        this.stream = stream;
        this.outcome = outcome;
    }

    @Override
    public void onChunk(byte[] chunk) {
        if (over) {
            return;
        }
        try {
            List<byte[]> whole = parts.take(chunk);
            writer.execute(() -> write(whole));
        } catch (MalformedMessageException e) {
            stream.abort(e.getMessage());
            fail(e.getMessage());
        }
    }

    private void write(List<byte[]> whole) {
        try {
            for (byte[] part : whole) {
                if (lostWrites == null) {
                    lostWrites = LostWrites.ofMessage(part);
                } else if (state == null) {
                    state = opener.open(part);
                } else {
                    state.write(part);
                }
            }
            loop.execute(() -> {
                if (!over) {
                    stream.taken();
                }
            });
        } catch (RuntimeException e) {
            loop.execute(() -> {
                if (!over) {
                    stream.abort(String.valueOf(e.getMessage()));
                    fail(e.getMessage());
                }
            });
        }
    }

    @Override
    public void onEnd() {
        writer.execute(() -> {
            byte[] mark = state != null && state.isWhole() ? state.mark() : null;
            loop.execute(() -> {
                if (mark == null) {
                    fail("it ended too early");
                } else {
                    end(mark);
                }
            });
        });
    }

    @Override
    public void onFailed(String why) {
        fail(why);
    }

    private void fail(String why) {
        if (!over) {
            LOG.warn("The state of another server did not come whole: {}", why);
            end(null);
        }
    }

    private void end(byte[] mark) {
        if (!over) {
            over = true;
            writer.execute(() -> {
                if (state != null) {
                    state.close();
                }
                loop.execute(() -> outcome.onOver(mark, lostWrites));
            });
        }
    }
}
