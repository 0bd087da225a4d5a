package org.lockstep.compat.consistency;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.lockstep.compat.consistency.NodeClient.Flavour;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** Bodies of requests and replies. */
final class Requests {
    private Requests() {}

    static int opcode(List<Part> parts) {
        return parts.size() > 1 ? OpCode.MULTI : opcode(parts.get(0));
    }

    private static int opcode(Part part) {
        return switch (part.kind()) {
            case READ -> OpCode.GET_DATA;
            case CREATE -> OpCode.CREATE2;
            case SET -> OpCode.SET_DATA;
            case DELETE -> OpCode.DELETE;
            case CHECK -> OpCode.CHECK;
        };
    }

    static JuteWriter body(List<Part> parts, Flavour flavour) {
        JuteWriter out = new JuteWriter();
        if (parts.size() == 1) {
            append(out, parts.get(0), flavour);
            return out;
        }
        for (Part part : parts) {
            out.writeInt(opcode(part)).writeBoolean(false).writeInt(-1);
            append(out, part, Flavour.PERSISTENT);
        }
        return out.writeInt(-1).writeBoolean(true).writeInt(-1);
    }

    private static void append(JuteWriter out, Part part, Flavour flavour) {
        out.writeString(part.path());
        switch (part.kind()) {
            case READ -> out.writeBoolean(false);
            case CREATE -> out.writeBuffer(part.value().getBytes(UTF_8)).writeInt(1).writeInt(Perms.ALL).writeString("world")
                    .writeString("anyone").writeInt(flavour.flags());
            case SET -> out.writeBuffer(part.value().getBytes(UTF_8)).writeInt(part.version());
            case DELETE, CHECK -> out.writeInt(part.version());
        }
    }

    static List<Part> answered(List<Part> parts, int error, JuteReader body) throws IOException, MalformedRecordException {
        if (parts.size() == 1) {
            return List.of(error == ErrorCode.OK ? answered(parts.get(0), body) : parts.get(0).answered(error, null));
        }
        List<Part> answered = new ArrayList<>();
        if (error != ErrorCode.OK && body.remaining() == 0) {
            throw new IOException("multi failed with " + error);
        }
        for (Part part : parts) {
            int type = body.readInt();
            body.readBoolean();
            body.readInt();
            answered.add(type == OpCode.ERROR ? part.answered(body.readInt(), null) : answered(part, body));
        }
        return answered;
    }

    private static Part answered(Part part, JuteReader body) throws MalformedRecordException {
        return switch (part.kind()) {
            case CREATE -> {
                Part named = part.named(body.readString());
                yield named.answered(ErrorCode.OK, state(named.value(), body));
            }
            case READ -> part.answered(ErrorCode.OK, state(new String(body.readBuffer(), UTF_8), body));
            case SET -> part.answered(ErrorCode.OK, state(part.value(), body));
            case DELETE, CHECK -> part;
        };
    }

    private static NodeState state(String value, JuteReader stat) throws MalformedRecordException {
        long czxid = stat.readLong();
        long mzxid = stat.readLong();
        stat.readLong();
        stat.readLong();
        int version = stat.readInt();
        // cversion, aversion, ephemeralOwner, dataLength, numChildren, pzxid
        stat.readInt();
        stat.readInt();
        stat.readLong();
        stat.readInt();
        stat.readInt();
        stat.readLong();
        return new NodeState(value, version, czxid, mzxid);
    }
}
