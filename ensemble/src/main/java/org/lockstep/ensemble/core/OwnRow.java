package org.lockstep.ensemble.core;

/**
 * Who is to get the own row, and when. What it says about the members goes to everybody at once. What is only secured or claimed
 * goes at once to those who wait for it, that is whose slots are under way here or were delivered just now. The others are owed it
 * for a moment: they deliver what others wrote that much later, and half of the rows need not be sent.
 *
 * <p>Why nobody waits for what he is owed: a member can wait only for a slot of its own, and for what comes before that one. While
 * the slot is here and not delivered every change goes to its sender; the change with which it is delivered here, too; and from
 * then on it needs nothing of this member. Before the slot is here this member has nothing to say of it.
 *
 * <p>Members are bits, by rank.
 */
final class OwnRow {
    private final long others;
    private boolean changed = true;
    private boolean hasNews;
    private long owed;
    private long delivered;
    private boolean payAsked;

    OwnRow(int ranks, int me) {
        others = (1L << ranks) - 1 & ~(1L << me);
    }

    /** Something changed that concerns everybody. */
    void changed() {
        changed = true;
    }

    /** Something was secured or claimed. */
    void hasNews() {
        hasNews = true;
    }

    /** A slot of {@code rank} was delivered in this step. */
    void delivered(int rank) {
        delivered |= 1L << rank;
    }

    /**
     * Ends a step.
     *
     * @param waiting whose slots are under way here
     * @param awaitsLog whether the log is to report soon, and with that another row to go out
     * @return who gets the row now
     */
    long take(long waiting, boolean awaitsLog) {
        boolean toAll = changed;
        boolean now = hasNews || !awaitsLog;
        long waits = waiting | delivered;
        if (changed || hasNews) {
            owed = others;
        }
        changed = false;
        hasNews = false;
        delivered = 0;
        long due = toAll ? owed : now ? owed & waits : 0;
        owed &= ~due;
        return due;
    }

    /** Whether the driver is to be asked, once, to let the rest be paid. */
    boolean takeAsk() {
        boolean ask = owed != 0 && !payAsked;
        payAsked |= ask;
        return ask;
    }

    /** It is time to pay; returns who gets the row. */
    long takeOwed() {
        long due = owed;
        owed = 0;
        payAsked = false;
        return due;
    }
}
