package org.lockstep.rdma.transport;

import java.io.IOException;

/** What tests do to a transport from inside. On its event loop. */
public final class Inside {
    private Inside() {}

    /** The connection that everything rests on breaks. */
    public static void breakConnection(RdmaTransport transport, int serverId) {
        transport.tcp().disconnect(serverId, "the test breaks it");
    }

    /** The device gives up: nothing more is carried out in either direction. False when there is no lane. */
    public static boolean breakLane(RdmaTransport transport, int serverId) throws IOException {
        LaneLink link = transport.peer(serverId).link();
        if (link == null || !link.isSending()) {
            return false;
        }
        link.pair().stop("the test stops it");
        return true;
    }
}
