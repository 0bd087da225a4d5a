package org.lockstep.ensemble.tcp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.WireReader;
import org.lockstep.ensemble.codec.WireWriter;
import org.lockstep.ensemble.core.MemberId;

/**
 * The first word on a connection, and the answer to it. Magic, version, length, and the form of a refusal are the same in all
 * versions of the protocol, so that servers of two versions can at least tell each other so.
 *
 * <pre>magic (8) version (2) length of the rest (2) kind (1) fields CRC32C of all before (4)</pre>
 *
 * @param kind what the connection is for, or what the answer is
 * @param member the process that speaks; null in a refusal
 * @param peerId the server that the speaker believes to be at the other end
 * @param ensembleId the ensemble it belongs to, or null when it does not know yet
 * @param refusal why, in a refusal; else null
 * @param text what to log, in a refusal; else null
 */
record Hello(Kind kind, MemberId member, int peerId, UUID ensembleId, Refusal refusal, String text) {
    static final int VERSION = 1;
    static final int PREFIX_BYTES = 12;
    static final int REST_BYTES_MAX = 512;
    static final long MAGIC = ByteBuffer.wrap("LOCKSTEP".getBytes(StandardCharsets.US_ASCII)).getLong();
    private static final int TEXT_BYTES_MAX = 400;
    private static final int CRC_BYTES = 4;

    /** What the connection is for, or what the answer is. */
    enum Kind { ORDER, BULK, WELCOME, REFUSED }

    static Hello refused(Refusal refusal, String text) {
        return new Hello(Kind.REFUSED, null, 0, null, refusal, text);
    }

    byte[] encode() {
        WireWriter out = new WireWriter();
        if (kind == Kind.REFUSED) {
            out.putByte(code(kind));
            out.putByte(refusal.code());
            out.putText(text.length() > TEXT_BYTES_MAX / 4 ? text.substring(0, TEXT_BYTES_MAX / 4) : text);
        } else {
            out.putByte(code(kind));
            out.putUnsigned(member.serverId());
            out.putUuid(member.diskId());
            out.putLong(member.incarnation());
            out.putUnsigned(peerId);
            out.putFlag(ensembleId != null);
            if (ensembleId != null) {
                out.putUuid(ensembleId);
            }
        }
        ByteBuffer whole = ByteBuffer.allocate(PREFIX_BYTES + out.length() + CRC_BYTES);
        whole.putLong(MAGIC).putShort((short) VERSION).putShort((short) (out.length() + CRC_BYTES));
        whole.put(out.array(), 0, out.length());
        CRC32C crc = new CRC32C();
        crc.update(whole.array(), 0, whole.position());
        return whole.putInt((int) crc.getValue()).array();
    }

    /** Decodes the whole of a hello of this version, prefix included; of another version only a refusal. */
    static Hello decode(byte[] whole) throws MalformedMessageException {
        CRC32C crc = new CRC32C();
        int checked = whole.length - CRC_BYTES;
        if (checked <= PREFIX_BYTES) {
            throw new MalformedMessageException("an empty hello");
        }
        crc.update(whole, 0, checked);
        if ((int) crc.getValue() != ByteBuffer.wrap(whole).getInt(checked)) {
            throw new MalformedMessageException("the checksum of its hello is wrong");
        }
        WireReader in = new WireReader(ByteBuffer.wrap(whole, PREFIX_BYTES, checked - PREFIX_BYTES));
        Kind kind = kind(in.readByte("kind of hello"));
        int version = versionOf(whole);
        if (kind == Kind.REFUSED) {
            return refused(Refusal.ofCode(in.readByte("reason of a refusal")), in.readText(TEXT_BYTES_MAX, "text of a refusal"));
        }
        if (version != VERSION) {
            throw new MalformedMessageException("it speaks version " + version + " of the protocol, this server " + VERSION);
        }
        MemberId member = new MemberId((int) in.readUnsigned(Integer.MAX_VALUE, "server id"), in.readUuid("disk id"),
                in.readLong("incarnation"));
        int peerId = (int) in.readUnsigned(Integer.MAX_VALUE, "peer's server id");
        UUID ensembleId = in.readFlag("knows its ensemble") ? in.readUuid("ensemble id") : null;
        in.end("a hello");
        return new Hello(kind, member, peerId, ensembleId, null, null);
    }

    static int versionOf(byte[] whole) {
        return ByteBuffer.wrap(whole).getShort(Long.BYTES) & 0xffff;
    }

    private static int code(Kind kind) {
        return switch (kind) {
            case ORDER -> 1;
            case BULK -> 2;
            case WELCOME -> 3;
            case REFUSED -> 4;
        };
    }

    private static Kind kind(int code) throws MalformedMessageException {
        return switch (code) {
            case 1 -> Kind.ORDER;
            case 2 -> Kind.BULK;
            case 3 -> Kind.WELCOME;
            case 4 -> Kind.REFUSED;
            default -> throw new MalformedMessageException("unknown kind of hello: " + code);
        };
    }

    boolean isGreeting() {
        return kind == Kind.ORDER || kind == Kind.BULK;
    }
}
