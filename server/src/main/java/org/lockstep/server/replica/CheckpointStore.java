package org.lockstep.server.replica;

import org.lockstep.state.Checkpoint;

/** Where checkpoints go. On return the checkpoint is on the medium, whole. */
@FunctionalInterface
public interface CheckpointStore {
    void write(Checkpoint checkpoint);
}
