package org.lockstep.ensemble.codec;

import java.nio.ByteBuffer;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * Records as they are stored: format (1 byte), kind (1 byte), fields. The store adds its own checksum. Stateless; any thread.
 *
 * <p>Decoders read the buffer from its position to its limit and take nothing but one whole record of their kind; they throw
 * {@link MalformedMessageException}, also for a format that this release does not know. Encoders throw {@link
 * IllegalArgumentException} for a view of more than 64 members.
 */
public final class RecordCodec {
    /** Of every record written here; raised when a field changes. */
    public static final byte FORMAT = 1;

    private enum Kind { VIEW, ACCEPTOR, MEMBER, TRIM }

    private RecordCodec() {}

    public static byte[] encode(ViewRecord view) {
        WireWriter out = begin(Kind.VIEW);
        Fields.writeView(out, view);
        return out.toByteArray();
    }

    public static ViewRecord decodeView(ByteBuffer bytes) throws MalformedMessageException {
        WireReader in = begin(bytes, Kind.VIEW, "view record");
        ViewRecord view = Fields.readView(in);
        in.end("a view record");
        return view;
    }

    public static byte[] encode(AcceptorRecord acceptor) {
        WireWriter out = begin(Kind.ACCEPTOR);
        Fields.writeAcceptor(out, acceptor);
        return out.toByteArray();
    }

    public static AcceptorRecord decodeAcceptor(ByteBuffer bytes) throws MalformedMessageException {
        WireReader in = begin(bytes, Kind.ACCEPTOR, "acceptor record");
        AcceptorRecord acceptor = Fields.readAcceptor(in);
        in.end("an acceptor record");
        return acceptor;
    }

    public static byte[] encode(MemberId member) {
        WireWriter out = begin(Kind.MEMBER);
        Fields.writeMember(out, member);
        return out.toByteArray();
    }

    public static MemberId decodeMember(ByteBuffer bytes) throws MalformedMessageException {
        WireReader in = begin(bytes, Kind.MEMBER, "member record");
        MemberId member = Fields.readMember(in, "member");
        in.end("a member record");
        return member;
    }

    public static byte[] encode(Trim trim) {
        WireWriter out = begin(Kind.TRIM);
        Fields.writeTrim(out, trim);
        return out.toByteArray();
    }

    public static Trim decodeTrim(ByteBuffer bytes) throws MalformedMessageException {
        WireReader in = begin(bytes, Kind.TRIM, "trim record");
        Trim trim = Fields.readTrim(in);
        in.end("a trim record");
        return trim;
    }

    private static int code(Kind kind) {
        return switch (kind) {
            case VIEW -> 'V';
            case ACCEPTOR -> 'A';
            case MEMBER -> 'M';
            case TRIM -> 'T';
        };
    }

    private static WireWriter begin(Kind kind) {
        WireWriter out = new WireWriter();
        out.putByte(FORMAT);
        out.putByte(code(kind));
        return out;
    }

    private static WireReader begin(ByteBuffer bytes, Kind kind, String what) throws MalformedMessageException {
        WireReader in = new WireReader(bytes.slice());
        int format = in.readByte(what + "'s format");
        if (format != FORMAT) {
            throw new MalformedMessageException(what + " of format " + format + ", this release knows format " + FORMAT);
        }
        int found = in.readByte(what + "'s kind");
        if (found != code(kind)) {
            throw new MalformedMessageException("a record of kind " + found + " where a " + what + " should be");
        }
        return in;
    }
}
