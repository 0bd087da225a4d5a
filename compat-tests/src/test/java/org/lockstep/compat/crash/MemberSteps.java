package org.lockstep.compat.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.core.Voter;

/**
 * The life of an ensemble member's log, the same for the same seed: what is asked of it, step by step, and what is on the medium
 * then.
 */
final class MemberSteps {
    private static final int RANKS = 3;

    /** What a log must hold after a power cut behind a step. */
    static final class Content {
        ViewRecord installed;
        AcceptorRecord acceptor;
        TreeMap<Position, Slot> base = new TreeMap<>();
        TreeMap<Position, Slot> main = new TreeMap<>();
        long mark = Order.NONE;
        /** Everything up to here may have been deleted. */
        Position deleted = Position.START;

        Content copy() {
            Content copy = new Content();
            copy.installed = installed;
            copy.acceptor = acceptor;
            copy.base.putAll(base);
            copy.main.putAll(main);
            copy.mark = mark;
            copy.deleted = deleted;
            return copy;
        }
    }

    private interface Step {
        void run(MemberLog log);
    }

    private final boolean lazy;
    private final Random random;
    private final List<Step> steps = new ArrayList<>();
    /** contents.get(n): after n steps. */
    private final List<Content> contents = new ArrayList<>();
    private Content now = new Content();
    private final TreeMap<Position, Slot> tail = new TreeMap<>();
    private final long[] next = new long[RANKS];
    private long stable = Order.NONE;

    MemberSteps(boolean lazy, long seed, int count) {
        this.lazy = lazy;
        this.random = new Random(seed);
        contents.add(now.copy());
        install();
        while (steps.size() < count) {
            step();
        }
    }

    int count() {
        return steps.size();
    }

    void run(int step, MemberLog log) {
        steps.get(step).run(log);
    }

    /** What is on the medium for certain after {@code count} steps. */
    Content after(int count) {
        return contents.get(count);
    }

    private void add(Step step) {
        steps.add(step);
        contents.add(now.copy());
    }

    private void step() {
        int dice = random.nextInt(100);
        if (dice < 70) {
            secure();
        } else if (dice < 85) {
            flush();
        } else if (dice < 90) {
            delete();
        } else {
            changeView();
        }
    }

    private void secure() {
        List<Slot> slots = new ArrayList<>();
        for (int i = random.nextInt(8); i >= 0; i--) {
            int rank = random.nextInt(RANKS);
            long index = next[rank] + random.nextInt(2);
            while (Order.of(index, rank) <= stable) {
                index++;
            }
            next[rank] = index + 1;
            byte[] payload = new byte[random.nextInt(15) == 0 ? 7000 : 20 + random.nextInt(500)];
            random.nextBytes(payload);
            slots.add(new Slot(new Position(now.installed.viewId(), index, rank), payload));
        }
        slots.forEach(slot -> (lazy ? tail : now.main).put(slot.position(), slot));
        add(log -> log.secure(slots));
    }

    private void flush() {
        List<Position> places = new ArrayList<>(tail.keySet());
        if (places.isEmpty()) {
            return;
        }
        Position end = places.get(random.nextInt(places.size()));
        long upTo = Order.of(end.index(), end.rank());
        now.main.putAll(tail.headMap(end, true));
        tail.headMap(end, true).clear();
        now.mark = Math.max(now.mark, upTo);
        stable = Math.max(stable, upTo);
        add(log -> log.flush(end.viewId(), upTo));
    }

    private void delete() {
        List<Position> places = new ArrayList<>(now.base.tailMap(now.deleted, false).keySet());
        if (!places.isEmpty()) {
            Position place = places.get(random.nextInt(places.size()));
            now.deleted = place;
            add(log -> log.deleteBelow(place));
        }
    }

    private void changeView() {
        now.main.putAll(tail);
        tail.clear();
        add(MemberLog::flushAll);
        ViewRecord previous = now.installed;
        AcceptorRecord promise = new AcceptorRecord(previous.viewId() + 1, previous, new Ballot(1 + random.nextInt(9), 2, 3),
                Ballot.NONE, null, null);
        now.acceptor = promise;
        add(log -> log.store(promise));
        install();
    }

    private void install() {
        ViewRecord previous = now.installed;
        Trim cut = previous == null ? Trim.nothing(0) : cut();
        long viewId = previous == null ? 1 : previous.viewId() + 1;
        List<MemberId> members = new ArrayList<>();
        List<Voter> voters = new ArrayList<>();
        for (int id = 1; id <= RANKS; id++) {
            members.add(new MemberId(id, new UUID(id, 1), viewId));
            voters.add(new Voter(id, new UUID(id, 1)));
        }
        ViewRecord view = new ViewRecord(viewId, new UUID(1, 1), members, voters, previous == null
                ? ViewRecord.Origin.BOOTSTRAP : ViewRecord.Origin.SURVIVORS, previous == null ? null : members.get(0), cut);
        now.main.forEach((position, slot) -> {
            if (cut.covers(position.index(), position.rank())) {
                now.base.put(position, slot);
            }
        });
        now.main.clear();
        now.mark = Order.NONE;
        now.installed = view;
        now.acceptor = null;
        Arrays.fill(next, 0);
        stable = Order.NONE;
        Effect.Base base = previous == null ? Effect.Base.EMPTY : Effect.Base.LOG;
        add(log -> log.install(view, members.get(0), base, cut));
    }

    /** Anywhere behind what is stable; most often something is cut away. */
    private Trim cut() {
        long[] last = new long[RANKS];
        Arrays.fill(last, -1);
        for (Position place : now.main.keySet()) {
            boolean needed = Order.of(place.index(), place.rank()) <= stable;
            if (needed || random.nextInt(10) > 0 && last[place.rank()] == place.index() - 1) {
                last[place.rank()] = Math.max(last[place.rank()], place.index());
            }
        }
        return Trim.of(last);
    }
}
