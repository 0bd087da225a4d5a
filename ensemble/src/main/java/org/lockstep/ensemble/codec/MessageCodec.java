package org.lockstep.ensemble.codec;

import java.nio.ByteBuffer;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Report;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;

/**
 * Messages as they are sent: type (1 byte), fields; a data slot's (or a forward's) payload is the rest. The version is that of
 * the connection. Stateless; any thread.
 *
 * <p>A {@link Message.Transfer} is encoded without its content, which is the driver's and goes as a stream of its own, led by
 * this message; it is decoded with a null content.
 */
public final class MessageCodec {
    /** Message types are below; a transport's own frames are from here on. */
    public static final int TRANSPORT_TYPES = 64;

    private static final int DATA = 1;
    private static final int ROW = 2;
    private static final int RESUME = 3;
    private static final int STATUS = 4;
    private static final int PREPARE = 5;
    private static final int PROMISE = 6;
    private static final int REFUSED = 7;
    private static final int ACCEPT = 8;
    private static final int ACCEPTED = 9;
    private static final int DECIDED = 10;
    private static final int JOIN_REQUEST = 11;
    private static final int TRANSFER_REQUEST = 12;
    private static final int TRANSFER = 13;
    private static final int JOIN_READY = 14;

    private MessageCodec() {}

    /**
     * Appends {@code message} to {@code out}, but for the {@link #payload} that must follow it.
     *
     * @throws IllegalArgumentException for a view of more than 64 members, and a kind of message that has no encoding
     */
    public static void encode(Message message, WireWriter out) {
        if (message instanceof Message.Data data) {
            encode(data, out);
        } else if (message instanceof Message.RowUpdate update) {
            out.putByte(ROW);
            Fields.writeRow(out, update.row());
        } else if (message instanceof Message.Resume resume) {
            out.putByte(RESUME);
            out.putUnsigned(resume.viewId());
            out.putIndex(resume.received());
            out.putFlag(resume.ask());
        } else if (message instanceof Message.Status status) {
            out.putByte(STATUS);
            out.putUnsigned(status.liveViewId());
            out.putUnsigned(status.decidedViewId());
            out.putFlag(status.blank());
            out.putFlag(status.cutOff());
        } else if (message instanceof Message.Decided decided) {
            out.putByte(DECIDED);
            Fields.writeView(out, decided.view());
        } else if (!encodeElection(message, out) && !encodeJoining(message, out) && !FollowingCodec.encode(message, out)) {
            throw new IllegalArgumentException("no encoding for " + message);
        }
    }

    private static void encode(Message.Data data, WireWriter out) {
        Position position = data.slot().position();
        out.putByte(DATA);
        out.putUnsigned(position.viewId());
        out.putUnsigned(position.index());
        out.putByte(position.rank());
        out.putUnsigned(position.index() - data.previousIndex());
    }

    private static boolean encodeElection(Message message, WireWriter out) {
        if (message instanceof Message.Prepare prepare) {
            begin(out, PREPARE, prepare.viewId(), prepare.ballot());
            Fields.writeViewOrNone(out, prepare.previous());
        } else if (message instanceof Message.Promise promise) {
            begin(out, PROMISE, promise.viewId(), promise.ballot());
            Fields.writeReport(out, promise.report());
            Fields.writeBallot(out, promise.acceptedBallot());
            Fields.writeViewOrNone(out, promise.accepted());
        } else if (message instanceof Message.Refused refused) {
            begin(out, REFUSED, refused.viewId(), refused.promised());
        } else if (message instanceof Message.Accept accept) {
            begin(out, ACCEPT, accept.viewId(), accept.ballot());
            Fields.writeView(out, accept.value());
        } else if (message instanceof Message.Accepted accepted) {
            begin(out, ACCEPTED, accepted.viewId(), accepted.ballot());
        } else {
            return false;
        }
        return true;
    }

    private static void begin(WireWriter out, int type, long viewId, Ballot ballot) {
        out.putByte(type);
        out.putUnsigned(viewId);
        Fields.writeBallot(out, ballot);
    }

    private static boolean encodeJoining(Message message, WireWriter out) {
        if (message instanceof Message.JoinRequest request) {
            out.putByte(JOIN_REQUEST);
            out.putUnsigned(request.decidedViewId());
        } else if (message instanceof Message.TransferRequest request) {
            begin(out, TRANSFER_REQUEST, request.ballot(), request.attempt());
            Fields.writeView(out, request.value());
            out.putUnsigned(request.joinerId());
        } else if (message instanceof Message.Transfer transfer) {
            begin(out, TRANSFER, transfer.ballot(), transfer.attempt());
            Fields.writeView(out, transfer.value());
        } else if (message instanceof Message.JoinReady ready) {
            begin(out, JOIN_READY, ready.ballot(), ready.attempt());
            out.putUnsigned(ready.viewId());
        } else {
            return false;
        }
        return true;
    }

    private static void begin(WireWriter out, int type, Ballot ballot, int attempt) {
        out.putByte(type);
        Fields.writeBallot(out, ballot);
        out.putUnsigned(attempt);
    }

    /** What follows the encoded message, or null; the slot's own array, not a copy. */
    public static byte[] payload(Message message) {
        if (message instanceof Message.Data data) {
            return data.slot().payload();
        }
        return message instanceof Message.Forward forward ? forward.payload() : null;
    }

    /**
     * Decodes the one message that the buffer holds, from its position to its limit. What it returns shares nothing with the
     * buffer.
     */
    public static Message decode(ByteBuffer bytes) throws MalformedMessageException {
        WireReader in = new WireReader(bytes);
        int type = in.readByte("message type");
        Message message = switch (type) {
            case DATA -> decodeData(in);
            case ROW -> new Message.RowUpdate(Fields.readRow(in));
            case RESUME -> new Message.Resume(Fields.readViewId(in), in.readIndex(Fields.INDEX_MAX, "received"),
                    in.readFlag("asks for the same"));
            case STATUS -> new Message.Status(Fields.readViewId(in), Fields.readViewId(in), in.readFlag("is blank"),
                    in.readFlag("is cut off"));
            case PREPARE -> new Message.Prepare(Fields.readViewId(in), Fields.readBallot(in),
                    Fields.readViewOrNone(in, "prepare names the view before"));
            case PROMISE -> decodePromise(in);
            case REFUSED -> new Message.Refused(Fields.readViewId(in), Fields.readBallot(in));
            case ACCEPT -> new Message.Accept(Fields.readViewId(in), Fields.readBallot(in), Fields.readView(in));
            case ACCEPTED -> new Message.Accepted(Fields.readViewId(in), Fields.readBallot(in));
            case DECIDED -> new Message.Decided(Fields.readView(in));
            case JOIN_REQUEST -> new Message.JoinRequest(Fields.readViewId(in));
            case TRANSFER_REQUEST -> new Message.TransferRequest(Fields.readBallot(in), readAttempt(in), Fields.readView(in),
                    Fields.readServerId(in, "joiner"));
            case TRANSFER -> new Message.Transfer(Fields.readBallot(in), readAttempt(in), Fields.readView(in), null);
            case JOIN_READY -> new Message.JoinReady(Fields.readBallot(in), readAttempt(in), Fields.readViewId(in));
            default -> FollowingCodec.decode(type, in);
        };
        if (message == null) {
            throw new MalformedMessageException("unknown message type " + type);
        }
        in.end("a message of type " + type);
        return message;
    }

    private static int readAttempt(WireReader in) throws MalformedMessageException {
        return (int) in.readUnsigned(Integer.MAX_VALUE, "attempt");
    }

    private static Message decodeData(WireReader in) throws MalformedMessageException {
        long viewId = Fields.readViewId(in);
        long index = in.readUnsigned(Fields.INDEX_MAX, "slot's index");
        int rank = Fields.readRank(in);
        long previous = index - in.readUnsigned(index + 1, "distance from the slot before");
        if (previous == index) {
            throw new MalformedMessageException("slot " + index + " names itself as the one before it");
        }
        byte[] payload = in.readBytes(in.remaining(), "payload");
        return new Message.Data(new Slot(new Position(viewId, index, rank), payload), previous);
    }

    private static Message decodePromise(WireReader in) throws MalformedMessageException {
        long viewId = Fields.readViewId(in);
        Ballot ballot = Fields.readBallot(in);
        Report report = Fields.readReport(in);
        Ballot acceptedBallot = Fields.readBallot(in);
        ViewRecord accepted = Fields.readViewOrNone(in, "promise carries a value");
        return new Message.Promise(viewId, ballot, report, acceptedBallot, accepted);
    }
}
