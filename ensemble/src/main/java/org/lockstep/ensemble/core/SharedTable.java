package org.lockstep.ensemble.core;

import java.util.Arrays;

/** This member's copy of the shared state table of one view. Every field only rises; what falls is late and ignored. */
final class SharedTable {
    private final int ranks;
    private final long[] heartbeats;
    private final long[] claims;
    private final long[] lastDataIndexes;
    private final long[][] secured;
    private final long[] applied;
    private final long[] flushedMarks;
    private final long[] suspects;
    private final long[] hears;
    private final boolean[] started;

    SharedTable(int ranks) {
        this.ranks = ranks;
        heartbeats = new long[ranks];
        claims = filled();
        lastDataIndexes = filled();
        secured = new long[ranks][];
        for (int m = 0; m < ranks; m++) {
            secured[m] = filled();
        }
        applied = filled();
        flushedMarks = filled();
        suspects = new long[ranks];
        hears = filled();
        started = new boolean[ranks];
    }

    private long[] filled() {
        long[] values = new long[ranks];
        Arrays.fill(values, -1);
        return values;
    }

    /** Takes over what is newer in {@code row}. */
    void update(int member, Row row) {
        started[member] = true;
        if (row.heartbeat() >= heartbeats[member]) {
            hears[member] = row.hears();
        }
        heartbeats[member] = Math.max(heartbeats[member], row.heartbeat());
        if (row.claim() >= claims[member] && row.lastDataIndex() >= lastDataIndexes[member]) {
            claims[member] = row.claim();
            lastDataIndexes[member] = row.lastDataIndex();
        }
        for (int k = 0; k < ranks; k++) {
            raiseSecured(member, k, row.secured()[k]);
        }
        applied[member] = Math.max(applied[member], row.applied());
        flushedMarks[member] = Math.max(flushedMarks[member], row.flushedMark());
        suspects[member] |= row.suspects();
    }

    void raiseSecured(int member, int sender, long index) {
        secured[member][sender] = Math.max(secured[member][sender], index);
    }

    void setOwnClaim(int member, long claim, long lastDataIndex) {
        claims[member] = claim;
        lastDataIndexes[member] = lastDataIndex;
    }

    void setApplied(int member, long order) {
        applied[member] = order;
    }

    void raiseFlushed(int member, long order) {
        flushedMarks[member] = Math.max(flushedMarks[member], order);
    }

    /** The last data index of {@code sender} that every member has secured: stable up to here. */
    long securedByAll(int sender) {
        long least = Long.MAX_VALUE;
        for (int m = 0; m < ranks; m++) {
            least = Math.min(least, secured[m][sender]);
        }
        return least;
    }

    long appliedByAll() {
        long least = Long.MAX_VALUE;
        for (long order : applied) {
            least = Math.min(least, order);
        }
        return least;
    }

    long[] flushedMarks() {
        return flushedMarks;
    }

    long secured(int member, int sender) {
        return secured[member][sender];
    }

    long[] securedRow(int member) {
        return secured[member].clone();
    }

    long heartbeat(int member) {
        return heartbeats[member];
    }

    long claim(int member) {
        return claims[member];
    }

    long lastDataIndex(int member) {
        return lastDataIndexes[member];
    }

    long applied(int member) {
        return applied[member];
    }

    long suspects(int member) {
        return suspects[member];
    }

    boolean hears(int member, int other) {
        return (hears[member] >> other & 1) != 0;
    }

    /** Whether a row of this view has come from the member: it has installed the view. */
    boolean hasStarted(int member) {
        return started[member];
    }
}
