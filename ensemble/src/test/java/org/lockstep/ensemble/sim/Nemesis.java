package org.lockstep.ensemble.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Breaks things at random times, in the ways that the seed allows. */
final class Nemesis {
    private final Simulation simulation;
    private final SimConfig config;
    private final List<Fault> kinds;
    private int lostDisk;
    private long lostAt;

    Nemesis(Simulation simulation, SimConfig config) {
        this.simulation = simulation;
        this.config = config;
        kinds = new ArrayList<>(config.trouble().faults());
    }

    void start() {
        if (!kinds.isEmpty()) {
            next();
        }
    }

    private void next() {
        simulation.after(1 + random().nextLong(2 * config.trouble().gapNanos()), () -> {
            if (simulation.now() < config.calmNanos()) {
                Fault fault = kinds.get(random().nextInt(kinds.size()));
                strike(fault, 1 + random().nextInt(config.servers()));
                next();
            }
        });
    }

    private SplittableRandom random() {
        return simulation.random();
    }

    private long span(long fromMillis, long toMillis) {
        return (fromMillis + random().nextLong(toMillis - fromMillis)) * SimConfig.MILLI;
    }

    private void strike(Fault fault, int victim) {
        simulation.trace(victim, "fault " + fault, 0);
        SimNode node = simulation.node(victim);
        switch (fault) {
            case KILL_ONE -> down(victim, false);
            case POWER_ONE -> down(victim, true);
            case KILL_ALL -> several(config.members(), false);
            case POWER_ALL -> blackout();
            case POWER_SOME -> several(1 + random().nextInt(config.members()), true);
            case PAUSE -> node.pause(span(20, 2000));
            case CUT_BOTH_WAYS -> cutBothWays();
            case CUT_ONE_WAY -> cutOneWay(victim);
            case BREAK_LINK -> simulation.network().breakLink(victim, other(victim));
            case CLOCK_JUMP -> node.jumpClock(span(-500, 3000));
            case FULL_DISK -> fullDisk(victim);
            case FLIPPED_BIT -> loseDisk(victim, false);
            case WIPED_DISK -> loseDisk(victim, true);
            case SLOW_DISK -> slowDisk(node);
            case PLANNED_CHANGE -> node.planViewChange();
            default -> throw new IllegalArgumentException(fault.toString());
        }
    }

    private int other(int victim) {
        int other = 1 + random().nextInt(config.servers() - 1);
        return other >= victim ? other + 1 : other;
    }

    void down(int victim, boolean powerLoss) {
        simulation.node(victim).kill(powerLoss);
        simulation.after(random().nextInt(3) == 0 ? span(500, 4000) : span(5, 300), simulation.node(victim)::start);
    }

    private void several(int count, boolean powerLoss) {
        int first = random().nextInt(config.members());
        for (int i = 0; i < count; i++) {
            down(1 + (first + i) % config.members(), powerLoss);
        }
    }

    /** The power fails everywhere, and it may be that a disk does not stand it and that some servers take long to return. */
    private void blackout() {
        boolean hurts = random().nextInt(3) == 0 && simulation.allDisksServe();
        several(config.members(), true);
        if (hurts) {
            simulation.node(1 + random().nextInt(config.members())).disk().flipBit();
        }
    }

    private void fullDisk(int victim) {
        simulation.node(victim).kill(false);
        simulation.after(span(500, 2000), simulation.node(victim)::start);
    }

    private void slowDisk(SimNode node) {
        node.slowDown(20 + random().nextInt(200));
        simulation.after(span(200, 3000), () -> node.slowDown(1));
    }

    private void cutBothWays() {
        int groups = random().nextInt(1 << config.servers());
        if (random().nextInt(3) == 0) {
            int victim = 1 + random().nextInt(config.servers());
            int other = other(victim);
            simulation.network().cut(victim, other);
            simulation.network().cut(other, victim);
            groups = 0;
        }
        for (int a = 1; a <= config.servers(); a++) {
            for (int b = 1; b <= config.servers(); b++) {
                if (a != b && (groups >> a - 1 & 1) != (groups >> b - 1 & 1)) {
                    simulation.network().cut(a, b);
                }
            }
        }
        simulation.after(span(50, 3000), simulation.network()::heal);
    }

    private void cutOneWay(int victim) {
        boolean all = random().nextBoolean();
        int other = other(victim);
        for (int b = 1; b <= config.servers(); b++) {
            if (b != victim && (all || b == other)) {
                simulation.network().cut(all ? b : victim, all ? victim : b);
            }
        }
        simulation.after(span(50, 3000), simulation.network()::heal);
    }

    /** One disk at a time: the protocol stands a minority of them, and asks for the lost one to be back before the next goes. */
    private void loseDisk(int victim, boolean wiped) {
        boolean isObserver = victim > config.members();
        if (!isObserver && !simulation.allDisksServe()) {
            return;
        }
        SimNode node = simulation.node(victim);
        if (wiped || isObserver) {
            node.wipe();
        } else {
            node.kill(false);
            node.disk().flipBit();
        }
        simulation.after(span(5, 2000), node::start);
    }
}
