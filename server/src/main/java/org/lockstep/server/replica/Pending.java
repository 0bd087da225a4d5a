package org.lockstep.server.replica;

import org.lockstep.state.Reply;

/**
 * Something that waits for its place in the order: an ordered request of this server, or a local read behind its client's own
 * writes. Called on the main event loop.
 */
public interface Pending {
    /**
     * The request was applied.
     *
     * @param reply what became of it; valid only during the call. Null when this is a local read whose turn has come
     */
    void onTurn(Reply reply);
}
