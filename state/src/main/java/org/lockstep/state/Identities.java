package org.lockstep.state;

import java.util.List;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteWriter;

/** The identities a connection has proven, with the jute vector that travels with its ordered requests. Immutable. */
public final class Identities {
    public static final Identities NONE = new Identities(List.of());

    private final List<Id> ids;
    private final byte[] encoded;

    public Identities(List<Id> ids) {
        this.ids = List.copyOf(ids);
        JuteWriter out = new JuteWriter();
        out.writeInt(this.ids.size());
        for (Id id : this.ids) {
            out.writeId(id);
        }
        this.encoded = out.toByteArray();
    }

    public List<Id> ids() {
        return ids;
    }

    /** The ids as a jute vector, for {@link BatchWriter#add}; not to be changed. */
    public byte[] encoded() {
        return encoded;
    }
}
