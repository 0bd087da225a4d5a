package org.lockstep.ensemble.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.lockstep.fsync.FsyncPolicy;

/**
 * A few members side by side with perfect disks, driven by hand: one {@link #hop} carries every message under way to its
 * target.
 */
final class Bench {
    static final long MILLI = 1_000_000;

    final List<EnsembleMember> members = new ArrayList<>();
    final List<List<Slot>> delivered = new ArrayList<>();
    /** Per process, the values of delivered slots that it knows as its own. */
    final List<List<Integer>> own = new ArrayList<>();
    final List<Effect> others = new ArrayList<>();
    private final List<List<ViewRecord>> views = new ArrayList<>();
    /** Whether logs have forgotten everything, so that nobody can be fed from one. */
    boolean logsAreShort;
    /** What is lost on its way. */
    Predicate<Message> lost = message -> false;
    BiPredicate<MemberId, Message> lostFrom = (from, message) -> false;
    /** Whom nothing reaches, though what it says is heard. */
    int deaf = -1;
    /** Whose disk does nothing any more. */
    int stuck = -1;
    /** Whose disk does not come to the end of an install, until {@link #endInstall}. */
    int installing = -1;
    private Effect.Install unfinished;
    private final ArrayDeque<Letter> underWay = new ArrayDeque<>();
    private final boolean[] silent;
    private final boolean[] owing;
    private final EnsembleOptions options;
    private long nowNanos;

    private record Letter(MemberId from, int to, Message message) {}

    Bench(int count) {
        this(EnsembleOptions.of(ids(count), FsyncPolicy.DURABLE, new UUID(9, 9)), count);
    }

    Bench(EnsembleOptions options, int count) {
        silent = new boolean[count];
        owing = new boolean[count];
        for (int i = 0; i < count; i++) {
            members.add(new EnsembleMember(new MemberId(i + 1, new UUID(i + 1, 0), 1), options, Recovered.BLANK));
            delivered.add(new ArrayList<>());
            own.add(new ArrayList<>());
            views.add(new ArrayList<>());
        }
        this.options = options;
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

    /** It goes on as if nothing had been. */
    void wake(int index) {
        silent[index] = false;
    }

    boolean isExcluded(int index) {
        MemberId self = members.get(index).self();
        return others.stream().anyMatch(effect -> effect instanceof Effect.Excluded out && out.view().rankOf(self) < 0);
    }

    /** The server comes back with a blank disk. */
    void replace(int index) {
        silent[index] = false;
        members.set(index, new EnsembleMember(new MemberId(index + 1, new UUID(index + 1, 1), 2), options, Recovered.BLANK));
        delivered.get(index).clear();
        own.get(index).clear();
        views.get(index).clear();
    }

    /** An observer's process ends, and another begins with its state. */
    void restart(int index) {
        silent[index] = false;
        members.set(index, new EnsembleMember(new MemberId(index + 1, new UUID(index + 1, 0), 2), options,
                Recovered.BLANK.withApplied(place(index))));
        others.clear();
    }

    void connect(int a, int b) {
        members.get(a).connection(b + 1, true);
        members.get(b).connection(a + 1, true);
        perform(a);
        perform(b);
    }

    /** The install that was held back is done. */
    void endInstall() {
        members.get(installing).recordStored(unfinished.recordNumber());
        perform(installing);
        installing = -1;
    }

    void submit(int index, int value) {
        members.get(index).submit(new byte[] {(byte) value});
        perform(index);
    }

    /** Carries what is under way one hop; returns how many messages that were. */
    int hop() {
        payRows();
        List<Letter> letters = new ArrayList<>(underWay);
        underWay.clear();
        for (Letter letter : letters) {
            if (letter.to() - 1 != deaf && !silent[letter.to() - 1] && !silent[letter.from().serverId() - 1] && !lost.test(letter.message())
                    && !lostFrom.test(letter.from(), letter.message())) {
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

    /** What is owed is owed for one hop. */
    private void payRows() {
        for (int i = 0; i < owing.length; i++) {
            if (owing[i]) {
                owing[i] = false;
                members.get(i).payRows();
                perform(i);
            }
        }
    }

    private void perform(int index) {
        EnsembleMember member = members.get(index);
        member.endTurn();
        for (int i = 0; i < member.effects().size(); i++) {
            perform(index, member, member.effects().get(i));
            if (i == member.effects().size() - 1) {
                member.endTurn();
            }
        }
        member.effects().clear();
    }

    private void perform(int index, EnsembleMember member, Effect effect) {
        boolean ofDisk = effect instanceof Effect.Secure || effect instanceof Effect.Store || effect instanceof Effect.Install
                || effect instanceof Effect.FlushAll || effect instanceof Effect.Stage;
        if (index == stuck && ofDisk) {
            return;
        }
        if (index == installing && effect instanceof Effect.Install install) {
            unfinished = install;
            return;
        }
        if (effect instanceof Effect.Send send) {
            underWay.add(new Letter(member.self(), send.serverId(), send.message()));
        } else if (effect instanceof Effect.OweRows) {
            owing[index] = true;
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
            if (deliver.own()) {
                own.get(index).add((int) deliver.slot().payload()[0]);
            }
        } else if (effect instanceof Effect.SendTransfer transfer) {
            Message.TransferRequest request = transfer.request();
            underWay.add(new Letter(member.self(), request.joinerId(), new Message.Transfer(request.ballot(), request.attempt(),
                    request.value(), List.copyOf(delivered.get(index)))));
        } else if (effect instanceof Effect.Stage stage) {
            member.staged(stage.transfer());
        } else {
            follow(index, member, effect);
        }
    }

    private void follow(int index, EnsembleMember member, Effect effect) {
        if (effect instanceof Effect.BeginView begin) {
            views.get(index).add(begin.view());
        } else if (effect instanceof Effect.FollowView follow) {
            views.get(index).add(follow.view());
        } else if (effect instanceof Effect.ReadLog read && logsAreShort) {
            member.logTooShort(read.followerId(), read.stream());
        } else if (effect instanceof Effect.ReadLog read) {
            member.logRead(read.followerId(), read.stream(), read(index, read));
        } else if (effect instanceof Effect.FetchState fetch) {
            int feeder = fetch.feederId() - 1;
            delivered.set(index, new ArrayList<>(delivered.get(feeder)));
            views.set(index, new ArrayList<>(views.get(feeder)));
            member.stateFetched(fetch.stream(), place(feeder));
            others.add(effect);
        } else {
            others.add(effect);
        }
    }

    List<Integer> values(int index) {
        return delivered.get(index).stream().map(slot -> (int) slot.payload()[0]).toList();
    }

    private LogRange read(int index, Effect.ReadLog read) {
        return new LogRange(read.after(), views.get(index).stream().filter(view -> view.viewId() > read.after().viewId()).toList(),
                delivered.get(index).stream().filter(slot -> slot.position().compareTo(read.after()) > 0).toList());
    }

    private Position place(int index) {
        List<Slot> slots = delivered.get(index);
        Position begun = Position.beginOf(views.get(index).get(views.get(index).size() - 1).viewId());
        Position last = slots.isEmpty() ? begun : slots.get(slots.size() - 1).position();
        return last.compareTo(begun) > 0 ? last : begun;
    }
}
