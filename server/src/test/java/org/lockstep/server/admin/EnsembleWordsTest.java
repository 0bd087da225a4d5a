package org.lockstep.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.server.admin.EnsembleStatus.Role;

/** What the four-letter words say of a server among others; texts and keys are those of three servers of ZooKeeper 3.9.5. */
class EnsembleWordsTest {
    @TempDir
    Path directory;
    private final FakeServer server = new FakeServer();

    @BeforeEach
    void threeVotersAndAnObserver() throws Exception {
        Files.writeString(directory.resolve("myid"), "2");
        server.settings.setProperty("dataDir", directory.toString());
        server.settings.setProperty("initLimit", "7");
        server.settings.setProperty("server.1", "127.0.0.1:27201:27301");
        server.settings.setProperty("server.2", "127.0.0.1:27202:27302:participant");
        server.settings.setProperty("server.3", "127.0.0.1:27203:27303");
        server.settings.setProperty("server.4", "127.0.0.1:27204:27304:observer;127.0.0.1:27194");
        server.directory = directory;
        member(1, 2, 3);
    }

    private void member(Integer... members) {
        server.ensemble = new EnsembleStatus(2, Role.MEMBER, 7, List.of(members), List.of(), List.of(), List.of(), -1);
    }

    private void readOnly() {
        server.ensemble = new EnsembleStatus(2, Role.READ_ONLY, 0, List.of(), List.of(), List.of(), List.of(), -1);
    }

    private String ask(String word) {
        return FourLetterWords.answer(server, word);
    }

    private String end(String word) {
        String answer = ask(word);
        return answer.substring(answer.indexOf("Mode: "));
    }

    @Test
    void rankZeroIsCalledLeader() {
        assertEquals("Mode: follower\nNode count: 5\nView: 7 (members 1,2,3; rank 1)\n", end("srvr"));
        member(2, 1, 3);
        assertEquals("Mode: leader\nNode count: 5\nView: 7 (members 2,1,3; rank 0)\n", end("srvr"));
        assertEquals("Mode: leader\nNode count: 5\nView: 7 (members 2,1,3; rank 0)\n", end("stat"));
        assertEquals("rw", ask("isro"));
    }

    @Test
    void whoIsMissingIsNamed() {
        server.ensemble = new EnsembleStatus(2, Role.MEMBER, 9, List.of(1, 2), List.of(1), List.of(3), List.of(4), -1);
        assertEquals("Mode: follower\nNode count: 5\nView: 9 (members 1,2; rank 1; suspected 1; catching up 3; observers 4)\n",
            end("srvr"));
    }

    @Test
    void anObserverSaysWhomItFollows() {
        server.ensemble = new EnsembleStatus(4, Role.OBSERVER, 7, List.of(1, 2, 3), List.of(), List.of(), List.of(), 3);
        assertEquals("Mode: observer\nNode count: 5\nView: 7 (members 1,2,3; follows 3)\n", end("srvr"));
        Map<String, String> mntr = mntr();
        assertEquals("observer", mntr.get("zk_server_state"));
        assertEquals("observing - broadcast", mntr.get("zk_peer_state"));
        assertEquals("3", mntr.get("zk_observer_master_id"));
        assertEquals("-1", mntr.get("zk_lockstep_view_rank"));
        assertEquals("rw", ask("isro"));
    }

    @Test
    void readOnlyModeIsSaidAsZooKeeperSaysIt() {
        readOnly();
        assertTrue(ask("srvr").startsWith("Zookeeper version: " + Version.full()
            + "\nREAD-ONLY mode; serving only read-only clients\nLatency"), ask("srvr"));
        assertTrue(ask("stat").contains("\nREAD-ONLY mode; serving only read-only clients\nClients:\n"), ask("stat"));
        assertEquals("Mode: read-only\nNode count: 5\nView: none\n", end("srvr"));
        assertEquals("ro", ask("isro"));
        assertEquals("read-only", mntr().get("zk_server_state"));
        assertEquals("looking", mntr().get("zk_peer_state"));
        server.serving = false;
        assertEquals("null", ask("isro"));
        assertEquals("This ZooKeeper instance is not currently serving requests\n", ask("srvr"));
    }

    @Test
    void mntrOfTheLeaderCountsTheOthers() {
        server.ensemble = new EnsembleStatus(2, Role.MEMBER, 9, List.of(2, 1), List.of(1), List.of(3), List.of(4), -1);
        Map<String, String> mntr = mntr();
        assertEquals("leader", mntr.get("zk_server_state"));
        assertEquals("leading - broadcast", mntr.get("zk_peer_state"));
        assertEquals("3", mntr.get("zk_quorum_size"));
        assertEquals("3", mntr.get("zk_learners"));
        assertEquals("1", mntr.get("zk_followers"));
        assertEquals("1", mntr.get("zk_synced_followers"));
        assertEquals("1", mntr.get("zk_synced_observers"));
        assertEquals("1", mntr.get("zk_pending_syncs"));
        assertEquals("9", mntr.get("zk_lockstep_view_id"));
        assertEquals("2", mntr.get("zk_lockstep_view_members"));
        assertEquals("0", mntr.get("zk_lockstep_view_rank"));
        assertEquals("1", mntr.get("zk_lockstep_suspected_members"));
    }

    @Test
    void mntrOfAFollowerDoesNotCount() {
        Map<String, String> mntr = mntr();
        assertEquals("follower", mntr.get("zk_server_state"));
        assertEquals("following - broadcast", mntr.get("zk_peer_state"));
        assertEquals("3", mntr.get("zk_quorum_size"));
        assertFalse(mntr.containsKey("zk_synced_followers") || mntr.containsKey("zk_observer_master_id"), mntr.toString());
    }

    private Map<String, String> mntr() {
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : ask("mntr").split("\n")) {
            String[] parts = line.split("\t");
            assertEquals(2, parts.length, line);
            assertNull(values.put(parts[0], parts[1]), "twice: " + line);
        }
        return values;
    }

    @Test
    void confEndsWithTheMembership() {
        String conf = ask("conf");
        assertEquals("""
            serverId=2
            initLimit=7
            syncLimit=5
            electionAlg=3
            electionPort=27302
            quorumPort=27202
            peerType=0
            heartbeatMillis=50
            failureTimeout=1000
            slowTimeout=5000
            restartGrace=10000
            minView=2
            bootstrap.expect=3
            transport=tcp
            fsyncPolicy=durable
            membership:\s
            server.1=127.0.0.1:27201:27301:participant
            server.2=127.0.0.1:27202:27302:participant
            server.3=127.0.0.1:27203:27303:participant
            server.4=127.0.0.1:27204:27304:observer;127.0.0.1:27194
            version=0""", conf.substring(conf.indexOf("serverId=")));
    }
}
