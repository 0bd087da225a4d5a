package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A view of one: order, stability, and the chain of views. */
class MemberTest {
    private static final MemberId SELF = new MemberId(1, new UUID(7, 8), 42);
    private final Outbox out = new Outbox();

    private Member started() {
        Member member = new Member(SELF, null);
        member.beginView(out);
        out.clear();
        return member;
    }

    @Test
    void aBlankDiskBeginsWithViewOneAndRecordsIt() {
        Member member = new Member(SELF, null);
        member.beginView(out);
        assertEquals(new View(1, List.of(SELF)), out.view());
        assertEquals(0, out.view().rankOf(SELF));
    }

    @Test
    void aRestartBeginsTheSuccessorOfTheLastView() {
        Member member = new Member(SELF, new View(9, List.of(new MemberId(1, new UUID(7, 8), 41))));
        member.beginView(out);
        assertEquals(10, out.view().viewId());
        assertEquals(List.of(SELF), out.view().members());
    }

    @Test
    void nothingIsDeliveredBeforeItIsSecured() {
        Member member = started();
        member.submit(new byte[] {1}, out);
        assertEquals(1, out.secure().size());
        assertTrue(out.deliver().isEmpty());
    }

    @Test
    void slotsAreDeliveredInOrderUpToWhatIsSecured() {
        Member member = started();
        Slot first = member.submit(new byte[] {1}, out);
        Slot second = member.submit(new byte[] {2}, out);
        Slot third = member.submit(new byte[] {3}, out);
        assertEquals(List.of(first, second, third), out.secure());
        out.clear();
        member.onSecured(1, 1, out);
        assertEquals(List.of(first, second), out.deliver());
        assertEquals(1, member.inFlightCount());
        out.clear();
        member.onSecured(1, 2, out);
        assertEquals(List.of(third), out.deliver());
        assertEquals(new Position(1, 2, 0), third.position());
    }

    @Test
    void aLateReportChangesNothing() {
        Member member = started();
        member.submit(new byte[] {1}, out);
        member.onSecured(1, 0, out);
        out.clear();
        member.onSecured(1, 0, out);
        assertTrue(out.deliver().isEmpty());
        member.beginView(out);
        out.clear();
        member.submit(new byte[] {2}, out);
        member.onSecured(1, 0, out);
        assertTrue(out.deliver().isEmpty(), "a report of view 1 must not secure a slot of view 2");
    }

    @Test
    void aViewDoesNotEndBeforeItsSlotsAreDelivered() {
        Member member = started();
        member.submit(new byte[] {1}, out);
        assertThrows(IllegalStateException.class, () -> member.beginView(out));
    }

    @Test
    void viewIdsDoNotRunOver() {
        Member member = new Member(SELF, new View(Integer.MAX_VALUE, List.of(SELF)));
        assertThrows(IllegalStateException.class, () -> member.beginView(out));
    }

    @Test
    void aViewRecordReadsBackAsItWas() {
        View view = new View(77, List.of(SELF, new MemberId(2, new UUID(-1, 3), -9)));
        assertEquals(view, View.decode(view.encode()));
        assertArrayEquals(view.encode(), View.decode(view.encode()).encode());
    }

    @Test
    void aDamagedViewRecordIsRefused() {
        byte[] record = new View(77, List.of(SELF)).encode();
        byte[] cut = java.util.Arrays.copyOf(record, record.length - 1);
        assertThrows(LogFailedException.class, () -> View.decode(cut));
        record[3] = 9;
        assertThrows(LogFailedException.class, () -> View.decode(record));
        assertThrows(LogFailedException.class, () -> View.decode(new byte[0]));
    }

    @Test
    void positionsAreOrderedByViewThenIndexThenRank() {
        List<Position> ordered = List.of(Position.START, new Position(1, 0, 0), new Position(1, 0, 1), new Position(1, 1, 0),
                new Position(2, 0, 0));
        for (int i = 0; i < ordered.size(); i++) {
            for (int j = 0; j < ordered.size(); j++) {
                assertEquals(Integer.signum(Integer.compare(i, j)), Integer.signum(ordered.get(i).compareTo(ordered.get(j))));
            }
        }
    }
}
