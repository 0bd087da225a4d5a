package org.lockstep.wire.door;

import org.lockstep.wire.OpCode;

/** What {@code cons} and {@code stat} tell of one connection. Written and read on the connection's event loop. */
public final class ConnectionStats {
    public final long establishedMillis;
    public long receivedCount;
    public long sentCount;
    public int queuedCount;
    public int lastOpcode = Integer.MIN_VALUE;
    public int lastCxid = -1;
    public long lastZxid = -1;
    public long lastResponseMillis;
    public long lastLatencyMillis;
    public long minLatencyMillis = Long.MAX_VALUE;
    public long maxLatencyMillis;
    private long latencySumMillis;
    private long latencyCount;

    public ConnectionStats(long establishedMillis) {
        this.establishedMillis = establishedMillis;
    }

    /** Notes a request answered at {@code nowMillis} (wall clock) after {@code latencyMillis}. */
    public void answered(int opcode, int cxid, long zxid, long nowMillis, long latencyMillis) {
        lastOpcode = opcode;
        if (cxid >= 0) {
            lastCxid = cxid;
        }
        lastZxid = zxid;
        lastResponseMillis = nowMillis;
        lastLatencyMillis = latencyMillis;
        minLatencyMillis = Math.min(minLatencyMillis, latencyMillis);
        maxLatencyMillis = Math.max(maxLatencyMillis, latencyMillis);
        latencySumMillis += latencyMillis;
        latencyCount++;
    }

    public long averageLatencyMillis() {
        return latencyCount == 0 ? 0 : latencySumMillis / latencyCount;
    }

    /** What {@code crst} does. */
    public void reset() {
        receivedCount = 0;
        sentCount = 0;
        lastOpcode = Integer.MIN_VALUE;
        lastCxid = -1;
        lastZxid = -1;
        lastResponseMillis = 0;
        lastLatencyMillis = 0;
        minLatencyMillis = Long.MAX_VALUE;
        maxLatencyMillis = 0;
        latencySumMillis = 0;
        latencyCount = 0;
    }

    /** The four letters by which {@code cons} names the last operation. */
    public String lastOperation() {
        return switch (lastOpcode) {
            case OpCode.NOTIFICATION -> "NOTI";
            case OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_TTL, OpCode.CREATE_CONTAINER -> "CREA";
            case OpCode.DELETE, OpCode.DELETE_CONTAINER -> "DELE";
            case OpCode.EXISTS -> "EXIS";
            case OpCode.GET_DATA -> "GETD";
            case OpCode.SET_DATA -> "SETD";
            case OpCode.GET_ACL -> "GETA";
            case OpCode.SET_ACL -> "SETA";
            case OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2 -> "GETC";
            case OpCode.GET_ALL_CHILDREN_NUMBER -> "GETACN";
            case OpCode.SYNC -> "SYNC";
            case OpCode.PING -> "PING";
            case OpCode.CHECK -> "CHEC";
            case OpCode.MULTI -> "MULT";
            case OpCode.MULTI_READ -> "MLTR";
            case OpCode.RECONFIG -> "RECO";
            case OpCode.SET_WATCHES -> "SETW";
            case OpCode.SET_WATCHES2 -> "STW2";
            case OpCode.ADD_WATCH -> "ADDW";
            case OpCode.CHECK_WATCHES -> "CHKW";
            case OpCode.REMOVE_WATCHES -> "REMW";
            case OpCode.WHO_AM_I -> "HOMI";
            case OpCode.GET_EPHEMERALS -> "GETE";
            case OpCode.CREATE_SESSION -> "SESS";
            case OpCode.CLOSE_SESSION -> "CLOS";
            default -> "NA";
        };
    }
}
