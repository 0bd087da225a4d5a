package org.lockstep.server.desk;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.lockstep.server.replica.RequestOrder;
import org.lockstep.state.Identities;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

/**
 * Looks, every check interval, for containers that are empty and TTL nodes that have outlived their time, and has them deleted by
 * ordered requests that check again. Spread out so that no more than the allowed number go per minute. One server of the ensemble
 * does it for all.
 */
public final class Reaper {
    private static final long MINUTE_MILLIS = 60_000;

    private final EventLoop loop;
    private final RequestOrder order;
    private final BooleanSupplier isInCharge;
    private final long intervalMillis;
    private final int maxPerMinute;
    private final long maxNeverUsedMillis;
    private final JuteWriter body = new JuteWriter();

    /**
     * @param isInCharge whether this is the server that does it at present
     * @param intervalMillis {@code znode.container.checkIntervalMs}
     * @param maxPerMinute {@code znode.container.maxPerMinute}
     * @param maxNeverUsedMillis {@code znode.container.maxNeverUsedIntervalMs}; 0: a container never used is kept
     */
    public Reaper(EventLoop loop, RequestOrder order, BooleanSupplier isInCharge, long intervalMillis, int maxPerMinute,
            long maxNeverUsedMillis) {
        this.loop = loop;
        this.order = order;
        this.isInCharge = isInCharge;
        this.intervalMillis = intervalMillis;
        this.maxPerMinute = maxPerMinute;
        this.maxNeverUsedMillis = maxNeverUsedMillis;
    }

    public void start() {
        loop.scheduleWithFixedDelay(this::look, intervalMillis, intervalMillis, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (!isInCharge.getAsBoolean()) {
            return;
        }
        int limit = (int) Math.max(1, maxPerMinute * Math.min(intervalMillis, MINUTE_MILLIS) / MINUTE_MILLIS);
        order.state().reapCandidates(System.currentTimeMillis(), maxNeverUsedMillis, limit, this::reap);
    }

    private void reap(String path, long guard) {
        body.reset().writeString(path).writeLong(guard);
        order.submit(reply -> {}, OpCode.REAP_NODE, 0, 0, 0, Identities.NONE.encoded(), body.array(), 0, body.length());
    }
}
