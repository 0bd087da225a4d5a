package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.OpCode;

/** Quotas as ZooKeeper's clients set them up: nodes below /zookeeper/quota. */
class QuotaTest {
    private static final String LIMITS = "/zookeeper_limits";
    private static final String STATS = "/zookeeper_stats";
    private Rig rig = new Rig(new StateOptions(false, true, true, 1 << 20));

    private void setQuota(String path, String limits) {
        String at = "/zookeeper/quota";
        for (String name : path.substring(1).split("/")) {
            at += "/" + name;
            rig.create(at, "");
        }
        assertEquals(ErrorCode.OK, rig.create("/zookeeper/quota" + path + LIMITS, limits));
        assertEquals(ErrorCode.OK, rig.create("/zookeeper/quota" + path + STATS, "count=0,bytes=0"));
    }

    private String stats(String path) {
        return rig.data("/zookeeper/quota" + path + STATS);
    }

    @Test
    void statisticsFollowTheSubtree() {
        rig.create("/a", "12");
        rig.create("/a/b", "345");
        rig.create("/ab", "not in it");
        setQuota("/a", "count=100,bytes=1000");
        assertEquals("count=2,bytes=5", stats("/a"));
        Rig.Stat made = rig.stat("/zookeeper/quota/a" + STATS);
        Recorder watcher = new Recorder();
        rig.read(OpCode.GET_DATA, "/zookeeper/quota/a" + STATS, watcher);
        rig.create("/a/c", "6");
        assertEquals("count=3,bytes=6", stats("/a"));
        rig.set("/a/c", "6789", -1);
        assertEquals("count=3,bytes=9", stats("/a"));
        rig.delete("/a/b", -1);
        assertEquals("count=2,bytes=6", stats("/a"));
        rig.create("/a/null", null);
        assertEquals("count=3,bytes=6", stats("/a"));
        rig.create("/ab/x", "no");
        assertEquals("count=3,bytes=6", stats("/a"));
        assertEquals(List.of(), watcher.take(), "nobody wrote it");
        Rig.Stat now = rig.stat("/zookeeper/quota/a" + STATS);
        assertEquals(made, now);
    }

    @Test
    void theAnswerToTheStatisticsNodeShowsWhatWasSent() {
        rig.create("/a", "12");
        rig.create("/zookeeper/quota/a", "");
        rig.create("/zookeeper/quota/a" + LIMITS, "count=5,bytes=-1");
        assertEquals(ErrorCode.OK, rig.apply(OpCode.CREATE2, Rig.createBody("/zookeeper/quota/a" + STATS, "x", Rig.OPEN, 0)));
        Rig.Stat stat = rig.replyReader(in -> {
            in.readString();
            return Rig.Stat.read(in);
        });
        assertEquals(1, stat.dataLength());
        assertEquals("count=1,bytes=2", stats("/a"));
    }

    @Test
    void whatIsExceededIsTold() {
        for (boolean enforced : new boolean[] {true, false}) {
            rig = new Rig(new StateOptions(false, true, enforced, 1 << 20));
            rig.create("/a", "12345");
            setQuota("/a", "count=2,bytes=10");
            assertNull(rig.reply.quotaExcess);
            rig.create("/a/1", "12345");
            assertNull(rig.reply.quotaExcess, "at the limit");
            rig.create("/a/2", "");
            assertEquals(new QuotaExcess("/a", false, false, false, 3, 2), rig.reply.quotaExcess);
            assertEquals(ErrorCode.OK, rig.set("/a/1", "123456", -1));
            assertEquals(new QuotaExcess("/a", true, false, false, 11, 10), rig.reply.quotaExcess);
            rig.set("/a/1", "1234567", 7);
            assertNull(rig.reply.quotaExcess, "a request that failed for another reason");
            rig.set("/a/1", "12345", -1);
            assertNull(rig.reply.quotaExcess, "as many nodes, and within the bytes");
        }
    }

    @Test
    void aHardLimitIsToldOfWhetherItIsEnforcedOrNot() {
        for (boolean enforced : new boolean[] {true, false}) {
            rig = new Rig(new StateOptions(false, true, enforced, 1 << 20));
            rig.create("/a", "");
            setQuota("/a", "count=1,bytes=-1=;byteHardLimit=-1;countHardLimit=2");
            rig.create("/a/1", "");
            assertNull(rig.reply.quotaExcess, "the hard limit stands for the soft one");
            assertEquals(enforced ? ErrorCode.QUOTA_EXCEEDED : ErrorCode.OK, rig.create("/a/2", ""));
            assertEquals(new QuotaExcess("/a", false, true, enforced, 3, 2), rig.reply.quotaExcess);
        }
    }

    @Test
    void hardLimitsRefuse() {
        rig.create("/a", "1234567890");
        setQuota("/a", "count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=3");
        assertEquals(ErrorCode.OK, rig.create("/a/1", "1234567890"));
        assertEquals(ErrorCode.QUOTA_EXCEEDED, rig.create("/a/2", "1"), "bytes");
        assertEquals(ErrorCode.OK, rig.create("/a/2", ""));
        assertEquals(ErrorCode.QUOTA_EXCEEDED, rig.create("/a/3", ""), "count");
        assertEquals(ErrorCode.QUOTA_EXCEEDED, rig.set("/a/2", "1", 7), "quota before version");
        assertEquals(ErrorCode.BAD_VERSION, rig.set("/a/2", "", 7));
        assertEquals(ErrorCode.OK, rig.set("/a/1", "123456789", -1));
        assertEquals(ErrorCode.OK, rig.set("/a/2", "1", -1));
        assertEquals(ErrorCode.NODE_EXISTS, rig.create("/a/2", "1234567890"), "existence before quota");
        assertEquals("count=3,bytes=20", stats("/a"));
        rig.set("/zookeeper/quota/a" + LIMITS, "count=-1,bytes=-1=;byteHardLimit=5", -1);
        assertEquals(ErrorCode.QUOTA_EXCEEDED, rig.set("/a", "12345", -1), "smaller, yet over the limit");
        assertEquals(ErrorCode.OK, rig.set("/a", "0987654321", -1), "the same size is no change");
    }

    @Test
    void softLimitsAndUnenforcedOnesDoNot() {
        rig.create("/a", "1");
        setQuota("/a", "count=1,bytes=1");
        assertEquals(ErrorCode.OK, rig.create("/a/1", "12345"));
        rig = new Rig(new StateOptions(false, true, false, 1 << 20));
        rig.create("/a", "1");
        setQuota("/a", "count=-1,bytes=-1=;byteHardLimit=0;countHardLimit=0");
        assertEquals(ErrorCode.OK, rig.create("/a/1", "12345"));
        assertEquals("count=2,bytes=6", stats("/a"));
    }

    @Test
    void theLongestPrefixCounts() {
        rig.create("/a", "1");
        rig.create("/a/b", "1");
        setQuota("/a", "count=100,bytes=-1");
        setQuota("/a/b", "count=100,bytes=-1");
        rig.create("/a/b/c", "22");
        rig.create("/a/c", "333");
        assertEquals("count=3,bytes=5", stats("/a"));
        assertEquals("count=2,bytes=3", stats("/a/b"));
        rig.delete("/zookeeper/quota/a/b" + LIMITS, -1);
        rig.create("/a/b/d", "4444");
        assertEquals("count=2,bytes=3", stats("/a/b"), "no longer kept");
        assertEquals("count=4,bytes=9", stats("/a"));
    }

    @Test
    void quotasOutliveARestart() {
        rig.create("/a", "1");
        setQuota("/a", "count=-1,bytes=-1=;countHardLimit=2");
        rig.checkpoint();
        MapBase base = rig.base.copy();
        rig = new Rig(base, new StateOptions(false, true, true, 1 << 20));
        assertEquals(ErrorCode.OK, rig.create("/a/1", ""));
        assertEquals(ErrorCode.QUOTA_EXCEEDED, rig.create("/a/2", ""));
    }

    @Test
    void rootAndLookAlikesCarryNone() {
        assertEquals(ErrorCode.OK, rig.create("/zookeeper/quota" + LIMITS, "count=-1,bytes=-1=;countHardLimit=0"));
        assertEquals(ErrorCode.OK, rig.create("/zookeeper/quotaX", ""));
        assertEquals(ErrorCode.OK, rig.create("/zookeeper/quotaX" + LIMITS, "count=-1,bytes=-1=;countHardLimit=0"));
        assertEquals(ErrorCode.OK, rig.create("/X", ""));
    }

    @Test
    void records() {
        QuotaRecord record = new QuotaRecord(Rig.bytes("count=4,bytes=5=;countHardLimit=10;byteHardLimit="));
        assertEquals("4 5", record.count() + " " + record.bytes());
        assertEquals("10 -1", record.countHardLimit() + " " + record.byteHardLimit());
        assertEquals("count=4,bytes=5=;byteHardLimit=-1;countHardLimit=10", new String(record.encode()));
        assertEquals("count=-1,bytes=-1", new String(new QuotaRecord((byte[]) null).encode()));
        assertEquals("count=-1,bytes=-1", new String(new QuotaRecord(Rig.bytes("nonsense,count=x")).encode()));
    }
}
