package org.lockstep.server.replica;

import org.lockstep.ensemble.core.Position;

/** This server has another state than most members of its view at the same place of the order. It must not serve anybody. */
public final class StateDiffersException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StateDiffersException(Position at) {
        super("the state of this server at " + at + " is not that of the other servers; move its dataDir away and start it again"
                + " with an empty one, so that the state is copied from them, and keep the old one to find out why");
    }
}
