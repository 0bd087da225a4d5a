package org.lockstep.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.lockstep.state.Node;
import org.lockstep.state.NodeCodec;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/**
 * The values of znodes: CRC32C over key and rest (4); under a hashed key the length of the full name (4) and the name; then the
 * node as {@link NodeCodec} writes it. Not thread-safe; the buffers are reused.
 */
final class NodeRecords {
    private static final int CRC_BYTES = 4;
    private static final int KEPT_BYTES_MAX = 1 << 20;
    /** Far above the largest request; a longer value is a damaged length, and reading it could leave the file. */
    private static final int VALUE_BYTES_MAX = 256 << 20;

    private final Path file;
    private final NodeCodec codec = new NodeCodec();
    private final CRC32C crc = new CRC32C();
    private final JuteWriter out = new JuteWriter(4096);
    private ByteBuffer direct = ByteBuffer.allocateDirect(4096);
    private byte[] scratch = new byte[4096];

    NodeRecords(Path file) {
        this.file = file;
    }

    /** The value of {@code node} under {@code keys}' current key; valid until the next call. */
    ByteBuffer encode(NodeKeys keys, Node node) {
        out.reset();
        out.writeInt(0);
        if (keys.longName() != null) {
            out.writeBuffer(keys.longName());
        }
        codec.encode(node, out);
        out.setInt(0, checksum(keys, out.array(), CRC_BYTES, out.length()));
        if (direct.capacity() < out.length()) {
            direct = ByteBuffer.allocateDirect(Math.max(out.length(), 2 * direct.capacity()));
        }
        return direct.clear().put(out.array(), 0, out.length()).flip();
    }

    /** The node in {@code value}, found under {@code keys}' current key. */
    Node decode(NodeKeys keys, ByteBuffer value) {
        int length = value.remaining();
        if (length < CRC_BYTES || length > VALUE_BYTES_MAX) {
            throw damaged("a node has " + length + " bytes");
        }
        byte[] bytes = length <= scratch.length ? scratch : grow(length);
        value.get(0, bytes, 0, length);
        if (checksum(keys, bytes, CRC_BYTES, length) != value.getInt(0)) {
            throw damaged("the checksum of a node is wrong");
        }
        int offset = CRC_BYTES;
        if (keys.longName() != null) {
            int nameEnd = offset + Integer.BYTES + value.getInt(offset);
            if (!Arrays.equals(bytes, offset + Integer.BYTES, nameEnd, keys.longName(), 0, keys.longName().length)) {
                throw damaged("two long names share one hash");
            }
            offset = nameEnd;
        }
        try {
            return codec.decode(bytes, offset, length - offset);
        } catch (MalformedRecordException e) {
            throw damaged("a node does not decode: " + e.getMessage());
        }
    }

    /** Checks the checksum of a value under the key it was found with; both buffers are used up. */
    void verify(ByteBuffer key, ByteBuffer value) {
        if (value.remaining() < CRC_BYTES || value.remaining() > VALUE_BYTES_MAX) {
            throw damaged("a node has " + value.remaining() + " bytes");
        }
        int expected = value.getInt();
        crc.reset();
        crc.update(key);
        crc.update(value);
        if ((int) crc.getValue() != expected) {
            throw damaged("the checksum of a node is wrong");
        }
    }

    /** The full name in the value under a hashed key. */
    String longName(ByteBuffer value) {
        int length = value.remaining() < CRC_BYTES + Integer.BYTES ? -1 : value.getInt(CRC_BYTES);
        if (length < 0 || length > value.remaining() - CRC_BYTES - Integer.BYTES) {
            throw damaged("a long name is cut short");
        }
        byte[] name = new byte[length];
        value.get(CRC_BYTES + Integer.BYTES, name);
        return new String(name, StandardCharsets.UTF_8);
    }

    private byte[] grow(int length) {
        byte[] bytes = new byte[length];
        if (length <= KEPT_BYTES_MAX) {
            scratch = bytes;
        }
        return bytes;
    }

    private int checksum(NodeKeys keys, byte[] bytes, int from, int to) {
        crc.reset();
        crc.update(keys.bytes(), 0, keys.length());
        crc.update(bytes, from, to - from);
        return (int) crc.getValue();
    }

    private DataDirectoryException damaged(String what) {
        return MetaPages.damaged(file, what);
    }
}
