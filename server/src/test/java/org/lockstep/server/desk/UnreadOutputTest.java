package org.lockstep.server.desk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

/** Clients that watch and do not read, each within what is kept for one, and together beyond what is kept for all. */
class UnreadOutputTest {
    private static final int SETS_PER_MULTI = 500;
    private static final int EVENT_BYTES_MIN = 1_000;
    private static final int NOTIFICATION = -1;
    private static final String BUSY = "/busy" + "-".repeat(EVENT_BYTES_MIN);
    private static final String CALM = "/calm" + "-".repeat(EVENT_BYTES_MIN);
    /** What the two sockets on the way may take at most, generously. */
    private static final int SOCKETS_BYTES = 12 << 20;

    private DeskRig rig;
    private DeskClient writer;

    @BeforeEach
    void start() throws Exception {
        rig = new DeskRig(1);
        rig.beginView();
        writer = rig.server(1).connect();
        writer.create(BUSY, 0);
        writer.create(CALM, 0);
    }

    @AfterEach
    void stop() throws Exception {
        writer.close();
        rig.close();
    }

    private DeskClient watching(String... paths) throws Exception {
        DeskClient client = rig.server(1).connect();
        for (String path : paths) {
            assertEquals(ErrorCode.OK, client.call(OpCode.ADD_WATCH, new JuteWriter().writeString(path).writeInt(0)));
        }
        return client;
    }

    /** Changes the node so often that each of its watchers has so many bytes of events more; returns how many events. */
    private int change(String path, int bytes) throws IOException {
        JuteWriter multi = new JuteWriter();
        for (int i = 0; i < SETS_PER_MULTI; i++) {
            multi.writeInt(OpCode.SET_DATA).writeBoolean(false).writeInt(-1).writeString(path).writeBuffer(new byte[0]).writeInt(-1);
        }
        multi.writeInt(-1).writeBoolean(true).writeInt(-1);
        int events = 0;
        while (events * EVENT_BYTES_MIN < bytes) {
            assertEquals(ErrorCode.OK, writer.call(OpCode.MULTI, multi));
            events += SETS_PER_MULTI;
        }
        return events;
    }

    private int connectionCount() {
        return rig.on(() -> rig.server(1).desk.connectionCount());
    }

    @Test
    void theOneForWhomMostWaitsGoesAndTheOthersStay() throws Exception {
        try (DeskClient much = watching(BUSY, CALM); DeskClient little = watching(CALM); DeskClient none = watching()) {
            change(BUSY, (int) DeskRig.UNREAD_BYTES_MAX / 2 + SOCKETS_BYTES / 2);
            assertEquals(4, connectionCount(), "not too much yet");
            int events = 0;
            while (connectionCount() == 4) {
                assertTrue(events * EVENT_BYTES_MIN < DeskRig.UNREAD_BYTES_MAX + SOCKETS_BYTES, "nobody is let go");
                events += change(CALM, 1 << 20);
            }
            assertEquals(3, connectionCount());
            for (int i = 0; i < events; i++) {
                assertEquals(NOTIFICATION, little.answer().xid());
            }
            assertEquals(ErrorCode.OK, little.ping());
            assertEquals(ErrorCode.OK, none.ping());
            drain(much);
        }
    }

    /** What was on its way is still there; then the connection has ended. */
    private static void drain(DeskClient client) {
        try {
            while (true) {
                assertEquals(NOTIFICATION, client.answer().xid());
            }
        } catch (IOException ended) {
            assertTrue(!(ended instanceof java.net.SocketTimeoutException), "still open");
        }
    }

    /** What clients have read by now does not count, however much it was. */
    @Test
    void whoReadsStays() throws Exception {
        try (DeskClient reader = watching(BUSY); DeskClient other = watching(CALM)) {
            for (int round = 0; round < 3; round++) {
                int busy = change(BUSY, (int) DeskRig.UNREAD_BYTES_MAX * 2 / 3 + SOCKETS_BYTES / 2);
                for (int i = 0; i < busy; i++) {
                    assertEquals(NOTIFICATION, reader.answer().xid());
                }
                int calm = change(CALM, (int) DeskRig.UNREAD_BYTES_MAX * 2 / 3 + SOCKETS_BYTES / 2);
                for (int i = 0; i < calm; i++) {
                    assertEquals(NOTIFICATION, other.answer().xid());
                }
            }
            assertEquals(3, connectionCount());
        }
    }
}
