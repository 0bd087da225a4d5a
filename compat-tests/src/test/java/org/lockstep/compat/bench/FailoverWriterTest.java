package org.lockstep.compat.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FailoverWriterTest {
    private static final byte[] NO_CHILDREN = new JuteWriter().writeInt(0).toByteArray();

    /** A server without a leader takes connections and drops them; what it has is to be seen when it serves again. */
    @Test
    void whatIsMissingIsAskedAgainOfAServerThatDropsConnections() throws Exception {
        AtomicInteger drops = new AtomicInteger(3);
        try (FakeServer server = new FakeServer((xid, opcode, out) -> {
            if (drops.getAndDecrement() > 0) {
                throw new IOException("dropped");
            }
            FakeServer.reply(out, xid, 0, opcode == OpCode.SYNC ? new byte[0] : NO_CHILDREN);
        })) {
            FailoverWriter writer = new FailoverWriter(1, server.address(), "/w");
            writer.start();
            while (writer.acknowledged() < 5) {
                Thread.sleep(1);
            }
            writer.stop();

            assertEquals(writer.acknowledged(), writer.missing(server.address()));
            assertTrue(drops.get() < 0, "asked once only");
        }
    }
}
