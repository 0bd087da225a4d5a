package org.lockstep.ensemble.sim;

import java.io.PrintStream;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.ViewRecord;

/** One run: virtual time, events in order, everything random from one seed. */
final class Simulation {
    /** Longer than the longest queue can take with the slowest disks. */
    private static final long QUEUES_NANOS = 20 * SimConfig.SECOND;

    private final SimConfig config;
    private final SplittableRandom random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final SimNode[] nodes;
    private final Network network;
    private final Clients clients;
    private final Checker checker;
    private final Nemesis nemesis;
    private final PrintStream trace;
    private long now;
    private long sequence;
    private long hash = 1;
    private int victim;

    private record Event(long at, long sequence, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }

    /** What a run came to. */
    record Result(long hash, long acknowledged, long views, long restarts, long cuts, long slots, long events) {}

    /** {@code trace}: where to print each step, or null. */
    Simulation(SimConfig config, PrintStream trace) {
        this.config = config;
        this.trace = trace;
        random = new SplittableRandom(config.seed());
        nodes = new SimNode[config.servers() + 1];
        checker = new Checker(config, config.options().minView());
        network = new Network(this, config);
        clients = new Clients(this, config);
        nemesis = new Nemesis(this, config);
        for (int i = 1; i < nodes.length; i++) {
            nodes[i] = new SimNode(this, config, i);
        }
    }

    long now() {
        return now;
    }

    SplittableRandom random() {
        return random;
    }

    Network network() {
        return network;
    }

    Clients clients() {
        return clients;
    }

    Checker checker() {
        return checker;
    }

    /** The server that suffers lastingly and need not work; 0: none. */
    int victim() {
        return victim;
    }

    SimNode node(int serverId) {
        return nodes[serverId];
    }

    void at(long time, Runnable action) {
        events.add(new Event(Math.max(time, now), sequence++, action));
    }

    void after(long nanos, Runnable action) {
        at(now + nanos, action);
    }

    Result run() {
        for (int i = 1; i < nodes.length; i++) {
            after(random.nextLong(200 * SimConfig.MILLI), nodes[i]::start);
        }
        clients.start();
        nemesis.start();
        at(config.calmNanos(), this::endFaults);
        long calm = config.endNanos() - config.calmNanos();
        runUntil(config.calmNanos() + calm * 5 / 8);
        while (now < config.calmNanos() + calm * 7 / 8 && !hasOneView()) {
            runUntil(now + 50 * SimConfig.MILLI);
        }
        if (!hasOneView()) {
            throw new SimulationFailure("no view of all after the faults have ended\n" + states());
        }
        clients.spread();
        long[] before = clients.acknowledgedBy();
        runUntil(config.endNanos());
        for (int i = 0; i < 30 && idle(before) != 0; i++) {
            runUntil(now + 100 * SimConfig.MILLI);
        }
        if (idle(before) != 0) {
            throw new SimulationFailure("server " + idle(before) + " answers nobody after the faults have ended\n" + states());
        }
        demandAnswers();
        return new Result(hash, checker.acknowledgements(), checker.views(), checker.restarts(), checker.cuts(),
                nodes[1].applied().count, sequence);
    }

    /**
     * Nothing may be forgotten. How long an answer takes is another matter: with a window of one slot, slow disks, and all clients at one
     * server before they were spread, what has queued there takes seconds. So when somebody has waited for long all clients fall
     * silent, and then every queue must come to its end.
     */
    private void demandAnswers() {
        if (clients.forgotten() == null) {
            return;
        }
        clients.fallSilent();
        long last = now + QUEUES_NANOS;
        while (now < last && clients.waits()) {
            runUntil(now + 100 * SimConfig.MILLI);
        }
        if (clients.waits()) {
            throw new SimulationFailure(clients.forgotten() + "\n" + states());
        }
    }

    private void runUntil(long time) {
        while (!events.isEmpty() && events.peek().at() <= time) {
            Event event = events.poll();
            now = event.at();
            event.action().run();
        }
        now = time;
    }

    private void endFaults() {
        trace(0, "faults end", 0);
        network.heal();
        for (int i = 1; i < nodes.length; i++) {
            nodes[i].slowDown(1);
            after(random.nextLong(300 * SimConfig.MILLI), nodes[i]::start);
        }
        after(500 * SimConfig.MILLI, () -> {
            network.heal();
            network.connectAll();
            victim = allDisksServe() ? config.victim() : 0;
            suffer();
        });
    }

    private void suffer() {
        if (victim == 0) {
            return;
        }
        trace(victim, "suffers for good " + config.trouble().lasting(), 0);
        for (int other = 1; other < nodes.length; other++) {
            if (other != victim && config.trouble().lasting() == SimConfig.Lasting.DEAF) {
                network.cutForGood(other, victim);
            } else if (other != victim && config.trouble().lasting() == SimConfig.Lasting.MUTE) {
                network.cutForGood(victim, other);
            }
        }
        if (config.trouble().lasting() == SimConfig.Lasting.DEAD) {
            nodes[victim].die();
        } else if (config.trouble().lasting() == SimConfig.Lasting.STUCK_DISK) {
            nodes[victim].stickDisk();
        }
    }

    private boolean hasOneView() {
        ViewRecord view = nodes[victim == 1 ? 2 : 1].view();
        int expected = victim == 0 ? config.members() : config.members() - 1;
        for (int i = 1; i <= config.members(); i++) {
            if (i != victim && (view == null || !view.equals(nodes[i].view()) || view.members().size() != expected)) {
                return false;
            }
        }
        for (int i = config.members() + 1; i < nodes.length; i++) {
            if (!nodes[i].serves()) {
                return false;
            }
        }
        return true;
    }

    /** A server that has answered no request since {@code before}; 0 when there is none. */
    private int idle(long[] before) {
        long[] after = clients.acknowledgedBy();
        for (int i = 1; i < nodes.length; i++) {
            if (i != victim && after[i] <= before[i]) {
                return i;
            }
        }
        return 0;
    }

    private String states() {
        StringBuilder out = new StringBuilder();
        for (int i = 1; i < nodes.length; i++) {
            out.append(nodes[i]).append('\n');
        }
        return out.toString();
    }

    /** Whether every server's disk is listed in the last view, holds it, and can be read. */
    boolean allDisksServe() {
        ViewRecord last = checker.lastDecided();
        for (int i = 1; i <= config.members(); i++) {
            SimDisk disk = nodes[i].disk();
            if (last == null || disk.isDamaged() || !last.listsDisk(i, disk.diskId) || disk.installed() == null) {
                return false;
            }
        }
        return true;
    }

    /** Whether the disk of {@code member} holds the base of {@code view}, or what is to be cut to it. */
    boolean holdsBase(MemberId member, ViewRecord view) {
        SimDisk disk = nodes[member.serverId()].disk();
        if (!disk.diskId.equals(member.diskId()) || view.viewId() == 1 || disk.isDamaged()) {
            return true;
        }
        boolean staged = disk.hasStaged(view);
        return staged || disk.installed() != null && disk.installed().viewId() >= view.viewId() - 1;
    }

    /** Steps towards a next view are where a crash hurts most. */
    void maybeCrash(SimNode node, Effect effect) {
        boolean step = effect instanceof Effect.Store || effect instanceof Effect.Install || effect instanceof Effect.Stage
                || effect instanceof Effect.FlushAll || effect instanceof Effect.BeginView
                || effect instanceof Effect.Send send && (send.message() instanceof Message.Accept
                        || send.message() instanceof Message.Decided || send.message() instanceof Message.JoinReady
                        || send.message() instanceof Message.Promise);
        if (step && config.trouble().crashPerStep() > 0 && now < config.calmNanos()
                && random.nextInt(config.trouble().crashPerStep()) == 0 && node.isUp()) {
            long delay = random.nextBoolean() ? 0 : random.nextLong(3 * config.machines().flushNanos());
            boolean power = random.nextInt(3) == 0;
            if (delay == 0) {
                nemesis.down(node.serverId(), power);
            } else {
                after(delay, () -> nemesis.down(node.serverId(), power));
            }
        }
    }

    void trace(int serverId, String what, long detail) {
        hash = History.mix(hash, now);
        hash = History.mix(hash, serverId * 31L + what.hashCode());
        hash = History.mix(hash, detail);
        if (trace != null) {
            trace.printf("%12.3f ms  %d %s %d%n", now / 1e6, serverId, what, detail);
        }
    }

    void traceNote(int serverId, String text) {
        trace(serverId, text, 0);
    }

    void traceMessage(int from, int to, Message message) {
        hash = History.mix(hash, now);
        hash = History.mix(hash, from * 64L + to);
        hash = History.mix(hash, message.getClass().getName().hashCode());
        if (trace != null) {
            trace.printf("%12.3f ms  %d <- %d %s%n", now / 1e6, to, from, message);
        }
    }
}
