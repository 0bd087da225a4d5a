package org.lockstep.wire;

/** Watch event types as they stand in a WatcherEvent; its state is always {@link #STATE_SYNC_CONNECTED}. */
public final class EventType {
    public static final int NODE_CREATED = 1;
    public static final int NODE_DELETED = 2;
    public static final int NODE_DATA_CHANGED = 3;
    public static final int NODE_CHILDREN_CHANGED = 4;
    public static final int STATE_SYNC_CONNECTED = 3;

    private EventType() {}
}
