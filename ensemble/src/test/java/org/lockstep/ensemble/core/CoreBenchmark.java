package org.lockstep.ensemble.core;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.lockstep.fsync.FsyncPolicy;

/**
 * What the core costs in its steady state: members side by side in one thread, with logs and connections of memory, each always
 * with as much to send as its window takes. Prints time and allocation per slot, each counted once for all members together.
 * Arguments: members (3), bytes in a slot (16384, about what 15 connections with 16 requests each give), seconds (5).
 */
public final class CoreBenchmark {
    private static final long MILLI = 1_000_000;
    private static final int ROUNDS = 64;

    private final List<EnsembleMember> members = new ArrayList<>();
    private final List<ArrayDeque<Message>> inboxes = new ArrayList<>();
    private final List<ArrayDeque<MemberId>> senders = new ArrayList<>();
    private final byte[] payload;
    private boolean writing;
    private long delivered;

    private CoreBenchmark(int count, int slotBytes) {
        EnsembleOptions options = EnsembleOptions.of(Bench.ids(count), FsyncPolicy.NO_SYNC, new UUID(9, 9));
        payload = new byte[slotBytes];
        for (int i = 0; i < count; i++) {
            members.add(new EnsembleMember(new MemberId(i + 1, new UUID(i + 1, 0), 1), options, Recovered.BLANK));
            inboxes.add(new ArrayDeque<>());
            senders.add(new ArrayDeque<>());
        }
    }

    /** Measures, after as long a warm-up. */
    public static void main(String[] args) {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 3;
        int slotBytes = args.length > 1 ? Integer.parseInt(args[1]) : 16384;
        long seconds = args.length > 2 ? Long.parseLong(args[2]) : 5;
        CoreBenchmark benchmark = new CoreBenchmark(count, slotBytes);
        long now = 0;
        while (benchmark.members.stream().anyMatch(member -> member.view() == null)) {
            now += 10 * MILLI;
            benchmark.tick(now);
        }
        benchmark.writing = true;
        benchmark.run(now, seconds);
        benchmark.report(now + seconds * 1000 * MILLI, seconds);
    }

    private void report(long now, long seconds) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long countBefore = delivered;
        long begun = System.nanoTime();
        run(now, seconds);
        double nanos = System.nanoTime() - begun;
        double slots = (delivered - countBefore) / (double) members.size();
        double bytes = threads.getCurrentThreadAllocatedBytes() - before;
        System.out.printf("%d members: %.0f slots/s, %.0f ns and %.0f bytes a slot%n", members.size(), slots / nanos * 1e9,
                nanos / slots, bytes / slots);
    }

    private void run(long from, long seconds) {
        long begun = System.nanoTime();
        long spent = 0;
        while (spent < seconds * 1_000_000_000) {
            tick(from + spent);
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < members.size(); i++) {
                    turn(i);
                }
            }
            spent = System.nanoTime() - begun;
        }
    }

    private void tick(long now) {
        for (int i = 0; i < members.size(); i++) {
            members.get(i).tick(now);
            turn(i);
        }
    }

    /** What an event loop does in one round: everything that has come, then everything that follows. */
    private void turn(int index) {
        EnsembleMember member = members.get(index);
        ArrayDeque<Message> inbox = inboxes.get(index);
        while (!inbox.isEmpty()) {
            member.message(senders.get(index).poll(), inbox.poll());
        }
        while (writing && member.mayTakeMore()) {
            member.submit(payload);
        }
        member.endTurn();
        Effects effects = member.effects();
        for (int i = 0; i < effects.size(); i++) {
            perform(member, effects.get(i));
            if (i == effects.size() - 1) {
                member.endTurn();
            }
        }
        effects.clear();
    }

    private void perform(EnsembleMember member, Effect effect) {
        if (effect instanceof Effect.Send send) {
            inboxes.get(send.serverId() - 1).add(send.message());
            senders.get(send.serverId() - 1).add(member.self());
        } else if (effect instanceof Effect.OweRows) {
            member.payRows();
        } else if (effect instanceof Effect.Secure secure) {
            member.secured(secure.slot().position());
        } else if (effect instanceof Effect.Deliver) {
            delivered++;
        } else if (effect instanceof Effect.Flush flush) {
            member.flushed(flush.viewId(), flush.upTo());
        } else if (effect instanceof Effect.FlushAll flushAll) {
            member.flushedAll(flushAll.token());
        } else if (effect instanceof Effect.Store store) {
            member.recordStored(store.recordNumber());
        } else if (effect instanceof Effect.Install install) {
            member.recordStored(install.recordNumber());
        }
    }
}
