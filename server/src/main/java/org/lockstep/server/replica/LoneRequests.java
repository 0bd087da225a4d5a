package org.lockstep.server.replica;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.state.BatchReader;

/**
 * Whether the slots that come from others hold one request each, all of one member, and never two at a time: there a client waits
 * for each reply, and so for this server. On the event loop only.
 */
final class LoneRequests {
    /** After so many of them in a row. */
    static final int SLOTS_MIN = 32;
    static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private int sender;
    private int count;
    private long lastNanos;

    /** These {@link Effect.Secure} came in one turn. */
    void came(List<Effect> slots, int ownRank, long nowNanos) {
        Slot slot = ((Effect.Secure) slots.get(0)).slot();
        int from = slot.position().rank();
        if (slots.size() > 1 || from == ownRank || BatchReader.countOf(slot.payload()) > 1) {
            count = 0;
            return;
        }
        count = from == sender ? count + 1 : 1;
        sender = from;
        lastNanos = nowNanos;
    }

    /** Whether that is so, and of late. */
    boolean come(long nowNanos) {
        return count >= SLOTS_MIN && nowNanos - lastNanos <= QUIET_NANOS;
    }
}
