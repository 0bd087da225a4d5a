package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExpiryQueueTest {
    private static final int TICK = 100;
    private final ExpiryQueue queue = new ExpiryQueue(TICK);
    private final List<Long> expired = new ArrayList<>();

    private LocalSession session(long id, int timeoutMillis, long nowMillis) {
        LocalSession session = new LocalSession(id, timeoutMillis, 0, nowMillis);
        queue.add(session);
        return session;
    }

    private void advance(long nowMillis) {
        queue.advance(nowMillis, Integer.MAX_VALUE, session -> expired.add(session.id));
    }

    @Test
    void expiryLiesInTheTickBehindTheTimeout() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            expired.clear();
            ExpiryQueue own = new ExpiryQueue(TICK);
            long now = random.nextInt(10_000);
            int timeout = 50 + random.nextInt(2000);
            own.add(new LocalSession(1, timeout, 0, now));
            long due = own.nextMillis();
            assertTrue(due > now + timeout && due <= now + timeout + TICK, now + "+" + timeout + " expires at " + due);
            own.advance(due - 1, 10, session -> expired.add(session.id));
            assertEquals(List.of(), expired);
            own.advance(due, 10, session -> expired.add(session.id));
            assertEquals(List.of(1L), expired);
        }
    }

    @Test
    void aTouchedSessionLivesOn() {
        LocalSession session = session(1, 1000, 0);
        session.lastHeardMillis = 900;
        advance(1100);
        assertEquals(List.of(), expired);
        advance(1999);
        assertEquals(List.of(), expired);
        advance(2000);
        assertEquals(List.of(1L), expired);
    }

    @Test
    void aSessionThatIsClosingIsForgotten() {
        session(1, 1000, 0).closing = true;
        advance(5000);
        assertEquals(List.of(), expired);
        assertEquals(Long.MAX_VALUE, queue.nextMillis());
    }

    @Test
    void aSessionKeptByAnotherServerIsForgotten() {
        session(1, 1000, 0).released = true;
        advance(5000);
        assertEquals(List.of(), expired);
        assertEquals(Long.MAX_VALUE, queue.nextMillis());
    }

    @Test
    void manyAtOnceAreTakenInPortions() {
        for (int i = 0; i < 25; i++) {
            session(i, 1000 + i % 3 * TICK, 0);
        }
        for (int taken : new int[] {10, 20, 25, 25}) {
            queue.advance(4000, 10, session -> expired.add(session.id));
            assertEquals(taken, expired.size());
        }
        assertEquals(25, expired.stream().distinct().count());
        assertEquals(Long.MAX_VALUE, queue.nextMillis());
    }

    @Test
    void aLateLookFindsEverythingThatIsDue() {
        session(1, 1000, 0);
        session(2, 3000, 0);
        session(3, 9000, 0);
        advance(4000);
        assertEquals(List.of(1L, 2L), expired);
    }
}
