package org.lockstep.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.MultiResponse;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.proto.*;

/** Every record that a client sends or is sent, twice: as the official client's class, and as shape and values of our codec. */
final class RecordCases {
    /**
     * One record.
     *
     * @param name of the official class, and what is particular about the values
     * @param official the bytes that the official class writes
     * @param shape its fields, see {@link Shape}
     * @param values of the fields
     */
    record Case(String name, byte[] official, String shape, List<Object> values) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final byte[] DATA = {0, 1, (byte) 0x80, (byte) 0xff};
    private static final byte[] PASSWORD = "sixteen bytes ok".getBytes(StandardCharsets.US_ASCII);
    private static final List<ACL> ACLS = List.of(new ACL(31, new org.apache.zookeeper.data.Id("world", "anyone")),
            new ACL(-1, new org.apache.zookeeper.data.Id("digest", "u:p\u00e4ss=")));
    private static final List<Acl> OUR_ACLS =
            List.of(new Acl(31, new Id("world", "anyone")), new Acl(-1, new Id("digest", "u:p\u00e4ss=")));
    private static final Stat STAT = new Stat(1L, 1L << 32, 1_700_000_000_000L, -1L, 5, 6, -7, 0xff00_0000_0000_0001L, 9,
            Integer.MAX_VALUE, Long.MIN_VALUE);
    private static final Object[] STAT_VALUES = {1L, 1L << 32, 1_700_000_000_000L, -1L, 5, 6, -7, 0xff00_0000_0000_0001L, 9,
        Integer.MAX_VALUE, Long.MIN_VALUE};
    private static final List<String> NAMES = List.of("a", "", "\u00e9\u4e2d");

    private final List<Case> cases = new ArrayList<>();

    private RecordCases() {}

    static List<Case> all() {
        RecordCases all = new RecordCases();
        all.session();
        all.writes();
        all.reads();
        all.watches();
        all.multis();
        all.replies();
        return all.cases;
    }

    private void session() {
        add("RequestHeader", new RequestHeader(-8, 105), "ii", -8, 105);
        add("ReplyHeader", new ReplyHeader(7, 1L << 33, -101), "ili", 7, 1L << 33, -101);
        add("ConnectRequest", new ConnectRequest(0, 99L, 30_000, 0x0100_0000_0000_0001L, PASSWORD, true), "ililBb",
                0, 99L, 30_000, 0x0100_0000_0000_0001L, PASSWORD, true);
        add("ConnectResponse", new ConnectResponse(0, 4000, -2L, new byte[16], false), "iilBb",
                0, 4000, -2L, new byte[16], false);
        add("AuthPacket", new AuthPacket(0, "digest", DATA), "isB", 0, "digest", DATA);
        add("AuthPacket of null", new AuthPacket(0, null, null), "isB", 0, null, null);
        add("GetSASLRequest", new GetSASLRequest(DATA), "B", DATA);
        add("SetSASLResponse of null", new SetSASLResponse(null), "B", new Object[] {null});
    }

    private void writes() {
        add("CreateRequest", new CreateRequest("/a", DATA, ACLS, 3), "sBAi", "/a", DATA, OUR_ACLS, 3);
        add("CreateRequest of nulls", new CreateRequest(null, null, null, -1), "sBAi", null, null, null, -1);
        add("CreateRequest of empties", new CreateRequest("", new byte[0], List.of(), 0), "sBAi", "", new byte[0], List.of(), 0);
        add("CreateTTLRequest", new CreateTTLRequest("/t", DATA, ACLS, 6, 0xff_ffff_ffffL), "sBAil",
                "/t", DATA, OUR_ACLS, 6, 0xff_ffff_ffffL);
        add("DeleteRequest", new DeleteRequest("/a/b", -1), "si", "/a/b", -1);
        add("SetDataRequest", new SetDataRequest("/a", DATA, 2), "sBi", "/a", DATA, 2);
        add("SetACLRequest", new SetACLRequest("/a", ACLS, 4), "sAi", "/a", OUR_ACLS, 4);
        add("CheckVersionRequest", new CheckVersionRequest("/a", 1), "si", "/a", 1);
        add("SyncRequest", new SyncRequest("/"), "s", "/");
        add("ReconfigRequest", new ReconfigRequest("server.1=a:1:2", null, "", -1L), "sssl", "server.1=a:1:2", null, "", -1L);
    }

    private void reads() {
        add("ExistsRequest", new ExistsRequest("/\u00fc", true), "sb", "/\u00fc", true);
        add("GetDataRequest", new GetDataRequest("/a", false), "sb", "/a", false);
        add("GetACLRequest", new GetACLRequest("/a"), "s", "/a");
        add("GetChildrenRequest", new GetChildrenRequest("/a", true), "sb", "/a", true);
        add("GetChildren2Request", new GetChildren2Request("/a", false), "sb", "/a", false);
        add("GetEphemeralsRequest", new GetEphemeralsRequest("/x"), "s", "/x");
        add("GetAllChildrenNumberRequest", new GetAllChildrenNumberRequest("/"), "s", "/");
    }

    private void watches() {
        add("CheckWatchesRequest", new CheckWatchesRequest("/a", 3), "si", "/a", 3);
        add("RemoveWatchesRequest", new RemoveWatchesRequest("/a", 1), "si", "/a", 1);
        add("AddWatchRequest", new AddWatchRequest("/a", 1), "si", "/a", 1);
        add("SetWatches", new SetWatches(77L, NAMES, List.of(), List.of("/c")), "lSSS", 77L, NAMES, List.of(), List.of("/c"));
        add("SetWatches2", new SetWatches2(77L, NAMES, List.of(), List.of("/c"), List.of("/d", "/e"), NAMES), "lSSSSS",
                77L, NAMES, List.of(), List.of("/c"), List.of("/d", "/e"), NAMES);
        add("WatcherEvent", new WatcherEvent(4, 3, "/a"), "iis", 4, 3, "/a");
    }

    private void multis() {
        MultiOperationRecord request = new MultiOperationRecord(List.of(
                Op.create("/a", DATA, ACLS, 1), Op.setData("/a", null, 3), Op.check("/b", 4), Op.delete("/c", -1)));
        add("multi request", request, "ibi" + "sBAi" + "ibi" + "sBi" + "ibi" + "si" + "ibi" + "si" + "ibi",
                1, false, -1, "/a", DATA, OUR_ACLS, 1, 5, false, -1, "/a", null, 3, 13, false, -1, "/b", 4,
                2, false, -1, "/c", -1, -1, true, -1);
        MultiResponse response = new MultiResponse();
        response.add(new OpResult.CreateResult("/a"));
        response.add(new OpResult.SetDataResult(STAT));
        response.add(new OpResult.CheckResult());
        response.add(new OpResult.DeleteResult());
        add("multi response", response, "ibi" + "s" + "ibi" + Shape.STAT + "ibi" + "ibi" + "ibi",
                concat(concat(new Object[] {1, false, 0, "/a", 5, false, 0}, STAT_VALUES),
                        new Object[] {13, false, 0, 2, false, 0, -1, true, -1}));
        MultiResponse failed = new MultiResponse();
        failed.add(new OpResult.ErrorResult(0));
        failed.add(new OpResult.ErrorResult(-101));
        add("multi response of a failure", failed, "ibi" + "i" + "ibi" + "i" + "ibi",
                -1, false, 0, 0, -1, false, -101, -101, -1, true, -1);
    }

    private void replies() {
        add("CreateResponse", new CreateResponse("/a0000000001"), "s", "/a0000000001");
        add("Create2Response", new Create2Response("/a", STAT), "s" + Shape.STAT, concat(new Object[] {"/a"}, STAT_VALUES));
        add("ExistsResponse", new ExistsResponse(STAT), Shape.STAT, STAT_VALUES);
        add("SetDataResponse", new SetDataResponse(STAT), Shape.STAT, STAT_VALUES);
        add("SetACLResponse", new SetACLResponse(STAT), Shape.STAT, STAT_VALUES);
        add("GetDataResponse", new GetDataResponse(DATA, STAT), "B" + Shape.STAT, concat(new Object[] {DATA}, STAT_VALUES));
        add("GetDataResponse of null", new GetDataResponse(null, STAT), "B" + Shape.STAT,
                concat(new Object[] {null}, STAT_VALUES));
        add("GetACLResponse", new GetACLResponse(ACLS, STAT), "A" + Shape.STAT, concat(new Object[] {OUR_ACLS}, STAT_VALUES));
        add("GetChildrenResponse", new GetChildrenResponse(NAMES), "S", NAMES);
        add("GetChildren2Response", new GetChildren2Response(List.of(), STAT), "S" + Shape.STAT,
                concat(new Object[] {List.of()}, STAT_VALUES));
        add("SyncResponse", new SyncResponse("/"), "s", "/");
        add("GetEphemeralsResponse", new GetEphemeralsResponse(NAMES), "S", NAMES);
        add("GetAllChildrenNumberResponse", new GetAllChildrenNumberResponse(690_000), "i", 690_000);
        add("WhoAmIResponse", new WhoAmIResponse(List.of(new ClientInfo("ip", "127.0.0.1"), new ClientInfo("super", ""))),
                "issss", 2, "ip", "127.0.0.1", "super", "");
        add("ErrorResponse", new ErrorResponse(0), "i", 0);
    }

    private void add(String name, Record official, String shape, Object... values) {
        cases.add(new Case(name, bytes(official), shape, Arrays.asList(values)));
    }

    private static Object[] concat(Object[] head, Object[] tail) {
        Object[] all = Arrays.copyOf(head, head.length + tail.length);
        System.arraycopy(tail, 0, all, head.length, tail.length);
        return all;
    }

    private static byte[] bytes(Record record) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            record.serialize(BinaryOutputArchive.getArchive(out), "");
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
