package org.lockstep.ensemble.core;

import java.util.ArrayList;
import java.util.List;

/**
 * What the driver must do after a step of {@link Member}, as data. The driver takes the effects in this order: record, secure,
 * deliver; then clears it. Reused from step to step.
 *
 * <ul>
 *   <li>{@link #view}: a new view; must be on the medium before anything else of this outbox happens.
 *   <li>{@link #secure}: slots for the log, in order; {@link Member#onSecured} is called when the policy counts them as secured.
 *   <li>{@link #deliver}: stable slots, in the total order, to be applied now.
 * </ul>
 */
public final class Outbox {
    private View view;
    private final List<Slot> secure = new ArrayList<>();
    private final List<Slot> deliver = new ArrayList<>();

    /** The view to record, or null. */
    public View view() {
        return view;
    }

    public List<Slot> secure() {
        return secure;
    }

    public List<Slot> deliver() {
        return deliver;
    }

    void recordView(View newView) {
        view = newView;
    }

    public void clear() {
        view = null;
        secure.clear();
        deliver.clear();
    }
}
