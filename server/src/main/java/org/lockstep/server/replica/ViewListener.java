package org.lockstep.server.replica;

/**
 * What those who serve clients must hear of the ensemble. On the main event loop, in the order in which it happened, and between
 * deliveries: the state stands exactly where the event finds it in the order.
 *
 * <p>Between two views nothing is said: clients stay connected and see a pause.
 */
public interface ViewListener {
    /**
     * A view begins with this process as a member, or as an observer that follows it; the state holds all that was ordered before
     * it. Clients are served.
     */
    void viewBegan(EnsembleView view);

    /**
     * This process hears less than a majority of the servers, or as an observer nobody whom it could follow (true), or enough
     * again (false). Cut off, it cannot learn what becomes of its sessions elsewhere, so its clients must go where they can be
     * served.
     */
    void cutOff(boolean value);

    /** This process is out of the view for good: nothing that it submitted will have a turn, and no client may stay. */
    void excluded();
}
