package org.lockstep.state;

import java.util.HashSet;
import java.util.Set;
import org.lockstep.wire.JuteWriter;

/** The names of all children of one node, kept for nodes that are listed often, with the listing's last encoding. */
final class ChildNames {
    /** A node with more children is listed from the base each time. */
    static final int CHILDREN_MAX = 1 << 16;
    static final int BYTES_PER_NAME = 112;

    private final Set<String> names = new HashSet<>();
    private byte[] encoded;

    /** False when it was there already. */
    boolean add(String name) {
        encoded = null;
        return names.add(name);
    }

    /** False when it was not there. */
    boolean remove(String name) {
        encoded = null;
        return names.remove(name);
    }

    boolean contains(String name) {
        return names.contains(name);
    }

    Set<String> names() {
        return names;
    }

    int size() {
        return names.size();
    }

    /** Writes the names as a jute vector of strings. */
    void writeTo(JuteWriter out) {
        if (encoded == null) {
            encoded = new JuteWriter(names.size() * 24 + Integer.BYTES).writeStrings(names).toByteArray();
        }
        out.writeRaw(encoded, 0, encoded.length);
    }

    /** A guess of the heap this takes. */
    int costBytes() {
        return 96 + names.size() * BYTES_PER_NAME;
    }
}
