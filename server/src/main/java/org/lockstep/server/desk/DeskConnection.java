package org.lockstep.server.desk;

import java.util.List;
import org.lockstep.state.Identities;
import org.lockstep.state.Watcher;
import org.lockstep.wire.Id;
import org.lockstep.wire.door.ClientConnection;

/** A connection with its session, its identities, and the requests of it that wait for their turn. */
final class DeskConnection implements Watcher {
    final ClientConnection channel;
    private final ClientDesk desk;
    Identities identities;
    LocalSession session;
    long acceptedMillis;
    /** Ordered requests on their way, and reads queued behind them. */
    int waitingCount;
    /** The client has asked for the end of its session: its connection is closed behind the answer, not before. */
    boolean closesItself;
    /** It is on the desk's list of connections to flush after the delivery. */
    boolean awaitsFlush;
    /** What waits for the client, as {@link UnreadOutput} last saw it. */
    long unreadBytes;
    private int holds;
    private boolean closesWhenReleased;

    DeskConnection(ClientDesk desk, ClientConnection channel, String address, long nowMillis) {
        this.desk = desk;
        this.channel = channel;
        this.identities = new Identities(List.of(new Id("ip", address)));
        this.acceptedMillis = nowMillis;
    }

    @Override
    public void onEvent(int type, String path, long zxid) {
        channel.event(type, path, zxid);
        countSent();
        desk.wrote(this);
    }

    /** Counts a packet other than the answer to a request: those are counted with their latency. */
    void countSent() {
        desk.stats().sent();
    }

    @Override
    public Identities identities() {
        return identities;
    }

    @Override
    public long sessionId() {
        return session == null ? 0 : session.id;
    }

    /** From here on nothing leaves for this client until as many {@link #release} calls have come. */
    void hold() {
        if (holds++ == 0) {
            channel.holdOutput();
        }
    }

    void release() {
        if (--holds > 0) {
            return;
        }
        channel.releaseOutput();
        if (closesWhenReleased) {
            channel.closeAfterFlush();
        }
    }

    /** Closes behind everything written so far, held output included. */
    void closeBehindOutput() {
        if (holds > 0) {
            closesWhenReleased = true;
        } else {
            channel.closeAfterFlush();
        }
    }
}
