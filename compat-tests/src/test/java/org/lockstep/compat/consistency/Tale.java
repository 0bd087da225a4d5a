package org.lockstep.compat.consistency;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.wire.ErrorCode;

/** A history written by hand, for tests of the checkers. Times are small numbers; the session of client c is 100 + c. */
final class Tale {
    private final List<Operation> operations = new ArrayList<>();

    /** A request that succeeded. */
    Tale ok(int client, long invoked, long returned, long zxid, Part... parts) {
        return add(client, invoked, returned, Status.OK, zxid, false, parts);
    }

    /** A request that the server refused; the parts carry the errors. */
    Tale refused(int client, long invoked, long returned, long zxid, Part... parts) {
        return add(client, invoked, returned, Status.REFUSED, zxid, false, parts);
    }

    /** A request without reply. */
    Tale lost(int client, long invoked, Part... parts) {
        return add(client, invoked, Operation.NEVER, Status.UNKNOWN, 0, false, parts);
    }

    /** A read that found something. */
    Tale read(int client, long invoked, long returned, String path, NodeState seen) {
        return add(client, invoked, returned, Status.OK, 0, false, Part.read(path).answered(0, seen));
    }

    /** A read behind a sync. */
    Tale syncedRead(int client, long invoked, long returned, String path, NodeState seen) {
        return add(client, invoked, returned, Status.OK, 0, true, Part.read(path).answered(0, seen));
    }

    /** A read that found no node. */
    Tale readNothing(int client, long invoked, long returned, String path) {
        return add(client, invoked, returned, Status.REFUSED, 0, false, Part.read(path).answered(ErrorCode.NO_NODE, null));
    }

    Tale syncedReadNothing(int client, long invoked, long returned, String path) {
        return add(client, invoked, returned, Status.REFUSED, 0, true, Part.read(path).answered(ErrorCode.NO_NODE, null));
    }

    private Tale add(int client, long invoked, long returned, Status status, long zxid, boolean synced, Part... parts) {
        operations.add(new Operation(client, 100 + client, List.of(parts), synced, invoked, returned, status, zxid));
        return this;
    }

    Knowledge knowledge() {
        return new Knowledge(operations);
    }

    static NodeState state(String value, int version, long czxid, long mzxid) {
        return new NodeState(value, version, czxid, mzxid);
    }

    /** A set that says what it made. */
    static Part set(String path, String value, int expected, int version, long czxid, long mzxid) {
        return Part.set(path, value, expected).answered(0, state(value, version, czxid, mzxid));
    }
}
