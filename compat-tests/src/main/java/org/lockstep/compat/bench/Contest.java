package org.lockstep.compat.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One thing that both sides are asked to do under load, and which of the figures count: of one server, or of an ensemble. */
enum Contest {
    SET_DURABLE("set-durable", "durable", Op.SET, 16, 16, throughput("set, durable", 2.5)),
    CREATE_DURABLE("create-durable", "durable", Op.CREATE, 16, 16, throughput("create, durable", 2.5),
            tail("create, durable", 1.0 / 3)),
    SET_NO_SYNC("set-no-sync", "no-sync", Op.SET, 16, 16, throughput("set, no-sync", 3)),
    GET("get", "durable", Op.GET, 16, 16, throughput("get", 4)),
    GET_ALONE("get-1x1", "durable", Op.GET, 1, 1, median("get", 0.5)),
    SET_DURABLE_ALONE("set-durable-1x1", "durable", Op.SET, 1, 1, median("set, durable", 1)),
    SET_NO_SYNC_ALONE("set-no-sync-1x1", "no-sync", Op.SET, 1, 1, median("set, no-sync", 0.6)),

    ENSEMBLE_SET_DURABLE(true, "set-durable", "durable", Op.SET, 15, 16, throughput("set, durable", 3),
            tail("set, durable", 1.0 / 3)),
    ENSEMBLE_CREATE_DURABLE(true, "create-durable", "durable", Op.CREATE, 15, 16, throughput("create, durable", 3)),
    ENSEMBLE_SET_NO_SYNC(true, "set-no-sync", "no-sync", Op.SET, 15, 16, throughput("set, no-sync", 3.5)),
    ENSEMBLE_MIX(true, "mix", "durable", Op.MIX, 15, 16, throughput("90 % get, 10 % set, durable", 4)),
    ENSEMBLE_SET_DURABLE_ALONE(true, "set-durable-1x1", "durable", Op.SET, 1, 1, median("set, durable", 0.7)),
    ENSEMBLE_SET_NO_SYNC_ALONE(true, "set-no-sync-1x1", "no-sync", Op.SET, 1, 1, median("set, no-sync", 0.35));

    /** The contests without load, run on one pair of servers: what many znodes cost at rest. */
    static final String HEAP = "heap";
    static final String RESTART = "restart";

    /** The contests of an ensemble without load: what the clients of the others see when a server fails. */
    static final String KILL = "failover-kill";
    static final String FREEZE = "failover-freeze";
    /** A wiped server gets everything while writes go on. */
    static final String REJOIN = "rejoin";
    /** Share of gets in the mix. */
    static final int READ_PERCENT = 90;

    private final boolean ofEnsemble;
    private final String word;
    private final String policy;
    private final Op op;
    private final int connections;
    private final int depth;
    private final List<Figure> figures;

    Contest(String word, String policy, Op op, int connections, int depth, Figure... figures) {
        this(false, word, policy, op, connections, depth, figures);
    }

    Contest(boolean ofEnsemble, String word, String policy, Op op, int connections, int depth, Figure... figures) {
        this.ofEnsemble = ofEnsemble;
        this.word = word;
        this.policy = policy;
        this.op = op;
        this.connections = connections;
        this.depth = depth;
        this.figures = List.of(figures);
    }

    /** One figure of a run, and what Lockstep must reach in it. */
    record Figure(String label, String unit, Target target, ToDoubleFunction<BenchResult> value) {}

    /** The contests under load of one server, or of an ensemble of several, in the order in which they are run. */
    static List<Contest> of(int servers) {
        return Arrays.stream(values()).filter(contest -> contest.ofEnsemble == servers > 1).toList();
    }

    /** Names for the command line, those without load included. */
    static List<String> names(int servers) {
        List<String> names = new ArrayList<>(of(servers).stream().map(Contest::word).toList());
        names.addAll(servers > 1 ? List.of(KILL, FREEZE, REJOIN) : List.of(HEAP, RESTART));
        return names;
    }

    String word() {
        return word;
    }

    String policy() {
        return policy;
    }

    Op op() {
        return op;
    }

    int connections() {
        return connections;
    }

    int depth() {
        return depth;
    }

    List<Figure> figures() {
        return figures;
    }

    /** Whether every round needs servers of its own: a tree that grows would make later rounds another contest. */
    boolean needsFreshServers() {
        return op == Op.CREATE;
    }

    private static Figure throughput(String label, double ratioMin) {
        return new Figure(label, "ops/s", Target.ratioAtLeast(ratioMin), BenchResult::operationsPerSecond);
    }

    private static Figure tail(String label, double ratioMax) {
        return new Figure(label + ", p99", "us", Target.ratioAtMost(ratioMax), result -> result.percentileMicros(99));
    }

    private static Figure median(String label, double ratioMax) {
        return new Figure("1 connection, 1 deep: " + label + ", p50", "us", Target.ratioAtMost(ratioMax),
                result -> result.percentileMicros(50));
    }
}
