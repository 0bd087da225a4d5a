package org.lockstep.state;

import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/**
 * Applies a multi of writes: all of them under one zxid, or none. The record is a sequence of headers {@code (type, done, err)},
 * each with the request behind it, closed by one with {@code done} set. Not thread-safe.
 */
final class MultiWrites {
    static final int NULL_ACL = -1;
    private static final int RESULT_ERROR = -1;

    private final NodeStore store;
    private final Events events;
    private final Quotas quotas;
    private final Writes writes;
    private final WriteRequest request;
    private final Caller caller;
    private final JuteReader scan = new JuteReader();
    private boolean pathMissing;

    MultiWrites(Tree tree, Writes writes, WriteRequest request, Caller caller) {
        this.store = tree.store;
        this.events = tree.events;
        this.quotas = tree.quotas;
        this.writes = writes;
        this.request = request;
        this.caller = caller;
    }

    /**
     * Does the multi in {@code in} and appends its results to {@code out}.
     *
     * @return OK also when a request in it failed and nothing was done: the results say so. An error only for a multi that as a
     *     whole makes no sense
     * @param count the number of requests in it, from {@link #scan}
     * @throws MalformedRecordException when it cannot be decoded; nothing was done
     */
    int execute(int count, JuteReader in, JuteWriter out) throws MalformedRecordException {
        store.begin();
        int err = ErrorCode.OK;
        int done = 0;
        try {
            while (done < count && err == ErrorCode.OK) {
                err = executeNext(in, out);
                done += err == ErrorCode.OK ? 1 : 0;
            }
        } catch (MalformedRecordException e) {
            rollBack();
            throw e;
        }
        if (err == ErrorCode.OK) {
            store.commit();
            writeHeader(out, RESULT_ERROR, true, -1);
            return ErrorCode.OK;
        }
        rollBack();
        if (err != ErrorCode.QUOTA_EXCEEDED) {
            quotas.takeExcess(); // nothing came of it
        }
        if (err == ErrorCode.MARSHALLING_ERROR) {
            return err;
        }
        out.reset();
        writeFailure(out, count, done, err);
        return ErrorCode.OK;
    }

    private void rollBack() {
        store.rollBack();
        events.clear();
    }

    private int executeNext(JuteReader in, JuteWriter out) throws MalformedRecordException {
        int type = in.readInt();
        in.readBoolean();
        in.readInt();
        request.decode(type, in, caller);
        request.opcode = effectiveType(type, request.flags);
        writeHeader(out, resultType(request.opcode), false, ErrorCode.OK);
        return writes.execute(request, out);
    }

    /**
     * In a multi it is the flags that make a container of a create, unlike outside; and a createTTL whose flags ask for no TTL is
     * a plain create (ZooKeeper's {@code MultiOperationRecord}).
     */
    private int effectiveType(int type, int flags) {
        boolean create = type == OpCode.CREATE || type == OpCode.CREATE2 || type == OpCode.CREATE_TTL;
        if (create && flags == CreateFlags.CONTAINER) {
            request.ttlMillis = -1;
            return OpCode.CREATE_CONTAINER;
        }
        if (type == OpCode.CREATE_TTL && !CreateFlags.isTtl(flags)) {
            request.ttlMillis = -1;
            return OpCode.CREATE;
        }
        return type;
    }

    private static int resultType(int opcode) {
        return opcode == OpCode.CREATE_CONTAINER || opcode == OpCode.CREATE_TTL ? OpCode.CREATE2 : opcode;
    }

    private static void writeFailure(JuteWriter out, int count, int failedAt, int err) {
        for (int i = 0; i < count; i++) {
            int code = i < failedAt ? ErrorCode.OK : i == failedAt ? err : ErrorCode.RUNTIME_INCONSISTENCY;
            writeHeader(out, RESULT_ERROR, false, code);
            out.writeInt(code);
        }
        writeHeader(out, RESULT_ERROR, true, -1);
    }

    static void writeHeader(JuteWriter out, int type, boolean done, int err) {
        out.writeInt(type).writeBoolean(done).writeInt(err);
    }

    /**
     * Steps through the whole record that {@code in} stands before, and leaves {@code in} there.
     *
     * @return the number of requests in it; {@link #NULL_ACL} when one has no ACL, of which ZooKeeper makes an error without
     *     a zxid
     * @throws MalformedRecordException when it cannot be decoded, or a path is null
     */
    int scan(JuteReader in) throws MalformedRecordException {
        scan.wrap(in.buffer(), in.position(), in.remaining());
        pathMissing = false;
        int count = scanRequests(scan);
        if (count >= 0 && pathMissing) {
            throw new MalformedRecordException("null path in a multi");
        }
        return count;
    }

    private int scanRequests(JuteReader in) throws MalformedRecordException {
        int count = 0;
        while (true) {
            int type = in.readInt();
            boolean done = in.readBoolean();
            in.readInt();
            if (done) {
                return count;
            }
            if (!scanRequest(type, in)) {
                return NULL_ACL;
            }
            count++;
        }
    }

    /** Steps over one request; false when it is a create without an ACL. */
    private boolean scanRequest(int type, JuteReader in) throws MalformedRecordException {
        pathMissing |= in.skipBuffer() < 0;
        switch (type) {
            case OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER -> {
                in.skipBuffer();
                int aclCount = AccessControl.skip(in);
                int flags = in.readInt();
                if (!CreateFlags.isKnown(flags) || (aclCount >= 0 && CreateFlags.isTtl(flags))) {
                    throw new MalformedRecordException("create with flags " + flags + " in a multi");
                }
                return aclCount >= 0;
            }
            case OpCode.CREATE_TTL -> {
                in.skipBuffer();
                AccessControl.skip(in);
                in.readInt();
                in.readLong();
            }
            case OpCode.SET_DATA -> {
                in.skipBuffer();
                in.readInt();
            }
            case OpCode.DELETE, OpCode.CHECK -> in.readInt();
            default -> throw new MalformedRecordException("request type " + type + " in a multi");
        }
        return true;
    }
}
