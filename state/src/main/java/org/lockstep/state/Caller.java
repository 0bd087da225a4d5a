package org.lockstep.state;

import java.util.ArrayList;
import java.util.List;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.MalformedRecordException;

/** Who sent the command being applied; identities are decoded only when an ACL asks for them. Reused; not thread-safe. */
final class Caller {
    private final BytesCache<Identities> known = new BytesCache<>(1024, 1024);
    private final JuteReader in = new JuteReader();
    private Command command;
    private Identities identities;

    void is(Command sender) {
        command = sender;
        identities = null;
    }

    /** The sender's identities; none for the server itself. */
    Identities identities() {
        if (identities == null) {
            identities = command.idsLength() <= 0 ? Identities.NONE : lookUp();
        }
        return identities;
    }

    private Identities lookUp() {
        int hash = BytesCache.hash(command.buffer(), command.idsOffset(), command.idsLength());
        Identities found = known.get(hash, command.buffer(), command.idsOffset(), command.idsLength());
        if (found == null) {
            found = decode();
            known.put(hash, command.buffer(), command.idsOffset(), command.idsLength(), found);
        }
        return found;
    }

    private Identities decode() {
        try {
            command.ids(in);
            int count = in.readCount(2 * Integer.BYTES);
            List<Id> ids = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ids.add(in.readId());
            }
            return new Identities(ids);
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("a batch carries identities that cannot be read", e);
        }
    }
}
