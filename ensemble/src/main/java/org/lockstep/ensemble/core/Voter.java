package org.lockstep.ensemble.core;

import java.util.UUID;

/**
 * A configured voter as a view record lists it: the server and the one disk that may vote for it.
 *
 * @param serverId the server's number, {@code myid}
 * @param diskId the disk whose promises count; a blank or replaced disk has another id and no vote before a decided view lists it
 */
public record Voter(int serverId, UUID diskId) {}
