package org.lockstep.fsync;

/** When a slot counts as secured by a member, and so what a client's reply promises. docs/fsync-policy.md has the whole table. */
public enum FsyncPolicy {
    /** Secured is flushed to the medium: nothing acknowledged is lost, whatever fails. */
    DURABLE("durable"),
    /** Secured is in the page cache: survives kill -9 of all; a power loss of all may lose the unsynced tail. */
    NO_SYNC("no-sync"),
    /** As {@link #NO_SYNC}, and a completed {@code sync} puts everything ordered before it on the medium. */
    WRITE_BARRIER("write-barrier");

    private final String key;

    FsyncPolicy(String key) {
        this.key = key;
    }

    /** The name in zoo.cfg, in the banner, in mntr. */
    public String key() {
        return key;
    }

    /** True when a reply may precede the flush of what it acknowledges. */
    public boolean isLazy() {
        return this != DURABLE;
    }

    /** The policy named {@code key} in zoo.cfg; null when there is none of that name. */
    public static FsyncPolicy ofKey(String key) {
        for (FsyncPolicy policy : values()) {
            if (policy.key.equals(key)) {
                return policy;
            }
        }
        return null;
    }
}
