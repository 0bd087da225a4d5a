package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.lockstep.state.QuotaExcess;

class QuotaLogTest {
    private static final long SESSION = 0xabc;
    private final QuotaLog log = new QuotaLog();

    @Test
    void aQuotaIsToldOfOnceInAWhile() {
        QuotaExcess excess = new QuotaExcess("/q", false, false, false, 3, 2);
        assertEquals("Quota exceeded: /q [current count=3, soft CountLimit=2] by session 0xabc", log.line(excess, SESSION, 1_000));
        assertNull(log.line(excess, SESSION, 1_001));
        assertNull(log.line(excess, SESSION, 1_000 + QuotaLog.SILENT_MILLIS - 1));
        assertEquals("Quota exceeded: /q [current count=3, soft CountLimit=2] by session 0xabc; 2 times more since the last such line",
                log.line(excess, SESSION, 1_000 + QuotaLog.SILENT_MILLIS));
    }

    @Test
    void anotherQuotaIsToldOfAtOnce() {
        assertNotNull(log.line(new QuotaExcess("/q", false, false, false, 3, 2), SESSION, 0));
        assertEquals("Quota exceeded: /r [current bytes=30, hard ByteLimit=20] by session 0xabc, refused",
                log.line(new QuotaExcess("/r", true, true, true, 30, 20), SESSION, 0));
    }

    @Test
    void whatItRemembersIsBounded() {
        for (int i = 0; i <= 1_000; i++) {
            assertNotNull(log.line(new QuotaExcess("/q" + i, false, false, false, 3, 2), SESSION, 0));
        }
        assertNotNull(log.line(new QuotaExcess("/q0", false, false, false, 3, 2), SESSION, 1), "forgotten");
        assertNull(log.line(new QuotaExcess("/q1000", false, false, false, 3, 2), SESSION, 1));
    }
}
