package org.lockstep.ensemble.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;

/** What a process has asked of its disk, done one after the other by one log thread; slots that wait together share a flush. */
final class DiskQueue {
    private static final long SLOW_FLUSH_NANOS = 60 * SimConfig.MILLI;

    private final Simulation simulation;
    private final SimNode node;
    private final boolean lazy;
    private final long flushNanos;
    private final ArrayDeque<Item> waiting = new ArrayDeque<>();
    private List<Item> running = List.of();
    private final TreeMap<Long, List<Effect.Send>> gated = new TreeMap<>();
    private long storedUpTo;
    private long ticket;
    private boolean stuck;
    private final int ownSlowness;
    private int slowness;

    private record Item(Effect effect, long process, boolean reportOnly) {}

    DiskQueue(Simulation simulation, SimConfig config, SimNode node) {
        this.simulation = simulation;
        this.node = node;
        lazy = config.policy().isLazy();
        flushNanos = config.machines().flushNanos();
        int factorMax = (int) Math.min(config.trouble().unequalDisks(), SLOW_FLUSH_NANOS / flushNanos);
        ownSlowness = 1 + simulation.random().nextInt(1 + factorMax);
        slowness = ownSlowness;
    }

    void slowDown(int factor) {
        slowness = Math.max(factor, ownSlowness);
    }

    /** The disk takes everything and finishes nothing. */
    void stick() {
        stuck = true;
    }

    void add(Effect effect, long process) {
        waiting.add(new Item(effect, process, false));
        runNext();
    }

    /** Reports it done in its turn, and does nothing. */
    void addReport(Effect effect, long process) {
        waiting.add(new Item(effect, process, true));
        runNext();
    }

    private void runNext() {
        if (!running.isEmpty() || waiting.isEmpty()) {
            return;
        }
        List<Item> batch = new ArrayList<>();
        batch.add(waiting.poll());
        boolean secures = batch.get(0).effect() instanceof Effect.Secure;
        while (secures && !waiting.isEmpty() && waiting.peek().effect() instanceof Effect.Secure) {
            batch.add(waiting.poll());
        }
        running = batch;
        long nanos = secures && lazy ? 20_000 : flushNanos / 2 + simulation.random().nextLong(flushNanos);
        long mine = ++ticket;
        simulation.after(nanos * slowness, () -> done(mine));
    }

    private void done(long ofTicket) {
        if (ofTicket != ticket || stuck) {
            return;
        }
        List<Item> batch = running;
        running = List.of();
        for (Item item : batch) {
            apply(item, node.disk());
        }
        runNext();
        node.diskDone(batch.get(0).process(), batch.stream().map(Item::effect).toList());
    }

    private static void apply(Item item, SimDisk disk) {
        if (!item.reportOnly()) {
            disk.apply(item.effect());
        }
    }

    /** The process is dead: a beginning of what was running is done, the rest never. */
    void crash(SimDisk disk) {
        int whole = running.isEmpty() ? 0 : simulation.random().nextInt(running.size() + 1);
        for (Item item : running.subList(0, whole)) {
            apply(item, disk);
            if (item.effect() instanceof Effect.Install install) {
                simulation.checker().onInstalled(node.serverId(), install.view(), disk.base());
            }
        }
        running = List.of();
        waiting.clear();
        gated.clear();
        storedUpTo = 0;
        ticket++;
    }

    void sendAfter(Effect.Send send) {
        if (send.afterRecord() <= storedUpTo) {
            node.sendNow(send);
        } else {
            gated.computeIfAbsent(send.afterRecord(), key -> new ArrayList<>()).add(send);
        }
    }

    void recordStored(long number) {
        storedUpTo = Math.max(storedUpTo, number);
        while (!gated.isEmpty() && gated.firstKey() <= number) {
            gated.pollFirstEntry().getValue().forEach(node::sendNow);
        }
    }
}
