package org.lockstep.compat.diff;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lockstep.wire.OpCode;

/** Draws requests of every kind that a client may send within a session. */
final class RequestGenerator {
    private static final int[] UNKNOWN_OPCODES = {0, 10, 13, 23, 99, 108, 110, 1000, -5, Integer.MAX_VALUE, Integer.MIN_VALUE};
    private static final String QUOTA = "/zookeeper/quota";

    private final Random random;
    private final Values values;
    private final Requests requests = new Requests();
    private final boolean quotaRefuses;

    RequestGenerator(Random random, Values values, Profile profile) {
        this.random = random;
        this.values = values;
        quotaRefuses = profile == Profile.EXTENDED;
    }

    Requests requests() {
        return requests;
    }

    /** Requests for one write on one connection. */
    List<Request> burst() {
        int length = values.chance(0.7) ? 1 : 2 + values.below(9);
        List<Request> burst = new ArrayList<>();
        boolean written = false;
        for (int i = 0; i < length; i++) {
            Request next = spoiled(ordinary(burst.isEmpty()));
            if (next.standsAlone() && !burst.isEmpty()) {
                break;
            }
            // ZooKeeper checks quotas before earlier requests in flight are applied, so what it answers depends on timing.
            if (quotaRefuses && OpCode.isOrdered(next.opcode())) {
                if (written) {
                    continue;
                }
                written = true;
            }
            burst.add(next);
            // ZooKeeper checks requests that follow while a setACL is in flight against the old ACL or the new one.
            if (next.standsAlone() || next.opcode() == OpCode.SET_ACL) {
                break;
            }
        }
        return burst;
    }

    private Request ordinary(boolean mayStandAlone) {
        int choice = values.below(1000);
        if (choice < 520) {
            return requests.request(writeOp(choice));
        }
        if (choice < 780) {
            return requests.request(readOp());
        }
        if (choice < 900) {
            return watchRequest();
        }
        if (choice < 960 || !mayStandAlone) {
            return sessionRequest();
        }
        if (choice < 994) {
            return choice == 993 ? requests.request(new Requests.Op(OpCode.SASL, new byte[] {0, 0, 0, 1, 7}, "sasl")) : auth();
        }
        int opcode = UNKNOWN_OPCODES[values.below(UNKNOWN_OPCODES.length)];
        return requests.request(new Requests.Op(opcode, values.path(), "unknown opcode " + opcode));
    }

    private Requests.Op writeOp(int choice) {
        if (choice < 220) {
            return createOp();
        }
        if (choice < 290) {
            return Requests.pathVersion(OpCode.DELETE, values.path(), values.version());
        }
        if (choice < 370) {
            return Requests.setData(values.path(), values.data(), values.version());
        }
        if (choice < 405) {
            byte[] path = values.chance(0.7) ? restrictedPath() : values.path();
            return Requests.setAcl(path, values.acl(path), values.version());
        }
        if (choice < 425) {
            return Requests.path(OpCode.DELETE_CONTAINER, openParentPath());
        }
        if (choice < 475) {
            return multi();
        }
        if (choice < 480) {
            return Requests.reconfig(null, "1", null, -1);
        }
        return quotaOp();
    }

    private byte[] restrictedPath() {
        return (Program.ROOT + Values.RESTRICTED + values.oneOf(List.of("", "", "/a", "/b"))).getBytes(StandardCharsets.UTF_8);
    }

    /** deleteContainer asks for more rights than ZooKeeper does (a difference on purpose), so its parent must grant them. */
    private byte[] openParentPath() {
        byte[] path = values.path(12);
        boolean open = path == null || !new String(path, StandardCharsets.UTF_8).contains(Program.ROOT + Values.RESTRICTED + "/");
        return open ? path : Requests.bytes(Program.ROOT + "/a");
    }

    Requests.Op createOp() {
        byte[] path = values.path();
        int opcode = values.oneOf(OpCode.CREATE, OpCode.CREATE, OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE2,
                OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL);
        int flags = values.createFlags();
        long ttlMillis = -1;
        if (opcode == OpCode.CREATE_CONTAINER && values.chance(0.8)) {
            flags = 4;
        } else if (opcode == OpCode.CREATE_TTL) {
            // A flag without TTL would pass ZooKeeper's checks and then stop it for good; see KnownDifferencesTest.
            flags = values.chance(0.9) ? values.oneOf(5, 6) : values.oneOf(7, -1, 100);
            ttlMillis = values.ttlMillis();
        }
        if (path != null && (flags == 2 || flags == 3 || flags == 6) && values.chance(0.5)) {
            path = concat(path, "/s");
        }
        return Requests.create(opcode, path, values.data(), values.acl(path), flags, ttlMillis);
    }

    private static byte[] concat(byte[] path, String suffix) {
        byte[] more = suffix.getBytes(StandardCharsets.UTF_8);
        byte[] all = Arrays.copyOf(path, path.length + more.length);
        System.arraycopy(more, 0, all, path.length, more.length);
        return all;
    }

    private Requests.Op multi() {
        List<Requests.Op> ops = new ArrayList<>();
        // With refusing quotas ZooKeeper checks each operation against the state before the multi; see burst().
        int length = quotaRefuses ? values.below(2) : values.oneOf(0, 1, 1, 2, 2, 3, 3, 4, 6);
        for (int i = 0; i < length; i++) {
            ops.add(multiOp());
        }
        if (values.chance(0.06)) {
            ops.add(values.chance(0.5) ? Requests.read(OpCode.GET_DATA, values.path(), false)
                    : Requests.setAcl(values.path(), Requests.OPEN_ACL, -1));
        }
        return Requests.multi(OpCode.MULTI, ops);
    }

    private Requests.Op multiOp() {
        int choice = values.below(10);
        if (choice < 4) {
            Requests.Op create = createOp();
            return values.chance(0.8) ? create
                    : Requests.create(OpCode.CREATE2, values.path(), values.data(), Requests.OPEN_ACL, 0, -1);
        }
        if (choice < 6) {
            return Requests.pathVersion(OpCode.DELETE, values.path(), values.chance(0.8) ? -1 : values.version());
        }
        if (choice < 8) {
            return Requests.setData(values.path(), values.data(), values.chance(0.8) ? -1 : values.version());
        }
        return Requests.pathVersion(OpCode.CHECK, values.path(), values.chance(0.6) ? -1 : values.version());
    }

    private Requests.Op quotaOp() {
        String path = QUOTA + values.oneOf(List.of("/p", "/p", "/p/a", "/p/b", "/p/a/b"));
        int choice = values.below(12);
        if (choice < 4) {
            return Requests.create(Requests.bytes(path), null, Requests.OPEN_ACL, 0);
        }
        if (choice < 6) {
            return Requests.create(Requests.bytes(path + "/zookeeper_stats"), Requests.bytes("count=0,bytes=0"),
                    Requests.OPEN_ACL, 0);
        }
        if (choice < 8) {
            return Requests.create(Requests.bytes(path + "/zookeeper_limits"), limits(), Requests.OPEN_ACL, 0);
        }
        if (choice == 8) {
            return Requests.setData(Requests.bytes(path + "/zookeeper_limits"), limits(), -1);
        }
        if (choice == 9) {
            return Requests.pathVersion(OpCode.DELETE, Requests.bytes(path + "/zookeeper_limits"), -1);
        }
        return Requests.read(OpCode.GET_DATA, Requests.bytes(path + "/zookeeper_stats"), values.chance(0.3));
    }

    /** What it takes to put {@code path} under a quota. */
    List<Requests.Op> quota(String path) {
        List<Requests.Op> ops = new ArrayList<>();
        for (int slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
            ops.add(Requests.create(Requests.bytes(QUOTA + path.substring(0, slash)), null, Requests.OPEN_ACL, 0));
        }
        ops.add(Requests.create(Requests.bytes(QUOTA + path), null, Requests.OPEN_ACL, 0));
        ops.add(Requests.create(Requests.bytes(QUOTA + path + "/zookeeper_limits"), limits(), Requests.OPEN_ACL, 0));
        ops.add(Requests.create(Requests.bytes(QUOTA + path + "/zookeeper_stats"), Requests.bytes("count=0,bytes=0"),
                Requests.OPEN_ACL, 0));
        return ops;
    }

    private byte[] limits() {
        int bytes = values.oneOf(-1, 10, 100, 1000);
        int count = values.oneOf(-1, 2, 3, 5, 8);
        return Requests.bytes(switch (values.below(4)) {
            case 0 -> "count=" + count + ",bytes=" + bytes;
            case 1 -> "count=-1,bytes=-1=;byteHardLimit=" + bytes + ";countHardLimit=-1";
            default -> "count=-1,bytes=-1=;byteHardLimit=" + bytes + ";countHardLimit=" + count;
        });
    }

    private Requests.Op readOp() {
        boolean watch = values.chance(0.5);
        return switch (values.below(16)) {
            case 0, 1, 2 -> Requests.read(OpCode.EXISTS, values.path(), watch);
            case 3, 4, 5 -> Requests.read(OpCode.GET_DATA, values.path(), watch);
            case 6, 7 -> Requests.read(OpCode.GET_CHILDREN, values.path(), watch);
            case 8, 9 -> Requests.read(OpCode.GET_CHILDREN2, values.path(), watch);
            case 10, 11 -> Requests.path(OpCode.GET_ACL, values.chance(0.5) ? restrictedPath() : values.path());
            case 12 -> Requests.path(OpCode.GET_ALL_CHILDREN_NUMBER, values.path());
            case 13 -> Requests.path(OpCode.SYNC, values.plainPath());
            default -> multiRead();
        };
    }

    private Requests.Op multiRead() {
        List<Requests.Op> ops = new ArrayList<>();
        int length = values.oneOf(0, 1, 2, 3, 4);
        for (int i = 0; i < length; i++) {
            ops.add(Requests.read(values.oneOf(OpCode.GET_DATA, OpCode.GET_CHILDREN), values.path(), values.chance(0.2)));
        }
        if (values.chance(0.08)) {
            ops.add(values.chance(0.5) ? Requests.setData(values.path(), values.data(), -1)
                    : Requests.read(OpCode.EXISTS, values.path(), false));
        }
        return Requests.multi(OpCode.MULTI_READ, ops);
    }

    private Request watchRequest() {
        int choice = values.below(12);
        if (choice < 5) {
            return requests.request(Requests.pathType(OpCode.ADD_WATCH, values.plainPath(),
                    values.oneOf(0, 0, 0, 1, 1, 1, 1, 2, -1)));
        }
        if (choice < 7) {
            return requests.request(Requests.pathType(OpCode.CHECK_WATCHES, values.path(),
                    values.oneOf(0, 1, 2, 3, 4, 5, 6, -1)));
        }
        if (choice < 9) {
            return requests.request(Requests.pathType(OpCode.REMOVE_WATCHES, values.path(),
                    values.oneOf(0, 1, 2, 3, 4, 5, 6, -1)));
        }
        return setWatches();
    }

    Request setWatches() {
        List<List<byte[]>> lists = new ArrayList<>();
        int count = values.oneOf(3, 5);
        for (int i = 0; i < count; i++) {
            List<byte[]> paths = new ArrayList<>();
            for (int n = values.below(4); n > 0; n--) {
                paths.add(values.plainPath());
            }
            lists.add(paths);
        }
        return Requests.setWatches(values.oneOf(0, 1, 2, 5, 10, 20, 30, 1000), lists);
    }

    private Request sessionRequest() {
        return switch (values.below(5)) {
            case 0 -> Request.ping();
            case 1, 2 -> requests.request(Requests.path(OpCode.GET_EPHEMERALS,
                    Requests.bytes(values.oneOf(Arrays.asList(null, "", " ", "/", "/p", "/p/a", "/p/a/", "p", "/none")))));
            default -> requests.request(Requests.bare(OpCode.WHO_AM_I));
        };
    }

    Request auth() {
        int choice = values.below(40);
        if (choice < 36) {
            return Requests.auth(0, "digest", Requests.bytes(values.oneOf(
                    List.of("u1:p1", "u1:p1", "u2:p2", "u2:p2", "u3:p3", "nocolon", "a:b:c", "", Profile.SUPER_AUTH, ":x"))));
        }
        return switch (choice) {
            case 36 -> Requests.auth(0, values.oneOf(Arrays.asList("nosuchscheme", "world", "auth", "super", "", null)),
                    new byte[] {1});
            case 37 -> Requests.auth(0, "ip", Requests.bytes("1.2.3.4"));
            case 38 -> Requests.auth(values.oneOf(-1, 1, 7), "digest", Requests.bytes("u1:p1"));
            default -> Requests.auth(0, "digest", null);
        };
    }

    /** The request as it is, or, once in a while, with an odd xid, a cut record, absurd lengths or bytes behind it. */
    private Request spoiled(Request request) {
        if (request.closesConnection() || request.opcode() == OpCode.AUTH || request.opcode() == OpCode.SASL
                || !values.chance(0.03)) {
            return request;
        }
        byte[] body = request.body();
        int xid = request.xid();
        String how;
        switch (values.below(6)) {
            case 0 -> {
                xid = values.oneOf(0, -5, Integer.MAX_VALUE, Integer.MIN_VALUE, -2, -4, -8);
                how = "with an odd xid";
            }
            case 1 -> {
                body = Arrays.copyOf(body, body.length + 5);
                how = "with 5 bytes more";
            }
            case 2 -> {
                body = body.clone();
                int lengthByte = body.length >= 4 ? values.oneOf(0x7f, 0x80, 0xff, 0x01) : 0;
                if (body.length >= 4) {
                    body[0] = (byte) lengthByte;
                }
                how = "with its first byte " + lengthByte;
            }
            default -> {
                body = Arrays.copyOf(body, random.nextInt(body.length + 1));
                how = "cut to " + body.length + " bytes";
            }
        }
        return new Request(xid, request.opcode(), body, request.startsWithZxid(), request.text() + " " + how);
    }
}
