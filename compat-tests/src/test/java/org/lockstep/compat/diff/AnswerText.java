package org.lockstep.compat.diff;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/**
 * Turns the bytes a server sent into a line of text in which every byte counts: two lines are equal only if the frames are
 * equal but for what {@link Names} replaces and for the order of what has none (children, ephemerals, whoAmI, neighbouring
 * digest ACLs).
 */
final class AnswerText {
    static final int EVENT_XID = -1;
    private static final int STAT_BYTES = 68;
    private static final int MULTI_END = -1;

    private final Names names;
    private final JuteReader in = new JuteReader();
    private final StringBuilder out = new StringBuilder();

    AnswerText(Names names) {
        this.names = names;
    }

    /** xid of a received frame, or 0 when the frame is too short to have one. */
    static int xidOf(byte[] frame) {
        return frame.length < Integer.BYTES ? 0 : (int) readBigEndian(frame, 0, Integer.BYTES);
    }

    /** zxid of a received frame, or 0 when the frame is too short to have one. */
    static long zxidOf(byte[] frame) {
        return frame.length < Integer.BYTES + Long.BYTES ? 0 : readBigEndian(frame, Integer.BYTES, Long.BYTES);
    }

    static int errOf(byte[] frame) {
        return frame.length < 16 ? 0 : (int) readBigEndian(frame, 12, Integer.BYTES);
    }

    private static long readBigEndian(byte[] bytes, int offset, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << Byte.SIZE | bytes[offset + i] & 0xff;
        }
        return value;
    }

    /** A watch event. */
    String event(byte[] frame) {
        return render(frame, () -> {
            header();
            out.append(" event type=").append(in.readInt()).append(" state=").append(in.readInt()).append(" path=");
            string();
        });
    }

    /** The reply to {@code request}. */
    String reply(Request request, byte[] frame) {
        return render(frame, () -> {
            int err = header();
            if (err != 0 && KnownDifferences.bodyOfFailureIsIgnored(request.opcode())) {
                in.wrap(frame, frame.length, 0);
            } else if (in.remaining() > 0) {
                out.append(' ');
                body(request.opcode(), err);
            }
        });
    }

    /** The answer to a connection request. The session id in it must have been given a name before. */
    String connectResponse(byte[] frame) {
        return render(frame, () -> {
            out.append("connected protocol=").append(in.readInt()).append(" timeout=").append(in.readInt());
            out.append(" session=").append(names.session(in.readLong()));
            byte[] password = in.readBuffer();
            out.append(" password=").append(password == null ? "null" : password.length + " bytes");
            if (password != null && isZero(password)) {
                out.append(" of 0");
            }
            if (in.remaining() > 0) {
                out.append(" readOnly=").append(in.readByte());
            }
        });
    }

    /** A frame where none is due. */
    String unexpected(byte[] frame) {
        return render(frame, () -> out.append("answers"));
    }

    private static boolean isZero(byte[] bytes) {
        for (byte b : bytes) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private interface Rendering {
        void run() throws MalformedRecordException;
    }

    private String render(byte[] frame, Rendering rendering) {
        in.wrap(frame, 0, frame.length);
        out.setLength(0);
        try {
            rendering.run();
            if (in.remaining() > 0) {
                out.append(" and ").append(in.remaining()).append(" bytes more: ");
                escape(frame, in.position(), in.remaining());
            }
        } catch (MalformedRecordException e) {
            out.append(" ends early; all of it: ");
            escape(frame, 0, frame.length);
        }
        return out.toString();
    }

    private int header() throws MalformedRecordException {
        out.append("xid=").append(in.readInt()).append(" zxid=").append(names.zxid(in.readLong()));
        int err = in.readInt();
        out.append(" err=").append(err);
        return err;
    }

    private void body(int opcode, int err) throws MalformedRecordException {
        if (err != 0 && opcode != OpCode.SASL) {
            return;
        }
        switch (opcode) {
            case OpCode.CREATE, OpCode.SYNC -> string();
            case OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL -> {
                string();
                stat();
            }
            case OpCode.EXISTS, OpCode.SET_DATA, OpCode.SET_ACL -> stat();
            case OpCode.GET_DATA, OpCode.RECONFIG -> {
                string();
                stat();
            }
            case OpCode.GET_ACL -> {
                acls();
                stat();
            }
            case OpCode.GET_CHILDREN, OpCode.GET_EPHEMERALS -> sortedStrings();
            case OpCode.GET_CHILDREN2 -> {
                sortedStrings();
                stat();
            }
            case OpCode.GET_ALL_CHILDREN_NUMBER, OpCode.ADD_WATCH -> out.append(in.readInt());
            case OpCode.WHO_AM_I -> whoAmI();
            case OpCode.MULTI, OpCode.MULTI_READ -> multi();
            case OpCode.SASL -> string();
            default -> { }
        }
    }

    private void multi() throws MalformedRecordException {
        while (true) {
            int type = in.readInt();
            boolean done = in.readBoolean();
            int err = in.readInt();
            out.append('(').append(type).append(done ? " done " : " ").append(err);
            if (done) {
                out.append(')');
                return;
            }
            out.append(' ');
            if (type == MULTI_END) {
                out.append("code ").append(in.readInt());
            } else {
                body(type, 0);
            }
            out.append(')');
        }
    }

    private void stat() throws MalformedRecordException {
        if (in.remaining() < STAT_BYTES) {
            throw new MalformedRecordException("no Stat");
        }
        long czxid = in.readLong();
        long mzxid = in.readLong();
        long ctimeMillis = in.readLong();
        long mtimeMillis = in.readLong();
        out.append(" {c=").append(names.zxid(czxid)).append(" m=").append(names.zxid(mzxid));
        out.append(" ctime=").append(names.time(czxid, ctimeMillis)).append(" mtime=").append(names.time(mzxid, mtimeMillis));
        if (mtimeMillis < ctimeMillis) {
            out.append("(before ctime)");
        }
        out.append(" v=").append(in.readInt()).append(" cv=").append(in.readInt()).append(" av=").append(in.readInt());
        out.append(" owner=").append(names.session(in.readLong()));
        out.append(" length=").append(in.readInt()).append(" children=").append(in.readInt());
        out.append(" p=").append(names.zxid(in.readLong())).append('}');
    }

    private void sortedStrings() throws MalformedRecordException {
        int count = in.readInt();
        List<String> strings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            strings.add(cut(this::string));
        }
        Collections.sort(strings);
        out.append(count).append(strings);
    }

    private void whoAmI() throws MalformedRecordException {
        int count = in.readInt();
        List<String> infos = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            infos.add(cut(() -> {
                string();
                out.append(':');
                string();
            }));
        }
        Collections.sort(infos);
        out.append(count).append(infos);
    }

    private void acls() throws MalformedRecordException {
        int count = in.readInt();
        List<String> acls = new ArrayList<>();
        int runStart = 0;
        for (int i = 0; i < count; i++) {
            String acl = cut(() -> {
                out.append("perms ").append(in.readInt()).append(" scheme ");
                string();
                out.append(" id ");
                string();
            });
            boolean inRun = acl.contains("scheme 'digest'") && i > runStart && samePerms(acls.get(i - 1), acl);
            if (!inRun) {
                Collections.sort(acls.subList(runStart, i));
                runStart = i;
            }
            acls.add(acl);
        }
        Collections.sort(acls.subList(runStart, acls.size()));
        out.append(count).append(acls);
    }

    private static boolean samePerms(String a, String b) {
        return a.contains("scheme 'digest'") && a.substring(0, a.indexOf(" scheme")).equals(b.substring(0, b.indexOf(" scheme")));
    }

    /** What {@code rendering} appends, taken off again. */
    private String cut(Rendering rendering) throws MalformedRecordException {
        int start = out.length();
        rendering.run();
        String text = out.substring(start);
        out.setLength(start);
        return text;
    }

    private void string() throws MalformedRecordException {
        byte[] bytes = in.readBuffer();
        if (bytes == null) {
            out.append("null");
            return;
        }
        out.append('\'');
        escape(bytes, 0, bytes.length);
        out.append('\'');
    }

    private void escape(byte[] bytes, int offset, int length) {
        if (length > 1024) {
            out.append("#").append(length).append(':').append(java.util.Arrays.hashCode(bytes));
            return;
        }
        for (int i = offset; i < offset + length; i++) {
            if (bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '\\') {
                out.append((char) bytes[i]);
            } else {
                out.append(String.format("\\%02x", bytes[i]));
            }
        }
    }
}
