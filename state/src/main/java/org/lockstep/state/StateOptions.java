package org.lockstep.state;

/**
 * What an operator may choose of the state machine's behaviour. Every member of an ensemble must run with the same.
 *
 * @param skipAcl {@code skipACL=yes}: no ACL is checked
 * @param extendedTypes {@code extendedTypesEnabled}: TTL nodes exist
 * @param enforceQuota {@code enforceQuota}: hard quotas refuse
 * @param reconfigEnabled {@code reconfigEnabled}: the reconfig request is not refused outright
 * @param digestAuth {@code DigestAuthenticationProvider.enabled}: without, no ACL can name the scheme {@code digest}, and entries
 *     that do mean nobody
 * @param cacheBytesMax bound, in bytes of heap, for nodes kept in memory that a checkpoint has already written
 */
public record StateOptions(boolean skipAcl, boolean extendedTypes, boolean enforceQuota, boolean reconfigEnabled,
        boolean digestAuth, long cacheBytesMax) {
    public static final StateOptions DEFAULTS = new StateOptions(false, false, false, false, true, 16L << 20);

    /** Options with the digest scheme and with reconfig disabled, as by default. */
    public StateOptions(boolean skipAcl, boolean extendedTypes, boolean enforceQuota, long cacheBytesMax) {
        this(skipAcl, extendedTypes, enforceQuota, false, true, cacheBytesMax);
    }
}
