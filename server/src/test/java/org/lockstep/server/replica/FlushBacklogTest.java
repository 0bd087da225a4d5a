package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.Position;

class FlushBacklogTest {
    private final FlushBacklog backlog = new FlushBacklog();

    @Test
    void bytesLeaveTheBacklogWhenTheirFlushIsDone() {
        backlog.secured(100);
        assertEquals(100, backlog.unrequestedBytes());
        backlog.requested(new Position(1, 4, 0));
        backlog.secured(30);
        assertEquals(30, backlog.unrequestedBytes());
        assertEquals(130, backlog.unflushedBytes());
        backlog.flushed(new Position(1, 3, 0));
        assertEquals(130, backlog.unflushedBytes());
        backlog.flushed(new Position(1, 4, 0));
        assertEquals(30, backlog.unflushedBytes());
    }

    @Test
    void oneFlushMayCoverSeveralRequests() {
        backlog.secured(10);
        backlog.requested(new Position(1, 1, 0));
        backlog.secured(10);
        backlog.requested(new Position(1, 2, 0));
        backlog.flushed(new Position(1, 2, 0));
        assertEquals(0, backlog.unflushedBytes());
    }
}
