package org.lockstep.wire.door;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.jute.BinaryOutputArchive;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;

/** A client's first frame, as the official client writes it and as clients before 3.4 did. */
class ConnectRequestTest {
    private static final byte[] PASSWORD = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    @Test
    void officialRequestIsUnderstood() throws Exception {
        ConnectRequest request = decode(official(PASSWORD, true));
        assertEquals(5L, request.lastZxidSeen());
        assertEquals(30_000, request.timeoutMillis());
        assertEquals(-7L, request.sessionId());
        assertArrayEquals(PASSWORD, request.password());
        assertTrue(request.readOnly());
        assertTrue(request.knowsReadOnly());
        assertFalse(decode(official(PASSWORD, false)).readOnly());
    }

    @Test
    void requestWithoutTheLastByteIsOfAnOldClient() throws Exception {
        byte[] bytes = official(PASSWORD, true);
        assertEquals(45, bytes.length);
        ConnectRequest request = decode(Arrays.copyOf(bytes, 44));
        assertFalse(request.knowsReadOnly());
        assertFalse(request.readOnly());
        assertArrayEquals(PASSWORD, request.password());
    }

    @Test
    void passwordMayBeNull() throws Exception {
        assertNull(decode(official(null, false)).password());
    }

    @Test
    void everyShorterRequestIsMalformed() throws Exception {
        byte[] bytes = official(PASSWORD, false);
        for (int length = 0; length < 44; length++) {
            byte[] prefix = Arrays.copyOf(bytes, length);
            assertThrows(MalformedRecordException.class, () -> decode(prefix), length + " bytes");
        }
    }

    private static ConnectRequest decode(byte[] bytes) throws MalformedRecordException {
        return ConnectRequest.decode(new JuteReader(bytes));
    }

    private static byte[] official(byte[] password, boolean readOnly) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new org.apache.zookeeper.proto.ConnectRequest(0, 5L, 30_000, -7L, password, readOnly)
                .serialize(BinaryOutputArchive.getArchive(out), "");
        return out.toByteArray();
    }
}
