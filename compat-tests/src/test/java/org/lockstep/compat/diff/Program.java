package org.lockstep.compat.diff;

import java.util.ArrayList;
import java.util.List;

/** A seeded sequence of steps for servers that run with one profile. */
record Program(long seed, Profile profile, List<Step> steps) {
    /** All nodes that a program makes on purpose lie below this one, which exists when it starts. */
    static final String ROOT = "/p";
    static final int SLOTS = 4;

    Program {
        steps = List.copyOf(steps);
    }

    /** This program without the steps {@code from} to {@code bound - 1}. */
    Program without(int from, int bound) {
        List<Step> left = new ArrayList<>(steps.subList(0, from));
        left.addAll(steps.subList(bound, steps.size()));
        return new Program(seed, profile, left);
    }
}
