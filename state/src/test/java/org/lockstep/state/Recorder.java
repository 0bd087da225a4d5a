package org.lockstep.state;

import java.util.ArrayList;
import java.util.List;

/** A connection that writes down its events as {@code type path zxid}. */
final class Recorder implements Watcher {
    private final long sessionId;
    private final Identities identities;
    private final List<String> events = new ArrayList<>();

    Recorder(long sessionId, Identities identities) {
        this.sessionId = sessionId;
        this.identities = identities;
    }

    Recorder() {
        this(Rig.SESSION, Identities.NONE);
    }

    @Override
    public void onEvent(int type, String path, long zxid) {
        events.add(type + " " + path + " " + zxid);
    }

    @Override
    public long sessionId() {
        return sessionId;
    }

    @Override
    public Identities identities() {
        return identities;
    }

    /** The events since the last call. */
    List<String> take() {
        List<String> taken = List.copyOf(events);
        events.clear();
        return taken;
    }
}
