package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.lockstep.fsync.FsyncPolicy;

/**
 * A few members side by side with perfect disks, driven by hand: one {@link #hop} carries every message under way to its
 * target.
 */
final class Bench {
    static final long MILLI = 1_000_000;

    final List<EnsembleMember> members = new ArrayList<>();
    final List<List<Slot>> delivered = new ArrayList<>();
    final List<Effect> others = new ArrayList<>();
    private final ArrayDeque<Letter> underWay = new ArrayDeque<>();
    private final boolean[] silent;
    private long nowNanos;

    private record Letter(MemberId from, int to, Message message) {}

    Bench(int count) {
        this(EnsembleOptions.of(ids(count), FsyncPolicy.DURABLE, new UUID(9, 9)), count);
    }

    Bench(EnsembleOptions options, int count) {
        silent = new boolean[count];
        for (int i = 0; i < count; i++) {
            members.add(new EnsembleMember(new MemberId(i + 1, new UUID(i + 1, 0), 1), options, Recovered.BLANK));
            delivered.add(new ArrayList<>());
        }
    }

    static List<Integer> ids(int count) {
        List<Integer> ids = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            ids.add(i);
        }
        return ids;
    }

    /** Lets time pass at every member, and everything arrive. */
    void run(long millis) {
        for (long i = 0; i < millis; i += 10) {
            tick(10);
            settle();
        }
    }

    void tick(long millis) {
        nowNanos += millis * MILLI;
        for (int i = 0; i < members.size(); i++) {
            if (!silent[i]) {
                members.get(i).tick(nowNanos);
            }
            perform(i);
        }
    }

    /** The process stops, as far as anybody can see. */
    void silence(int index) {
        silent[index] = true;
    }

    void submit(int index, int value) {
        members.get(index).submit(new byte[] {(byte) value});
        perform(index);
    }

    /** Carries what is under way one hop; returns how many messages that were. */
    int hop() {
        List<Letter> letters = new ArrayList<>(underWay);
        underWay.clear();
        for (Letter letter : letters) {
            if (!silent[letter.to() - 1] && !silent[letter.from().serverId() - 1]) {
                members.get(letter.to() - 1).message(letter.from(), letter.message());
                perform(letter.to() - 1);
            }
        }
        return letters.size();
    }

    void settle() {
        while (hop() > 0) {
            continue;
        }
    }

    private void perform(int index) {
        EnsembleMember member = members.get(index);
        member.endTurn();
        while (!member.effects().list().isEmpty()) {
            List<Effect> effects = List.copyOf(member.effects().list());
            member.effects().clear();
            for (Effect effect : effects) {
                perform(index, member, effect);
            }
            member.endTurn();
        }
    }

    private void perform(int index, EnsembleMember member, Effect effect) {
        if (effect instanceof Effect.Send send) {
            underWay.add(new Letter(member.self(), send.serverId(), send.message()));
        } else if (effect instanceof Effect.Secure secure) {
            member.secured(secure.slot().position());
        } else if (effect instanceof Effect.Store store) {
            member.recordStored(store.recordNumber());
        } else if (effect instanceof Effect.Install install) {
            member.recordStored(install.recordNumber());
        } else if (effect instanceof Effect.FlushAll flushAll) {
            member.flushedAll(flushAll.token());
        } else if (effect instanceof Effect.Deliver deliver) {
            delivered.get(index).add(deliver.slot());
        } else {
            others.add(effect);
        }
    }

    List<Integer> values(int index) {
        return delivered.get(index).stream().map(slot -> (int) slot.payload()[0]).toList();
    }
}
