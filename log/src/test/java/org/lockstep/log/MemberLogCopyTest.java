package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.LogDamagedException;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.fsync.FsyncPolicy;

/** A process outside takes the order from a member, stages the base of views that may come, and installs one of them. */
class MemberLogCopyTest {
    private static final int RANKS = 3;

    @TempDir
    Path dataDir;

    /** The order of the ensemble: views 1 to 4, decided; view 5 may follow in several ways. */
    private final MemberLogModel truth = new MemberLogModel(false);
    private String boot = "boot-0";
    private FsyncPolicy policy = FsyncPolicy.DURABLE;
    private DataDirectory directory;
    private LmdbLog log;

    @BeforeEach
    void makeOrder() {
        Random random = new Random(5);
        for (long viewId = 1; viewId <= 4; viewId++) {
            ViewRecord view = Views.view(viewId, RANKS, viewId == 1 ? null : truth.last());
            truth.install(view, view.members().get(0), viewId == 1 ? null : view.trim(), null);
            List<Slot> slots = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                slots.add(Fixtures.slot(new Position(viewId, i, random.nextInt(RANKS)), random.nextInt(3000)));
            }
            truth.secure(slots);
        }
        open();
    }

    private void open() {
        directory = DataDirectory.open(dataDir, Fixtures.SMALL, boot);
        log = LmdbLog.openMember(directory, policy, Fixtures.SMALL, new MetricRegistry());
    }

    @AfterEach
    void close() {
        log.close();
        directory.close();
    }

    private void reopen(boolean powerCut) {
        close();
        boot += powerCut ? "x" : "";
        open();
    }

    /** The order behind {@code after} up to and with {@code end}. */
    private LogRange range(Position after, Position end) {
        List<Slot> slots = new ArrayList<>(truth.base.tailMap(after, false).values());
        slots.addAll(truth.main.tailMap(after, false).values());
        slots.removeIf(slot -> slot.position().compareTo(end) > 0);
        List<ViewRecord> views = new ArrayList<>(truth.views.tailMap(after.viewId(), false).values());
        views.removeIf(view -> view.viewId() > end.viewId());
        return new LogRange(after, views, slots);
    }

    /** What follows {@code after} when view 4 ends at {@code trim}. */
    private LogRange rest(Position after, Trim trim) {
        LogRange all = range(after, new Position(4, Long.MAX_VALUE, 0));
        return new LogRange(after, all.views(), all.slots().stream().filter(slot -> slot.position().viewId() < 4
                || trim.covers(slot.position().index(), slot.position().rank())).toList());
    }

    private Position nth(int n) {
        return range(Position.START, new Position(9, 0, 0)).slots().get(n).position();
    }

    /** What the log of view 5 must hold behind {@code from} when that view was decided to be {@code view}. */
    private void assertInstalled(ViewRecord view, Position from) {
        MemberLogModel expected = new MemberLogModel(false);
        expected.base.putAll(truth.base);
        expected.views.putAll(truth.views);
        expected.installed = truth.installed;
        expected.main.putAll(truth.main);
        expected.install(view, view.members().get(1), view.trim(), null);
        expected.check(log.recovered(), "installed");
        expected.check(log, from, "installed");
    }

    private void installOwnStaleLog() {
        ViewRecord first = Views.view(1, RANKS, null);
        log.install(first, first.members().get(1), Effect.Base.EMPTY, first.trim());
        List<Slot> own = new ArrayList<>(truth.base.headMap(nth(25), true).values());
        log.secure(own);
        // Secured here and by nobody else.
        log.secure(List.of(Fixtures.slot(new Position(1, 500, 1), 100)));
    }

    @ParameterizedTest
    @EnumSource(FsyncPolicy.class)
    void aStaleLogIsReplacedByTheCopy(FsyncPolicy each) {
        policy = each;
        reopen(false);
        installOwnStaleLog();
        Position state = nth(20);
        assertNull(log.copiedUpTo());
        log.beginCopy(state);
        assertEquals(state, log.copiedUpTo());
        log.copy(range(state, nth(60)));
        log.copy(range(nth(50), nth(100)));
        assertEquals(nth(100), log.copiedUpTo());
        reopen(false);
        assertEquals(state, log.copyFrom());
        assertEquals(nth(100), log.copiedUpTo());
        assertEquals(1, log.recovered().installed().viewId());
        ViewRecord view = Views.view(5, RANKS, Trim.of(20, 30, 25));
        log.stage(view, rest(nth(100), view.trim()), true);
        reopen(true);
        assertEquals(List.of(view), log.recovered().staged());
        log.install(view, view.members().get(1), Effect.Base.STAGED, view.trim());
        assertNull(log.copiedUpTo());
        reopen(true);
        // The lazy policies: the machine has rebooted since the install.
        assertEquals(!each.isLazy(), log.recovered().intact());
        assertEquals(view, log.recovered().installed());
        if (!each.isLazy()) {
            assertInstalled(view, state);
        }
        assertFalse(log.reachesBackTo(nth(19)));
        assertTrue(log.reachesBackTo(nth(21)));
        assertFalse(log.reachesBackTo(new Position(1, 500, 1)));
        log.secure(List.of(Fixtures.slot(new Position(5, 0, 2), 10)));
    }

    @Test
    void stagingAdds() {
        installOwnStaleLog();
        log.beginCopy(nth(20));
        log.copy(range(nth(20), nth(130)));
        ViewRecord x = Views.view(5, RANKS, Trim.of(25, 39, 22));
        ViewRecord y = Views.view(5, RANKS, Trim.of(39, 25, 39));
        log.stage(x, rest(nth(130), x.trim()), true);
        log.stage(y, rest(nth(125), y.trim()), true);
        log.stage(y, rest(nth(130), y.trim()), true);
        reopen(true);
        assertEquals(Set.of(x, y), Set.copyOf(log.recovered().staged()));
        // What is stable in the view before may still come: no reason to forget.
        log.copy(range(nth(120), nth(135)));
        reopen(false);
        assertEquals(Set.of(x, y), Set.copyOf(log.recovered().staged()));
        log.install(x, x.members().get(1), Effect.Base.STAGED, x.trim());
        reopen(true);
        assertInstalled(x, nth(20));
    }

    @Test
    void whatWasStagedGoesWithTheDecisionForAnotherValue() {
        installOwnStaleLog();
        log.beginCopy(nth(20));
        log.copy(range(nth(20), nth(70)));
        // Staged for view 3 was one thing, decided another: the trim of view 2 covers slots that are not in the order.
        Slot stray = Fixtures.slot(new Position(2, 700, 1), 100);
        LogRange rest = range(nth(70), nth(79));
        List<Slot> slots = new ArrayList<>(rest.slots());
        slots.add(stray);
        ViewRecord other = Views.view(3, RANKS, Trim.of(39, 700, 39));
        log.stage(other, new LogRange(rest.after(), rest.views(), slots), true);
        log.copy(range(nth(70), nth(75)));
        assertEquals(1, log.installed().viewId());
        reopen(true);
        assertEquals(List.of(other), log.recovered().staged());
        log.copy(range(nth(75), nth(140)));
        reopen(false);
        assertEquals(List.of(), log.recovered().staged());
        ViewRecord view = Views.view(5, RANKS, truth.last());
        log.stage(view, rest(nth(140), view.trim()), true);
        log.install(view, view.members().get(1), Effect.Base.STAGED, view.trim());
        reopen(true);
        assertInstalled(view, nth(20));
    }

    @Test
    void anAbandonedPartOfAStagingLeavesNothing() {
        log.beginCopy(Position.START);
        log.copy(range(Position.START, nth(130)));
        ViewRecord x = Views.view(5, RANKS, Trim.of(39, 39, 39));
        LogRange whole = rest(nth(130), x.trim());
        LogRange part = new LogRange(nth(130), whole.views(), whole.slots().subList(0, 10));
        log.stage(x, part, false);
        log.copy(range(nth(130), nth(132)));
        log.stage(x, new LogRange(part.end(), List.of(), whole.slots().subList(10, 15)), false);
        assertThrows(IllegalArgumentException.class,
                () -> log.stage(x, new LogRange(whole.end(), List.of(), List.of()), true));
        reopen(false);
        assertEquals(List.of(), log.recovered().staged());
        assertThrows(IllegalStateException.class, () -> log.install(x, x.members().get(1), Effect.Base.STAGED, x.trim()));
        ViewRecord y = Views.view(5, RANKS, Trim.of(nth(132).index(), nth(132).index(), nth(132).index()));
        log.stage(y, rest(nth(132), y.trim()), true);
        log.install(y, y.members().get(1), Effect.Base.STAGED, y.trim());
        reopen(true);
        assertInstalled(y, Position.START);
    }

    @Test
    void aNewStateUnderAStagedValueKeepsIt() {
        installOwnStaleLog();
        log.beginCopy(nth(20));
        log.copy(range(nth(20), nth(125)));
        ViewRecord x = Views.view(5, RANKS, Trim.of(39, 39, 39));
        log.stage(x, rest(nth(125), x.trim()), true);
        log.beginCopy(nth(140));
        assertEquals(nth(140), log.copyFrom());
        assertEquals(nth(140), log.copiedUpTo());
        reopen(false);
        assertEquals(List.of(x), log.recovered().staged());
        log.copy(range(nth(140), nth(150)));
        log.install(x, x.members().get(1), Effect.Base.STAGED, x.trim());
        reopen(true);
        assertInstalled(x, nth(140));
    }

    @Test
    void aNewStateElsewhereDropsTheCopy() {
        log.beginCopy(nth(20));
        log.copy(range(nth(20), nth(125)));
        log.beginCopy(nth(110));
        assertEquals(nth(110), log.copiedUpTo());
        log.copy(range(nth(110), nth(120)));
        log.beginCopy(nth(10));
        assertEquals(nth(10), log.copiedUpTo());
        assertThrows(IllegalArgumentException.class, () -> log.copy(range(nth(11), nth(20))));
        ViewRecord view = Views.view(5, RANKS, truth.last());
        log.stage(view, rest(nth(10), view.trim()), true);
        log.install(view, view.members().get(1), Effect.Base.STAGED, view.trim());
        reopen(true);
        assertInstalled(view, nth(10));
    }

    @Test
    void viewsAndSlotsComeWithoutAGap() {
        log.beginCopy(nth(20));
        LogRange good = range(nth(20), nth(100));
        assertThrows(IllegalArgumentException.class, () -> log.copy(new LogRange(good.after(), List.of(), good.slots())));
        assertThrows(IllegalArgumentException.class,
                () -> log.copy(new LogRange(good.after(), good.views().subList(1, 2), good.slots())));
        log.copy(good);
        assertEquals(nth(100), log.copiedUpTo());
    }

    @Test
    void theCopyIsDeletedFromAsTheStateGoesOn() {
        log.beginCopy(Position.START);
        for (int i = 0; i < 150; i += 5) {
            log.copy(range(log.copiedUpTo(), nth(i + 5)));
            log.deleteBelow(nth(Math.max(0, i - 10)));
        }
        Position from = log.copyFrom();
        assertTrue(from.compareTo(nth(50)) > 0, "deleted up to " + from);
        reopen(true);
        assertEquals(from, log.copyFrom());
        ViewRecord view = Views.view(5, RANKS, truth.last());
        log.stage(view, rest(log.copiedUpTo(), view.trim()), true);
        log.install(view, view.members().get(1), Effect.Base.STAGED, view.trim());
        reopen(true);
        assertInstalled(view, from);
    }

    @Test
    void aDamagedLogIsToldOfAndHealedByACopy() throws IOException {
        installOwnStaleLog();
        var promise = Views.promise(log.installed(), 3);
        log.store(promise);
        byte[] payload = range(Position.START, nth(20)).slots().stream().map(Slot::payload)
                .filter(each -> each.length > 500).findFirst().orElseThrow();
        close();
        flip(payload);
        open();
        assertTrue(log.recovered().damaged());
        assertEquals(promise, log.recovered().acceptor());
        assertEquals(1, log.recovered().installed().viewId());
        assertFalse(log.reachesBackTo(Position.START));
        assertThrows(LogDamagedException.class, () -> log.read(Position.START, 1, Trim.of(9, 9, 9), 100));
        ViewRecord second = Views.view(2, RANKS, Trim.nothing(RANKS));
        assertThrows(IllegalStateException.class,
                () -> log.install(second, second.members().get(0), Effect.Base.LOG, second.trim()));
        log.beginCopy(nth(20));
        ViewRecord view = Views.view(5, RANKS, truth.last());
        log.stage(view, rest(nth(20), view.trim()), true);
        log.install(view, view.members().get(1), Effect.Base.STAGED, view.trim());
        assertTrue(log.reachesBackTo(nth(30)));
        reopen(true);
        assertInstalled(view, nth(20));
    }

    private void flip(byte[] payload) throws IOException {
        Path file = dataDir.resolve("lockstep-3").resolve("log.mdb");
        byte[] bytes = Files.readAllBytes(file);
        byte[] needle = Arrays.copyOf(payload, 40);
        for (int i = 0; i + needle.length <= bytes.length; i++) {
            if (bytes[i] == needle[0] && Arrays.equals(bytes, i, i + needle.length, needle, 0, needle.length)) {
                bytes[i + 5] ^= 4;
            }
        }
        Files.write(file, bytes);
    }
}
