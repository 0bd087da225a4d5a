package org.lockstep.state;

/**
 * What an operator may choose of the state machine's behaviour. Every member of an ensemble must run with the same.
 *
 * @param skipAcl {@code skipACL=yes}: no ACL is checked
 * @param extendedTypes {@code extendedTypesEnabled}: TTL nodes exist
 * @param enforceQuota {@code enforceQuota}: hard quotas refuse
 * @param reconfigEnabled {@code reconfigEnabled}: the reconfig request is not refused outright
 * @param cacheBytesMax bound, in bytes of heap, for nodes kept in memory that a checkpoint has already written
 */
public record StateOptions(boolean skipAcl, boolean extendedTypes, boolean enforceQuota, boolean reconfigEnabled,
        long cacheBytesMax) {
    public static final StateOptions DEFAULTS = new StateOptions(false, false, false, false, 16L << 20);

    /** Options with reconfig disabled, as it is by default. */
    public StateOptions(boolean skipAcl, boolean extendedTypes, boolean enforceQuota, long cacheBytesMax) {
        this(skipAcl, extendedTypes, enforceQuota, false, cacheBytesMax);
    }
}
