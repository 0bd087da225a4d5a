package org.lockstep.state;

import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/** The fields of one write request, decoded. Reused for each; not thread-safe. */
final class WriteRequest {
    /** The kind of request; in a multi not always the one its header names. */
    int opcode;
    String path;
    /** The part of {@link #path} before its last slash; null without a slash. For creates and deletes. */
    String parentPath;
    byte[] data;
    /** The list as a node keeps it; null when what was sent is not acceptable. */
    AclList acl;
    int flags;
    long ttlMillis;
    int version;

    private final PathDecoder paths;
    private final AccessControl access;

    WriteRequest(PathDecoder paths, AccessControl access) {
        this.paths = paths;
        this.access = access;
    }

    /** Reads the record of a request of type {@code type}. */
    void decode(int type, JuteReader in, Caller caller) throws MalformedRecordException {
        opcode = type;
        switch (type) {
            case OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER -> {
                decodeCreate(in, caller);
                ttlMillis = -1;
            }
            case OpCode.CREATE_TTL -> {
                decodeCreate(in, caller);
                ttlMillis = in.readLong();
            }
            case OpCode.DELETE -> {
                decodeChildPath(in);
                version = in.readInt();
            }
            case OpCode.DELETE_CONTAINER -> {
                decodeChildPath(in);
                if (path == null) {
                    throw new MalformedRecordException("null path");
                }
            }
            case OpCode.SET_DATA -> {
                path = paths.read(in);
                data = in.readBuffer();
                version = in.readInt();
            }
            case OpCode.SET_ACL -> {
                path = paths.read(in);
                acl = access.read(in, caller);
                version = in.readInt();
            }
            case OpCode.CHECK -> {
                path = paths.read(in);
                version = in.readInt();
            }
            default -> throw new MalformedRecordException("request type " + type + " is no write of a single node");
        }
    }

    private void decodeCreate(JuteReader in, Caller caller) throws MalformedRecordException {
        decodeChildPath(in);
        data = in.readBuffer();
        acl = access.read(in, caller);
        flags = in.readInt();
    }

    private void decodeChildPath(JuteReader in) throws MalformedRecordException {
        int start = in.position() + Integer.BYTES;
        path = paths.read(in);
        parentPath = path == null ? null : paths.decodeParent(in.buffer(), start, in.position() - start);
    }
}
