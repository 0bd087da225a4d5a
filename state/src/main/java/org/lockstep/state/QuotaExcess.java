package org.lockstep.state;

/**
 * A limit that a request went beyond, or was refused for: something for the log of the server that answers it.
 *
 * @param path the node that carries the quota
 * @param ofBytes whether it is the limit of bytes, not of nodes
 * @param hard whether it is the hard limit; it stands for the soft one where both are set
 * @param refused whether the request was refused, as beyond a hard limit that is enforced
 * @param wanted what the subtree has, or would have with that request
 */
public record QuotaExcess(String path, boolean ofBytes, boolean hard, boolean refused, long wanted, long limit) {}
