package org.lockstep.ensemble.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LoneStartTest {
    private static final UUID DISK = new UUID(4, 2);
    private static final MemberId SELF = new MemberId(1, DISK, 8);

    private static ViewRecord view(long viewId, int... voterIds) {
        List<MemberId> members = Arrays.stream(voterIds)
                .mapToObj(id -> new MemberId(id, new UUID(4, 1L + id), 7)).toList();
        List<Voter> voters = members.stream().map(member -> new Voter(member.serverId(), member.diskId())).toList();
        return new ViewRecord(viewId, new UUID(0, 9), members, voters, ViewRecord.Origin.BOOTSTRAP, null, Trim.nothing(0));
    }

    private static Recovered holding(ViewRecord installed, AcceptorRecord acceptor) {
        MemberId writer = installed == null ? null : installed.members().get(0);
        Trim last = installed == null ? null : Trim.nothing(installed.members().size());
        return new Recovered(installed, writer, last, true, false, Order.NONE, acceptor, List.of());
    }

    private static String damage(Recovered found) {
        LoneStart.Obstacle obstacle = LoneStart.of(SELF, found);
        assertTrue(obstacle.damage(), obstacle.text());
        return obstacle.text();
    }

    private static String foreign(Recovered found) {
        LoneStart.Obstacle obstacle = LoneStart.of(SELF, found);
        assertFalse(obstacle.damage(), obstacle.text());
        return obstacle.text();
    }

    @Test
    void aBlankDiskAndOneThatWasUsedAloneWillDo() {
        assertEquals(new UUID(4, 2), view(1, 1).members().get(0).diskId());
        assertNull(LoneStart.of(SELF, Recovered.BLANK));
        assertNull(LoneStart.of(SELF, holding(view(3, 1), null).withApplied(new Position(3, 5, 0))));
        AcceptorRecord promised = AcceptorRecord.after(view(3, 1)).promise(new Ballot(1, 1, 7), Report.withoutBase(3));
        assertNull(LoneStart.of(SELF, holding(view(3, 1), promised)));
        AcceptorRecord first = AcceptorRecord.after(null).accept(new Ballot(1, 1, 7), view(1, 1));
        assertNull(LoneStart.of(SELF, holding(null, first)), "the first view was not decided when the power went");
    }

    @Test
    void aStateWhoseLogKnowsOfNoViewIsDamage() {
        Recovered found = Recovered.BLANK.withApplied(new Position(2, 17, 0));
        assertEquals("the state stands at " + found.applied() + ", and the log knows of no view", damage(found));
        Recovered staged = new Recovered(null, null, null, true, false, Order.NONE, null, List.of(view(2, 1)));
        assertTrue(damage(staged).contains("a part of another server's log"));
    }

    @Test
    void aViewThatIsDecidedAndNotHeldIsDamage() {
        assertEquals("it knows of view 5 and holds view 3", damage(holding(view(3, 1), AcceptorRecord.after(view(5, 1)))));
        assertEquals("it knows of view 5 and holds none",
                damage(holding(null, AcceptorRecord.after(new ViewRecord(5, new UUID(0, 9), view(5, 1).members(),
                        view(5, 1).voters(), ViewRecord.Origin.RESTART, view(5, 1).members().get(0), Trim.nothing(1))))));
    }

    @Test
    void anotherEnsemblesDiskIsForeign() {
        assertTrue(foreign(holding(view(3, 1, 2, 3), null)).contains("of the servers [1, 2, 3]"));
        assertTrue(foreign(holding(view(3, 2), null)).contains("in which server 2 has the vote, and not server 1"));
    }
}
