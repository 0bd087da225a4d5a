package org.lockstep.rdma.transport;

import java.util.Locale;

/** How a server finds out that a peer has written to its memory. */
public enum Polling {
    /** It looks all the time: the least latency, for one processor that is always busy. */
    BUSY,
    /** It looks for a while after something came, then sleeps until a peer wakes it. */
    ADAPTIVE,
    /** It sleeps until a peer wakes it. */
    EVENT;

    /**
     * By its name in a configuration file.
     *
     * @throws IllegalArgumentException with the names that there are
     */
    public static Polling parse(String name) {
        for (Polling polling : values()) {
            if (polling.toString().equals(name.toLowerCase(Locale.ROOT))) {
                return polling;
            }
        }
        throw new IllegalArgumentException("must be busy, adaptive or event, not '" + name + "'");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
