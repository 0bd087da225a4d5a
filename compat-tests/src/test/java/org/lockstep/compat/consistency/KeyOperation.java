package org.lockstep.compat.consistency;

import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.wire.ErrorCode;

/**
 * One operation as the history of one node has it.
 *
 * @param part what was asked of this node and what came back
 * @param status of the whole operation
 * @param required false when it may just as well never have taken effect
 * @param zxid of the operation, 0 when not known
 * @param invokedNanos when it began
 * @param returnedNanos when it had ended; {@link Operation#NEVER} when it may still take effect at any later time
 * @param source the operation this is a part of, for messages
 */
record KeyOperation(Part part, Status status, boolean required, long zxid, long invokedNanos, long returnedNanos,
        Operation source) {

    /**
     * The node before or after an operation; null stands for no node.
     *
     * @param creator the operation that created it
     * @param writer the last operation that wrote it
     * @param version sets since then
     */
    record State(KeyOperation creator, KeyOperation writer, int version) {
        @Override
        public boolean equals(Object other) {
            return other instanceof State state && creator == state.creator && writer == state.writer && version == state.version;
        }

        @Override
        public int hashCode() {
            return (System.identityHashCode(creator) * 31 + System.identityHashCode(writer)) * 31 + version;
        }
    }

    /** True when the operation, done in {@code before}, is answered as it was; without reply, when it takes effect. */
    boolean fits(State before) {
        if (status == Status.REFUSED || part.error() != ErrorCode.OK) {
            return switch (part.error()) {
                case ErrorCode.NO_NODE -> before == null;
                case ErrorCode.NODE_EXISTS -> before != null;
                case ErrorCode.BAD_VERSION -> before != null && part.version() >= 0 && part.version() != before.version;
                default -> false;
            };
        }
        return switch (part.kind()) {
            case CREATE -> before == null;
            case READ -> before != null && shows(before);
            case SET, DELETE, CHECK -> before != null && (part.version() < 0 || part.version() == before.version)
                    && (part.seen() == null || shows(after(before)))
                    && (zxid == 0 || before.writer.zxid == 0 || before.writer.zxid < zxid);
        };
    }

    /** The node after the operation, which must fit. */
    State after(State before) {
        if (status == Status.REFUSED || part.error() != ErrorCode.OK) {
            return before;
        }
        return switch (part.kind()) {
            case CREATE -> new State(this, this, 0);
            case SET -> new State(before.creator, this, before.version + 1);
            case DELETE -> null;
            case READ, CHECK -> before;
        };
    }

    private boolean shows(State state) {
        NodeState seen = part.seen();
        return seen.value().equals(state.writer.part.value()) && seen.version() == state.version
                && (state.creator.zxid == 0 || state.creator.zxid == seen.czxid())
                && (state.writer.zxid == 0 || state.writer.zxid == seen.mzxid());
    }
}
