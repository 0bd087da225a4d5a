package org.lockstep.ensemble.core;

import java.util.List;

/**
 * What a process knows of the others: for those who watch over an ensemble, never for the protocol. Servers by their ids,
 * ascending.
 *
 * @param view the view that this process lives in, or that an observer's state stands in; null for neither
 * @param suspected members of that view that a live member holds for failed
 * @param learners voters outside the view that a live member has heard of late
 * @param observers observers that said of late that they serve, as a live member heard it
 * @param feederId whom a process outside any view follows; -1 for nobody
 */
public record Standing(ViewRecord view, List<Integer> suspected, List<Integer> learners, List<Integer> observers, int feederId) {
    public Standing {
        suspected = List.copyOf(suspected);
        learners = List.copyOf(learners);
        observers = List.copyOf(observers);
    }
}
