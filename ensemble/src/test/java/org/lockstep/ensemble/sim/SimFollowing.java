package org.lockstep.ensemble.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.ViewRecord;

/** What a server's driver does for followers and as one: copies of the state, and reading the log. */
final class SimFollowing {
    /** So long what follows a state is kept for who copies it; more than a copy takes. */
    private static final long HOLD_NANOS = 2 * SimConfig.SECOND;

    private final Simulation simulation;
    private final SimNode node;
    private final Map<Integer, Long> heldUntil = new TreeMap<>();
    private long fetches;

    SimFollowing(Simulation simulation, SimNode node) {
        this.simulation = simulation;
        this.node = node;
    }

    /** Copying under way is of no use any more. */
    void end() {
        fetches++;
    }

    /** The feeder's state as it was checkpointed last comes whole after a while, or not at all. */
    void fetch(Effect.FetchState fetch, long ofProcess) {
        SimNode feeder = simulation.node(fetch.feederId());
        long mine = ++fetches;
        simulation.after(delay(5), () -> {
            History state = feeder.giveState();
            long process = feeder.process();
            simulation.after(delay(400), () -> {
                boolean whole = feeder.isUp() && feeder.process() == process && simulation.random().nextInt(10) > 0;
                if (mine == fetches && whole) {
                    simulation.trace(node.serverId(), "has copied the state of", fetch.feederId());
                    node.input(ofProcess, core -> {
                        if (mine == fetches) {
                            node.replaceState(state);
                            core.stateFetched(fetch.stream(), state.position());
                        }
                    });
                } else if (mine == fetches) {
                    node.input(ofProcess, core -> core.stateNotFetched(fetch.stream()));
                }
            });
        });
    }

    /** Entries of the order behind so many are kept for a while. */
    void hold(int count) {
        heldUntil.put(count, simulation.now() + HOLD_NANOS);
    }

    /** What lies behind so many entries of the order must be kept. */
    int held() {
        heldUntil.values().removeIf(until -> until < simulation.now());
        return heldUntil.keySet().stream().findFirst().orElse(Integer.MAX_VALUE);
    }

    private long delay(long millisMax) {
        return 1 + simulation.random().nextLong(millisMax * SimConfig.MILLI);
    }

    /** The log is read by another thread, and a little at a time. */
    void read(Effect.ReadLog read, long ofProcess) {
        History end = node.applied();
        simulation.after(delay(3), () -> node.input(ofProcess, core -> {
            LogRange range = range(end, read);
            if (range == null) {
                core.logTooShort(read.followerId(), read.stream());
            } else {
                core.logRead(read.followerId(), read.stream(), range);
            }
        }));
    }

    /** What follows {@code after}; null when the log does not reach back so far, or that is no place of the order. */
    private LogRange range(History end, Effect.ReadLog read) {
        ArrayDeque<History> entries = new ArrayDeque<>();
        History at = end;
        while (at.position().compareTo(read.after()) > 0) {
            if (at.position().compareTo(read.upTo()) <= 0) {
                entries.addFirst(at);
            }
            at = at.before;
        }
        if (!at.position().equals(read.after()) || at.count < node.disk().logFrom()) {
            return null;
        }
        List<ViewRecord> views = new ArrayList<>();
        List<Slot> slots = new ArrayList<>();
        int count = 1 + simulation.random().nextInt(20);
        for (History entry : entries) {
            if (views.size() + slots.size() == count) {
                break;
            }
            if (entry.slot == null) {
                views.add(entry.view);
            } else {
                slots.add(entry.slot);
            }
        }
        return new LogRange(read.after(), views, slots);
    }
}
