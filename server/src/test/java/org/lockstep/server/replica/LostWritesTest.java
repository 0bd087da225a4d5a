package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LostWritesTest {
    @Test
    void whatWasForgottenIsKnownAndNothingElse() {
        LostWrites lost = LostWrites.decode(null);
        assertFalse(lost.includes(5));
        lost.add(0x1_0000_0005L, 0x2_0000_0000L);
        LostWrites read = LostWrites.decode(lost.encode());
        assertFalse(read.includes(0x1_0000_0005L));
        assertTrue(read.includes(0x1_0000_0006L));
        assertFalse(read.includes(0x2_0000_0001L));
    }

    @Test
    void manyGapsAreJoinedNeverDropped() {
        LostWrites lost = LostWrites.decode(null);
        for (long view = 1; view <= 200; view++) {
            lost.add((view << 32) + 5, (view + 1) << 32);
        }
        for (long view = 1; view <= 200; view++) {
            assertTrue(lost.includes((view << 32) + 6), "view " + view);
        }
        assertFalse(lost.includes((200L << 32) + 5));
        assertTrue(lost.encode().length <= 64 * 16);
    }

    @Test
    void anotherServersAreTakenOver() {
        LostWrites known = LostWrites.decode(null);
        known.add(0x2_0000_0005L, 0x3_0000_0000L);
        LostWrites here = LostWrites.decode(null);
        here.add(0x1_0000_0005L, 0x2_0000_0000L);
        here.addAll(LostWrites.ofMessage(known.message()));
        assertTrue(here.includes(0x1_0000_0006L));
        assertTrue(here.includes(0x2_0000_0006L));
        assertFalse(here.includes(0x3_0000_0001L));
        assertFalse(LostWrites.ofMessage(LostWrites.decode(null).message()).includes(0x1_0000_0006L));
        assertThrows(IllegalStateException.class, () -> LostWrites.ofMessage(new byte[3]));
        assertThrows(IllegalStateException.class, () -> LostWrites.ofMessage(new byte[] {0, 0, 0, 2, 1}));
    }

    @Test
    void aCutRecordIsRefused() {
        assertThrows(IllegalStateException.class, () -> LostWrites.decode(new byte[17]));
    }
}
