package org.lockstep.wire;

/**
 * Request types of ZooKeeper's wire protocol, and those that only Lockstep's own log knows.
 *
 * <p>Numbers are ZooKeeper's ({@code ZooDefs.OpCode}); the internal ones lie far below any of them and are never accepted from
 * a client.
 */
public final class OpCode {
    public static final int NOTIFICATION = 0;
    public static final int CREATE = 1;
    public static final int DELETE = 2;
    public static final int EXISTS = 3;
    public static final int GET_DATA = 4;
    public static final int SET_DATA = 5;
    public static final int GET_ACL = 6;
    public static final int SET_ACL = 7;
    public static final int GET_CHILDREN = 8;
    public static final int SYNC = 9;
    public static final int PING = 11;
    public static final int GET_CHILDREN2 = 12;
    public static final int CHECK = 13;
    public static final int MULTI = 14;
    public static final int CREATE2 = 15;
    public static final int RECONFIG = 16;
    public static final int CHECK_WATCHES = 17;
    public static final int REMOVE_WATCHES = 18;
    public static final int CREATE_CONTAINER = 19;
    public static final int DELETE_CONTAINER = 20;
    public static final int CREATE_TTL = 21;
    public static final int MULTI_READ = 22;
    public static final int AUTH = 100;
    public static final int SET_WATCHES = 101;
    public static final int SASL = 102;
    public static final int GET_EPHEMERALS = 103;
    public static final int GET_ALL_CHILDREN_NUMBER = 104;
    public static final int SET_WATCHES2 = 105;
    public static final int ADD_WATCH = 106;
    public static final int WHO_AM_I = 107;
    public static final int CREATE_SESSION = -10;
    public static final int CLOSE_SESSION = -11;
    public static final int ERROR = -1;

    /** Internal: a session moves to another connection, on whichever server; bumps its attach counter. Takes no zxid. */
    public static final int ATTACH_SESSION = -1001;
    /** Internal: closeSession on behalf of an expired session; refused when the attach counter is not the current one. */
    public static final int EXPIRE_SESSION = -1002;
    /** Internal: deletes an empty container or an outlived TTL node; takes a zxid, as ZooKeeper's reaper does. */
    public static final int REAP_NODE = -1003;
    /**
     * Internal: holds a place in the order and changes nothing; takes no zxid. Once it is applied, so is all that anybody had
     * seen when it was sent.
     */
    public static final int MARKER = -1004;
    /**
     * Internal: an observer says which of its clients' sessions it has heard of, for those who keep their time. Changes nothing
     * and takes no zxid.
     */
    public static final int SESSIONS_HEARD = -1005;
    /** Internal: a server says what digest its state has at a place of the order. Changes nothing and takes no zxid. */
    public static final int COMPARE_DIGEST = -1006;

    private OpCode() {}

    /** True for a request that is ordered by the log (it may consume a zxid); {@link #SYNC} is ordered but takes none. */
    public static boolean isOrdered(int opcode) {
        return switch (opcode) {
            case CREATE, CREATE2, CREATE_CONTAINER, CREATE_TTL, DELETE, DELETE_CONTAINER, SET_DATA, SET_ACL, MULTI, RECONFIG,
                    CREATE_SESSION, CLOSE_SESSION, SYNC, ATTACH_SESSION, EXPIRE_SESSION, REAP_NODE,
                    MARKER, SESSIONS_HEARD, COMPARE_DIGEST -> true;
            default -> false;
        };
    }

    /** True for a request type that a client may send after its session is set up. */
    public static boolean isClientRequest(int opcode) {
        return switch (opcode) {
            case CREATE, CREATE2, CREATE_CONTAINER, CREATE_TTL, DELETE, DELETE_CONTAINER, SET_DATA, SET_ACL, MULTI, RECONFIG,
                    CLOSE_SESSION, SYNC, EXISTS, GET_DATA, GET_ACL, GET_CHILDREN, GET_CHILDREN2, PING, CHECK_WATCHES,
                    REMOVE_WATCHES, MULTI_READ, AUTH, SASL, SET_WATCHES, SET_WATCHES2, ADD_WATCH, GET_EPHEMERALS,
                    GET_ALL_CHILDREN_NUMBER, WHO_AM_I -> true;
            default -> false;
        };
    }
}
