package org.lockstep.ensemble.tcp;

import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.TransportListener;

/**
 * A listener that extends the transport with a way of its own and talks to its like on the other servers beside the messages
 * ({@link TcpTransport#sendSide}). Where the listener is not one, what comes for it is dropped.
 */
public interface SideListener extends TransportListener {
    /** What a connected process's {@link TcpTransport#sendSide} sent, in order with its messages. On the event loop. */
    void onSide(MemberId from, byte[] content);
}
