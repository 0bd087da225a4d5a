package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Who counts as alone, and when a server as quiet. */
class AttentionTest {
    private final Attention attention = new Attention(0);
    private final Object one = new Object();
    private final Object other = new Object();

    private void bursts(Object connection, int count) {
        for (int i = 0; i < count; i++) {
            attention.heard(connection, 0);
        }
    }

    @Test
    void oneClientIsAloneOnlyAfterManyBursts() {
        bursts(one, Attention.SOLE_BURSTS_MIN);
        assertFalse(attention.isSole(0), "the first burst proves nothing");
        bursts(one, 1);
        assertTrue(attention.isSole(0));
        assertTrue(attention.isQuiet(0), "a client that is alone needs nobody's attention but its own");
    }

    @Test
    void aSecondClientEndsIt() {
        bursts(one, Attention.SOLE_BURSTS_MIN + 1);
        bursts(other, 1);
        assertFalse(attention.isSole(0));
        assertFalse(attention.isQuiet(Attention.QUIET_NANOS));
        assertTrue(attention.isQuiet(Attention.QUIET_NANOS + 1), "nobody was heard of for a while");
    }

    @Test
    void whoComesInThePlaceOfAClosedConnectionIsNotTakenForIt() {
        bursts(one, Attention.SOLE_BURSTS_MIN);
        attention.gone(one);
        bursts(one, 1);
        assertFalse(attention.isSole(0));
    }

    @Test
    void whoHasLeftOrFallenSilentIsNotWaitedFor() {
        bursts(one, Attention.SOLE_BURSTS_MIN + 1);
        assertTrue(attention.isSole(Attention.QUIET_NANOS));
        assertFalse(attention.isSole(Attention.QUIET_NANOS + 1), "it asks for nothing any more");
        attention.gone(one);
        assertFalse(attention.isSole(0), "peers alone must not keep a server awake that has no client");
    }
}
