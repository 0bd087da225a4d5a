package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.List;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.ViewRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the base of a view that is to be decided, and has the log thread stage it. */
final class BaseReceiver implements BulkReceiver {
    private static final Logger LOG = LoggerFactory.getLogger(BaseReceiver.class);

    /** What comes of it; on the main event loop, once. */
    interface Outcome {
        /** @param staged whether all of it is on the medium */
        void onOver(boolean staged);
    }

    private final EventLoop loop;
    private final LogSide log;
    private final ViewRecord value;
    private final Stream stream;
    private final RangeReader parts;
    private final Outcome outcome;
    private Position upTo;
    private boolean over;

    /**
     * @param from the place behind which it begins
     * @param slotBytesMax the largest payload of a slot
     */
    BaseReceiver(EventLoop loop, LogSide log, ViewRecord value, Position from, int slotBytesMax, Stream stream, Outcome outcome) {
        this.loop = loop;
        this.log = log;
        this.value = value;
        this.upTo = from;
        this.stream = stream;
        this.parts = new RangeReader(2 * slotBytesMax + (4 << 20));
        this.outcome = outcome;
    }

    @Override
    public void onChunk(byte[] chunk) {
        if (over) {
            return;
        }
        try {
            stage(parts.take(chunk));
        } catch (MalformedMessageException e) {
            LOG.warn("What should be the base of view {} is not: {}", value.viewId(), e.getMessage());
            stream.abort(e.getMessage());
            end(false);
        }
    }

    /** The chunk is done with when the log thread has what was in it. */
    private void stage(List<LogRange> ranges) {
        if (!ranges.isEmpty()) {
            upTo = ranges.get(ranges.size() - 1).end();
        }
        log.execute(held -> {
            boolean fits = stage(held, ranges, false);
            loop.execute(() -> {
                if (!over && fits) {
                    stream.taken();
                } else if (!over) {
                    stream.abort("it does not go on where this server stands");
                    end(false);
                }
            });
        });
    }

    private boolean stage(MemberLog held, List<LogRange> ranges, boolean whole) {
        try {
            for (LogRange range : ranges) {
                held.stage(value, range, whole);
            }
            return true;
        } catch (IllegalArgumentException | IllegalStateException e) {
            // Also when a view was installed meanwhile: what comes then is late, and of no use.
            LOG.warn("What should be the base of view {} does not go on where this server stands: {}", value.viewId(),
                    e.getMessage());
            return false;
        }
    }

    @Override
    public void onEnd() {
        if (over) {
            return;
        }
        if (!parts.isAtEnd()) {
            LOG.warn("The base of view {} ended within a part of it", value.viewId());
            end(false);
            return;
        }
        LogRange nothing = new LogRange(upTo, List.of(), List.of());
        log.execute(held -> {
            boolean staged = stage(held, List.of(nothing), true);
            loop.execute(() -> end(staged));
        });
    }

    @Override
    public void onFailed(String why) {
        LOG.info("The base of view {} did not come whole: {}", value.viewId(), why);
        end(false);
    }

    private void end(boolean staged) {
        if (!over) {
            over = true;
            outcome.onOver(staged);
        }
    }
}
