package org.lockstep.ensemble.core;

import java.util.UUID;

/**
 * Who a member is. A process restart is never the same member.
 *
 * @param serverId the server's number, {@code myid}; 1 for a single server
 * @param diskId drawn when the data directory was formatted; a replaced disk has another
 * @param incarnation drawn anew at each start
 */
public record MemberId(int serverId, UUID diskId, long incarnation) {}
