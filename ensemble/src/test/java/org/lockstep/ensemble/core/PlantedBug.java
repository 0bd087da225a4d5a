package org.lockstep.ensemble.core;

/** Errors that the simulator must find; each replaces one decision of {@link Rules}, or one of the simulated server's. */
public enum PlantedBug {
    NONE,
    TRIM_AT_FIRST_HOLE,
    SECURES_AFTER_REPORT,
    TRIM_FROM_ROWS,
    CLAIM_BEFORE_DATA,
    ACCEPTED_IGNORED,
    PROMISE_NOT_STORED,
    ACCEPT_NOT_STORED,
    WIPED_DISK_VOTES,
    DECIDES_BEFORE_JOINER_READY,
    TRANSFERS_DELIVERED_PART,
    SOURCE_FROM_OUTSIDE,
    LAZY_PROMISE_WITHOUT_FLUSH,
    BARRIER_BY_MAJORITY,
    KEEPS_SLOTS_ABOVE_TRIM,
    TRIM_MAX_WITHOUT_SHIPPING,
    RESENDS_OWN_TWICE,
    COUNTS_OWN_BEFORE_LOG,
    LONGEST_INSTEAD_OF_INTACT,
    FORWARDS_BEFORE_CLOSED,
    CLOSED_FORWARDS_KEPT,
    /** In the simulated disk. */
    FOLDS_BY_ARRIVAL,
    /** In the simulated disk: the flush before a source's promise does nothing. */
    SOURCE_NOT_FLUSHED,
    /** In the simulated disk: staging for one value forgets what was staged for another. */
    STAGING_REPLACES
}
