package org.lockstep.server.replica;

import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.log.StateExport;
import org.lockstep.log.StateImport;

/** What each new life of this server in the ensemble begins with. On the main event loop, where nothing else is said. */
public interface Lives {
    /** Opens the log, which is closed. On any thread. */
    MemberLog openLog();

    /** The core of a new incarnation, which has found {@code found} on its disk. */
    EnsembleMember begin(Recovered found);

    /** Whether this server only follows, and is never a member. */
    boolean isObserver();

    /** The last checkpoint of the state, to be copied to another server; null when there is none. On the main event loop. */
    StateExport exportState(int chunkBytes, long growthBytesMax);

    /** Begins to take the state that {@code header} names, in place of any that was begun. On any thread. */
    StateImport importState(byte[] header);

    /** A state was taken, whole, and the log told where it stands: everything is to be opened again, with that state. */
    void startOver();

    /**
     * The connections of the incarnation that {@code core} is; null for a server that is alone. Those of the incarnation before
     * come to an end. The first time not on the main event loop.
     */
    Transport connect(EnsembleMember core, TransportListener listener);
}
