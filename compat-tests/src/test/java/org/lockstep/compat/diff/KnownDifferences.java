package org.lockstep.compat.diff;

import org.lockstep.wire.OpCode;

/**
 * Where Lockstep does on purpose what ZooKeeper does not, and how programs keep clear of it. {@link KnownDifferencesTest} shows
 * each on both servers; {@code docs/compatibility.md} tells users.
 *
 * <ul>
 *   <li>deleteContainer needs DELETE on the parent. Programs send it only where everybody has that.
 *   <li>A resumption with a wrong password leaves the live connection alone. Programs try it only on sessions that nobody is
 *       attached to.
 *   <li>createSession is no request for clients. Programs do not send it.
 *   <li>createTTL with flags that ask for no TTL is refused. ZooKeeper stops when it applies it, and stops again at each start.
 *   <li>ACLs with a null scheme or id are invalid. ZooKeeper fails over most of them as over a broken record. Programs send only
 *       those that it finds invalid, too.
 *   <li>A request behind a setACL on the same connection is checked against the new ACL. ZooKeeper checks it against the old
 *       one as long as the setACL has not been applied. Programs wait for the answer to each setACL.
 *   <li>addWatch of a null path is refused. ZooKeeper registers it. Programs do not send it.
 *   <li>Paths with surrogates, which no node can have, come back as UTF-8. ZooKeeper writes each surrogate as three bytes.
 *       Programs use them only where they are not echoed.
 *   <li>The reply to a multiRead that fails as a whole has no body; see {@link #bodyOfFailureIsIgnored}.
 *   <li>The approximate data size is exact, that of ZooKeeper drifts with each quota; see {@link #dataSizeDrifts}.
 *   <li>Within a multi, each operation is checked against hard quotas as the ones before it have left them; so are pipelined
 *       requests. ZooKeeper checks against what has been applied by then. Programs with hard quotas send one write at a time.
 * </ul>
 */
final class KnownDifferences {
    private KnownDifferences() {}

    /** ZooKeeper sends what it had of a multiRead behind an error; no client reads it. */
    static boolean bodyOfFailureIsIgnored(int opcode) {
        return opcode == OpCode.MULTI_READ;
    }

    /**
     * ZooKeeper does not count what quota statistics grow or shrink by when it updates them in place, but does when they are
     * deleted.
     */
    static boolean dataSizeDrifts(Program program) {
        return program.steps().stream().anyMatch(step -> step.text().contains("/zookeeper_stats"));
    }
}
