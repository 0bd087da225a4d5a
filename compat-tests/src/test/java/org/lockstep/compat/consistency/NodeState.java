package org.lockstep.compat.consistency;

/**
 * A node as a client saw it. Every write of a test writes a value that is written once, so the value names the write.
 *
 * @param value of the last write
 * @param version number of sets since the node was created
 * @param czxid zxid of the create
 * @param mzxid zxid of the last write
 */
record NodeState(String value, int version, long czxid, long mzxid) {
    @Override
    public String toString() {
        return value + " v" + version + " c0x" + Long.toHexString(czxid) + " m0x" + Long.toHexString(mzxid);
    }
}
