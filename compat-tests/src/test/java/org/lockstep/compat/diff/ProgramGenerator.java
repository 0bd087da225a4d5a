package org.lockstep.compat.diff;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lockstep.wire.JuteWriter;

/** Makes the program of a seed: the same seed gives the same program, on every machine. */
final class ProgramGenerator {
    private static final int STEPS_MIN = 20;
    private static final int STEPS_BOUND = 81;
    private static final int CLOSED = -1;

    private final long seed;
    private final Profile profile;
    private final Values values;
    private final RequestGenerator generator;
    private final List<Step> steps = new ArrayList<>();
    /** What each slot is believed to be attached to: a session number, or {@link #CLOSED}. */
    private final int[] attached = new int[Program.SLOTS];
    private int sessions;

    private ProgramGenerator(long seed) {
        this.seed = seed;
        Random random = new Random(seed);
        profile = Profile.of(seed);
        values = new Values(random);
        generator = new RequestGenerator(random, values, profile);
        Arrays.fill(attached, CLOSED);
    }

    static Program generate(long seed) {
        return new ProgramGenerator(seed).generate();
    }

    private Program generate() {
        int length = STEPS_MIN + values.below(STEPS_BOUND - STEPS_MIN);
        connect(0);
        plant();
        if (values.chance(0.8)) {
            connect(1);
        }
        while (steps.size() < length) {
            step();
        }
        return new Program(seed, profile, steps);
    }

    /** A few nodes to start with, so that the first steps meet something. */
    private void plant() {
        List<Request> creates = new ArrayList<>();
        for (String path : List.of("/p/a", "/p/b", "/p/r", "/p/c", "/p/a/a", "/p/b/a", "/p/r/a")) {
            if (values.chance(0.6)) {
                creates.add(generator.requests().request(
                        Requests.create(Requests.bytes(path), values.data(), Requests.OPEN_ACL, 0)));
            }
        }
        if (values.chance(profile == Profile.EXTENDED ? 0.7 : 0.15)) {
            generator.quota(values.oneOf(List.of("/p", "/p", "/p/a", "/p/b")))
                    .forEach(op -> creates.add(generator.requests().request(op)));
        }
        if (!creates.isEmpty()) {
            steps.add(new Step.Burst(0, creates));
        }
    }

    private void step() {
        int slot = values.oneOf(0, 0, 0, 1, 1, 1, 2, 3);
        if (attached[slot] == CLOSED) {
            if (values.chance(slot < 2 ? 0.9 : 0.25)) {
                open(slot);
            }
            return;
        }
        int choice = values.below(1000);
        if (choice < 955) {
            burst(slot, generator.burst());
        } else if (choice < 970) {
            burst(slot, List.of(generator.requests().closeSession()));
        } else if (choice < 990) {
            steps.add(new Step.Drop(slot));
            attached[slot] = CLOSED;
        } else if (choice < 996) {
            steps.add(garbage(slot, false));
            attached[slot] = CLOSED;
        } else {
            resume(values.below(Program.SLOTS), attached[slot]);
        }
    }

    private void burst(int slot, List<Request> requests) {
        if (requests.isEmpty()) {
            return;
        }
        steps.add(new Step.Burst(slot, requests));
        if (requests.get(requests.size() - 1).closesConnection()) {
            attached[slot] = CLOSED;
        }
    }

    private void open(int slot) {
        int choice = values.below(100);
        if (choice < 45 || sessions == 0) {
            connect(slot);
        } else if (choice < 80) {
            resume(slot, values.below(sessions));
        } else if (choice < 92) {
            refused(slot);
        } else {
            steps.add(garbage(slot, true));
        }
    }

    private void connect(int slot) {
        boolean readOnlyByte = values.chance(0.85);
        Step.Password password = values.chance(0.9) ? Step.Password.RIGHT
                : values.oneOf(List.of(Step.Password.NULL, Step.Password.SHORT));
        steps.add(new Step.Connect(slot, sessions, false, timeoutMillis(), password, readOnlyByte,
                readOnlyByte && values.chance(0.1), 0, behind()));
        attached[slot] = sessions++;
    }

    private void resume(int slot, int session) {
        detach(session);
        boolean readOnlyByte = values.chance(0.85);
        List<Request> behind = values.chance(0.4) ? List.of(generator.setWatches()) : behind();
        steps.add(new Step.Connect(slot, session, true, timeoutMillis(), Step.Password.RIGHT, readOnlyByte, false, 0, behind));
        attached[slot] = session;
    }

    private void detach(int session) {
        for (int slot = 0; slot < attached.length; slot++) {
            if (attached[slot] == session) {
                attached[slot] = CLOSED;
            }
        }
    }

    /** A connection request that the server refuses. A wrong password meets only sessions nobody is attached to. */
    private void refused(int slot) {
        int session = values.below(sessions);
        boolean live = Arrays.stream(attached).anyMatch(each -> each == session);
        if (live || values.chance(0.3)) {
            steps.add(new Step.Connect(slot, sessions++, false, timeoutMillis(), Step.Password.RIGHT, true, false,
                    1_000_000, List.of()));
        } else {
            Step.Password password = values.oneOf(List.of(Step.Password.WRONG, Step.Password.SHORT, Step.Password.NULL));
            steps.add(new Step.Connect(slot, session, true, timeoutMillis(), password, values.chance(0.8), false, 0, List.of()));
        }
    }

    private List<Request> behind() {
        if (values.chance(0.75)) {
            return List.of();
        }
        return values.chance(0.5) ? List.of(generator.auth()) : List.of(generator.requests().request(generator.createOp()));
    }

    private int timeoutMillis() {
        return values.oneOf(30_000, 30_000, 30_000, 100, 0, -1, 20_000, 19_999, 20_001, 200_000, 200_001,
                Integer.MAX_VALUE, Integer.MIN_VALUE);
    }

    private Step garbage(int slot, boolean fresh) {
        JuteWriter out = new JuteWriter();
        String what;
        switch (values.below(5)) {
            case 0 -> {
                out.writeInt(-1 - values.below(3));
                what = "a frame of negative length";
            }
            case 1 -> {
                out.writeInt(Integer.MAX_VALUE);
                what = "a frame of 2 GiB";
            }
            case 2 -> {
                out.writeInt(0x100000);
                what = "a frame one byte over the limit";
            }
            case 3 -> {
                int length = values.below(8);
                out.writeInt(length).writeRaw(new byte[length], 0, length);
                what = "a frame of " + length + " bytes";
            }
            default -> {
                out.writeInt(7).writeRaw(new byte[] {0, 0, 0, 1, 0, 0, 0}, 0, 7);
                what = "half a header";
            }
        }
        return new Step.Garbage(slot, fresh, out.toByteArray(), what);
    }

    /** What every program ends with: each session is closed, resumed first if nobody is attached to it. */
    static List<Step> epilogue(Program program) {
        Requests requests = new Requests();
        List<Step> steps = new ArrayList<>();
        for (int slot = 0; slot < Program.SLOTS; slot++) {
            steps.add(new Step.Burst(slot, List.of(requests.closeSession())));
        }
        int sessions = program.steps().stream()
                .mapToInt(s -> s instanceof Step.Connect c && !c.resume() ? c.session() : -1).max().orElse(-1);
        for (int session = 0; session <= sessions; session++) {
            steps.add(new Step.Connect(0, session, true, 30_000, Step.Password.RIGHT, true, false, 0, List.of()));
            steps.add(new Step.Burst(0, List.of(requests.closeSession())));
        }
        return steps;
    }

}
