package org.lockstep.log;

/** A state that is copied from one server to another cannot go on as it is; begin anew. The disks of both are sound. */
public final class StateTransferException extends RuntimeException {
    StateTransferException(String what) {
        super(what);
    }
}
