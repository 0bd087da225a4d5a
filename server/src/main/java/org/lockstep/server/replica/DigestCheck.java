package org.lockstep.server.replica;

import java.util.ArrayDeque;
import java.util.Iterator;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;

/**
 * Compares the members' states. After every so many slots of a view each member puts a digest of its state into the order, with
 * its next requests; when all have spoken of a place, whoever is in the minority there must not go on. It sees what no checksum
 * can: a server that applies the same requests to another result.
 *
 * <p>Deterministic: every member hears the same digests in the same order, and so comes to the same verdict.
 */
final class DigestCheck {
    /** Places not yet spoken of by all; older ones are given up. */
    private static final int PLACES_MAX = 16;

    private final int intervalSlots;
    private final ArrayDeque<Place> places = new ArrayDeque<>();
    private final JuteWriter body = new JuteWriter();
    private long viewId;
    private int ranks;
    private int me;
    private long slotCount;
    private long comparedCount;
    private Place unsaid;

    /** The state after a slot, as the members have it. */
    private static final class Place {
        final long number;
        final long[] digests;
        long heard;

        Place(long number, int ranks) {
            this.number = number;
            this.digests = new long[ranks];
        }
    }

    /** @param intervalSlots after how many slots the states are compared */
    DigestCheck(int intervalSlots) {
        this.intervalSlots = intervalSlots;
    }

    /** A view of {@code members} begins, in which this one has the rank {@code rank}: all start from the same base. */
    void viewBegan(long newViewId, int members, int rank) {
        viewId = newViewId;
        ranks = members;
        me = rank;
        slotCount = 0;
        places.clear();
        unsaid = null;
    }

    /** True when the slot just applied is one after which states are compared: {@link #note} is to be called. */
    boolean isDue() {
        return ++slotCount % intervalSlots == 0 && ranks > 1;
    }

    /** The own digest after the slot just applied. */
    void note(long digest) {
        if (places.size() == PLACES_MAX) {
            places.poll();
        }
        unsaid = new Place(slotCount / intervalSlots, ranks);
        unsaid.digests[me] = digest;
        places.add(unsaid);
    }

    /** The body of a request that tells the others; null when there is nothing to tell. */
    JuteWriter take() {
        if (unsaid == null) {
            return null;
        }
        body.reset().writeLong(viewId).writeLong(unsaid.number).writeLong(unsaid.digests[me]);
        unsaid = null;
        return body;
    }

    /**
     * Such a request is applied; it came from the member of rank {@code rank}.
     *
     * @return false when this server's state is not what most members have
     */
    boolean hear(int rank, JuteReader in) throws MalformedRecordException {
        long ofView = in.readLong();
        long number = in.readLong();
        long digest = in.readLong();
        if (ofView != viewId || rank >= ranks) {
            return true;
        }
        for (Iterator<Place> each = places.iterator(); each.hasNext();) {
            Place place = each.next();
            if (place.number == number) {
                boolean mine = rank == me;
                place.digests[rank] = mine ? place.digests[me] : digest;
                place.heard |= 1L << rank;
                if (Long.bitCount(place.heard) < ranks) {
                    return true;
                }
                each.remove();
                comparedCount++;
                return place.digests[me] == mostFrequent(place.digests);
            }
        }
        return true;
    }

    /** Of those that are equally frequent the one of the lowest rank. */
    private static long mostFrequent(long[] digests) {
        long best = digests[0];
        int bestCount = 0;
        for (long candidate : digests) {
            int count = 0;
            for (long each : digests) {
                count += each == candidate ? 1 : 0;
            }
            if (count > bestCount) {
                best = candidate;
                bestCount = count;
            }
        }
        return best;
    }

    /** How often all members have spoken of a place, since the start. */
    long comparedCount() {
        return comparedCount;
    }
}
