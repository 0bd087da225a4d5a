package org.lockstep.compat.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Curator's leader election: always at most one leader, and the next when it goes. */
class CuratorLeaderTest {
    private static final int CLIENTS = 3;

    @RegisterExtension
    static final ServerExtension SERVER = new ServerExtension();

    private String path;
    private List<CuratorFramework> clients;

    @BeforeEach
    void connect() throws Exception {
        path = SERVER.newRoot("leader") + "/election";
        clients = Curators.many(SERVER, CLIENTS);
    }

    @Test
    void latchHasOneLeaderAndTheNextTakesOver() throws Exception {
        List<LeaderLatch> latches = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            LeaderLatch latch = new LeaderLatch(clients.get(i), path, "member-" + i);
            latch.start();
            latches.add(latch);
        }
        Set<String> leaders = new HashSet<>();
        while (!latches.isEmpty()) {
            Await.until("a leader", () -> latches.stream().anyMatch(LeaderLatch::hasLeadership));
            List<LeaderLatch> leading = latches.stream().filter(LeaderLatch::hasLeadership).toList();
            assertEquals(1, leading.size());
            LeaderLatch leader = leading.get(0);
            Await.until("all see the leader", () -> latches.get(0).getLeader().getId().equals(leader.getId()));
            Await.until("all take part", () -> leader.getParticipants().size() == latches.size());
            leaders.add(leader.getId());
            leader.close();
            latches.remove(leader);
        }
        assertEquals(Set.of("member-0", "member-1", "member-2"), leaders);
    }

    @Test
    void latchListenersHearOfGainAndLoss() throws Exception {
        CountDownLatch gained = new CountDownLatch(1);
        CountDownLatch lost = new CountDownLatch(1);
        LeaderLatch latch = new LeaderLatch(clients.get(0), path, "it", LeaderLatch.CloseMode.NOTIFY_LEADER);
        latch.addListener(new LeaderLatchListener() {
            @Override
            public void isLeader() {
                gained.countDown();
            }

            @Override
            public void notLeader() {
                lost.countDown();
            }
        });
        latch.start();
        latch.await();
        Await.open("gain", gained);
        latch.close();
        Await.open("loss", lost);
        assertThrows(EOFException.class, latch::await);
    }

    @Test
    void aLeaderWhoseSessionEndsIsSucceeded() throws Exception {
        LeaderLatch first = new LeaderLatch(clients.get(0), path, "first");
        first.start();
        first.await();
        LeaderLatch second = new LeaderLatch(clients.get(1), path, "second");
        second.start();
        Await.until("candidacy", () -> second.getParticipants().size() == 2);
        assertEquals("first", second.getLeader().getId());
        clients.get(0).close();
        assertTrue(second.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS));
        second.close();
    }

    @Test
    void selectorsLeadInTurnAndNeverTwoAtOnce() throws Exception {
        AtomicInteger leading = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ConcurrentHashMap<Integer, Integer> turns = new ConcurrentHashMap<>();
        List<LeaderSelector> selectors = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            int member = i;
            LeaderSelector selector = SERVER.closeLater(new LeaderSelector(clients.get(i), path,
                    new LeaderSelectorListenerAdapter() {
                        @Override
                        public void takeLeadership(CuratorFramework client) throws Exception {
                            most.accumulateAndGet(leading.incrementAndGet(), Math::max);
                            client.checkExists().forPath(path);
                            turns.merge(member, 1, Integer::sum);
                            leading.decrementAndGet();
                        }
                    }));
            selector.setId("member-" + i);
            selector.autoRequeue();
            selectors.add(selector);
            selector.start();
        }
        Await.until("three turns of each", () -> turns.size() == CLIENTS && turns.values().stream().allMatch(n -> n >= 3));
        assertEquals(1, most.get());
        Await.until("all queued up again", () -> selectors.get(0).getParticipants().size() == CLIENTS);
    }
}
