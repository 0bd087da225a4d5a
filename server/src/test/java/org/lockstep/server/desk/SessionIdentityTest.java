package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SessionIdentityTest {
    @Test
    void theHighByteIsTheServersNumber() {
        SessionIds ids = new SessionIds(5, 1_700_000_000_000L);
        long first = ids.draw();
        assertEquals(5, first >>> 56);
        assertEquals(first + 1, ids.draw());
    }

    @Test
    void laterStartsDrawHigherIds() {
        assertTrue(new SessionIds(1, 1_700_000_000_001L).draw() > new SessionIds(1, 1_700_000_000_000L).draw() + 60_000);
    }

    @Test
    void theContainerMarkIsNeverDrawn() {
        assertNotEquals(Long.MIN_VALUE, new SessionIds(0x80, 0).draw());
    }

    @Test
    void aPasswordFitsItsSessionOnly() {
        assertEquals(16, SessionPasswords.of(77).length);
        assertTrue(SessionPasswords.matches(77, SessionPasswords.of(77)));
        assertFalse(SessionPasswords.matches(78, SessionPasswords.of(77)));
        assertFalse(SessionPasswords.matches(77, null));
        assertFalse(SessionPasswords.matches(77, new byte[0]));
    }
}
