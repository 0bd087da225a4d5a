package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Order;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.fsync.FsyncPolicy;

/**
 * Random effects of the core on a log and on a simple model of it, with kills, and with power cuts that take what a lazy
 * policy has written: what is found at the next start must be the same.
 */
class MemberLogPropertyTest {
    private static final int SEEDS = Integer.getInteger("log.seeds", 12);
    private static final int STEPS = 150;
    private static final StorageOptions OPTIONS = new StorageOptions(32 << 20, 16 << 10, 1 << 20, 1 << 16);

    @TempDir
    Path scratch;

    private FsyncPolicy policy;
    private Random random;
    private Path dataDir;
    private String boot;
    private DataDirectory directory;
    private LmdbLog log;
    private MemberLogModel model;
    private long[] next;
    private long stable;
    private Position durable;
    private boolean outside;
    private String trace;

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void holdsWhatTheModelHolds(FsyncPolicy each) throws IOException {
        for (int seed = 0; seed < SEEDS; seed++) {
            policy = each;
            random = new Random(seed);
            dataDir = scratch.resolve("seed" + seed);
            trace = each + " seed " + seed + ":";
            run();
        }
    }

    private void run() throws IOException {
        boot = "boot-0";
        model = new MemberLogModel(policy.isLazy());
        durable = Position.START;
        open();
        install(Effect.Base.EMPTY);
        for (int step = 0; step < STEPS; step++) {
            step();
        }
        restart(false);
        directory.close();
        log.close();
    }

    private void open() {
        directory = DataDirectory.open(dataDir, OPTIONS, boot);
        log = LmdbLog.openMember(directory, policy, OPTIONS, new MetricRegistry());
    }

    private void step() throws IOException {
        int dice = random.nextInt(100);
        if (dice < 55 && !outside) {
            secure();
        } else if (dice < 65 && !outside) {
            flush();
        } else if (dice < 70) {
            log.flushAll();
            model.flushAll();
            trace += " flushAll";
        } else if (dice < 75) {
            var promise = Views.promise(model.installed, random.nextInt(1000));
            log.store(promise);
            model.store(promise);
            trace += " store";
        } else if (dice < 82 || outside) {
            install(Effect.Base.LOG);
        } else if (dice < 90) {
            delete();
        } else if (dice < 95) {
            read();
        } else {
            restart(random.nextBoolean());
        }
    }

    private void secure() throws IOException {
        List<Slot> slots = new ArrayList<>();
        for (int count = 1 + random.nextInt(6); count > 0; count--) {
            int rank = random.nextInt(next.length);
            long index = next[rank] + random.nextInt(3);
            while (Order.of(index, rank) <= stable) {
                index++;
            }
            next[rank] = index + 1;
            int bytes = random.nextInt(10) == 0 ? 9000 : random.nextInt(600);
            slots.add(Fixtures.slot(new Position(model.installed.viewId(), index, rank), bytes));
        }
        if (random.nextInt(10) == 0) {
            // Of a view that has ended meanwhile.
            slots.add(Fixtures.slot(new Position(model.installed.viewId() - 1, 1000 + random.nextInt(1000), 0), 50));
        }
        log.secure(slots);
        model.secure(slots);
        trace += " secure" + slots.stream().map(slot -> slot.position().index() + "." + slot.position().rank()).toList();
    }

    private void flush() throws IOException {
        List<Position> places = new ArrayList<>(model.secured().keySet());
        if (places.isEmpty()) {
            return;
        }
        Position end = places.get(random.nextInt(places.size()));
        long upTo = Order.of(end.index(), end.rank());
        log.flush(end.viewId(), upTo);
        model.flush(upTo);
        stable = Math.max(stable, upTo);
        trace += " flush" + end.index() + "." + end.rank();
    }

    /** From what the log has, every sender cut somewhere behind what is stable; or from nothing. */
    private void install(Effect.Base base) {
        ViewRecord view;
        Trim cut = null;
        if (base == Effect.Base.EMPTY) {
            view = Views.view(1, 3, null);
        } else {
            cut = model.lost ? Trim.upTo(model.mark, next.length) : anyCut();
            view = Views.view(model.installed.viewId() + 1, 1 + random.nextInt(4), cut);
        }
        MemberId as = view.members().get(0);
        log.install(view, as, base, cut);
        model.install(view, as, cut, null);
        next = new long[view.members().size()];
        stable = Order.NONE;
        outside = false;
        trace += " install" + cut;
    }

    private Trim anyCut() {
        long[] last = new long[next.length];
        Arrays.fill(last, -1);
        for (Position place : model.secured().keySet()) {
            boolean needed = Order.of(place.index(), place.rank()) <= stable;
            if (needed || random.nextInt(8) > 0 && last[place.rank()] < place.index()) {
                last[place.rank()] = Math.max(last[place.rank()], place.index());
            }
        }
        return Trim.of(last);
    }

    private void delete() {
        NavigableMap<Position, Slot> gone = model.base;
        if (!gone.isEmpty()) {
            List<Position> places = new ArrayList<>(gone.tailMap(durable, true).keySet());
            if (!places.isEmpty()) {
                durable = places.get(random.nextInt(places.size()));
                log.deleteBelow(durable);
                trace += " delete" + durable;
            }
        }
    }

    private void read() {
        List<Slot> expected = new ArrayList<>(model.base.tailMap(durable, false).values());
        Trim cut = anyCut();
        model.secured().values().stream()
                .filter(slot -> cut.covers(slot.position().index(), slot.position().rank())).forEach(expected::add);
        List<Slot> found = new ArrayList<>();
        List<ViewRecord> views = new ArrayList<>();
        Position after = durable;
        LogRange range;
        do {
            range = log.read(after, model.installed.viewId(), cut, 1 + random.nextInt(3000));
            assertEquals(after, range.after());
            found.addAll(range.slots());
            range.views().stream().filter(view -> !views.contains(view)).forEach(views::add);
            after = range.end();
        } while (!range.slots().isEmpty());
        LmdbLogTest.assertSame(expected, found);
        if (!found.isEmpty()) {
            Position end = found.get(random.nextInt(found.size())).position();
            LogRange upTo = log.readUpTo(durable, end, Integer.MAX_VALUE);
            assertEquals(end, upTo.end());
            assertTrue(upTo.slots().size() >= expected.stream().filter(slot -> slot.position().compareTo(end) <= 0).count());
        }
        assertEquals(List.copyOf(model.views.tailMap(durable.viewId(), false).values()), views, trace);
    }

    private void restart(boolean powerCut) throws IOException {
        close();
        if (powerCut) {
            boot = boot + "x";
            model.losePower();
        }
        trace += powerCut ? " power" : " kill";
        reopened();
    }

    private void close() {
        log.close();
        directory.close();
    }

    private void reopened() {
        open();
        model.check(log.recovered(), trace);
        model.check(log, durable, trace);
        outside = true;
    }
}
