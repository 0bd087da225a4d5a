package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.ErrorCode;

/** What {@code /zookeeper/config} shows on a server of an ensemble. */
class MembershipTest {
    private static final String CONFIG = "/zookeeper/config";
    private static final String TEXT = "server.1=a:1:2:participant\nversion=1000";

    private static Rig rigShowing(String text) {
        Rig rig = new Rig(new StateOptions(true, false, false, 1 << 20));
        rig.machine.showMembership(text.getBytes(StandardCharsets.UTF_8), 0x1000);
        return rig;
    }

    @Test
    void clientsReadTheServersOwnWord() {
        Rig rig = rigShowing(TEXT);
        assertEquals(TEXT, rig.data(CONFIG));
        assertEquals(new Rig.Stat(0, 0x1000, 0, 0, -1, 0, -1, 0, TEXT.length(), 0, 0), rig.stat(CONFIG));
        assertEquals("", rig.data("/zookeeper/quota"));
    }

    @Test
    void itIsNoPartOfTheReplicatedState() {
        Rig one = rigShowing(TEXT);
        Rig other = rigShowing("server.1=b:1:2:participant\nversion=0");
        one.made("/a", 0);
        other.made("/a", 0);
        assertEquals(other.machine.digest(), one.machine.digest());
        assertEquals(other.machine.approximateDataSize(), one.machine.approximateDataSize());
    }

    @Test
    void aRequestThatGivesTheNodeDataIsBelieved() {
        Rig rig = rigShowing(TEXT);
        assertEquals(ErrorCode.OK, rig.set(CONFIG, "written", -1));
        assertEquals("written", rig.data(CONFIG));
        assertEquals(1, rig.stat(CONFIG).version());
    }
}
