package org.lockstep.compat.diff;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.lockstep.wire.Acl;
import org.lockstep.wire.Id;
import org.lockstep.wire.Perms;

/**
 * Draws paths, data, ACLs and numbers. The name space is small, so that requests meet the same nodes again and again; one draw
 * in ten or so is something a server must refuse.
 */
final class Values {
    /** Component below which nodes may have ACLs that refuse; everything else stays open. */
    static final String RESTRICTED = "/r";
    private static final String[] NAMES = {"a", "b", "c", "r"};
    private static final String[] ODD_PATHS = {
        "noslash", "", "/p/", "/p//a", "/p/./a", "/p/..", "/p/a/", "/p/a/..", "/p/.", "/p/...", "/p/a\0", "\0", "/p/\u0001",
        "/p/\u001f", "/p/\u007f", "/p/\u009f", "/p/\u00a0", "/p/\uf8ff", "/p/\ufff0", "/p/\uffff", "/p/\u00e9", "/p/\u65e5\u672c",
        "/p/\ud83d\ude00", "/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "/zookeeper/none", "/zookeeper/a",
        "//", "/q",
        "/missing/a", "p/a", "/p/a/b/c/d/e", "/p /a", "/p/a b", "/p/a\n", "zookeeper", "/zookeeper/", "..", "/..",
    };
    private static final byte[][] RAW_PATHS = {
        null,
        {'/', 'p', '/', (byte) 0xff, (byte) 0xfe},
        {'/', 'p', '/', (byte) 0xc3},
        {'/', 'p', '/', (byte) 0xed, (byte) 0xa0, (byte) 0x80},
    };
    private static final String[] DIGEST_IDS = {
        "u1:Wkp7Zm2rHNnSLx9tnR0fCNL2bzA=", "u1:rI4tRIBlO4KRWLtRxKV5eykWaFo=", "u2:x", "super:y", "nocolon", "a:b:c", "", ":",
        "u:", ":p",
    };

    private final Random random;

    Values(Random random) {
        this.random = random;
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    <T> T oneOf(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    int oneOf(int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** A path in the program's name space, most of the time; one in {@code oddOneIn} is odd. */
    byte[] path(int oddOneIn) {
        if (random.nextInt(oddOneIn) == 0) {
            return oddPath();
        }
        StringBuilder path = new StringBuilder(Program.ROOT);
        int depth = oneOf(0, 1, 1, 1, 1, 2, 2, 2, 3);
        for (int i = 0; i < depth; i++) {
            path.append('/').append(NAMES[random.nextInt(i == 0 ? NAMES.length : 2)]);
        }
        if (chance(0.06)) {
            path.append("/s").append(String.format("%010d", random.nextInt(6)));
        }
        return path.toString().getBytes(StandardCharsets.UTF_8);
    }

    byte[] path() {
        return path(25);
    }

    /** A path for requests that ZooKeeper may echo or remember even if no node can have it: not null, and without surrogates. */
    byte[] plainPath() {
        byte[] path = path();
        boolean odd = path == null
                || new String(path, StandardCharsets.UTF_8).chars().anyMatch(c -> Character.isSurrogate((char) c));
        return odd ? Program.ROOT.getBytes(StandardCharsets.UTF_8) : path;
    }

    private byte[] oddPath() {
        int choice = random.nextInt(20);
        if (choice == 0) {
            return RAW_PATHS[random.nextInt(RAW_PATHS.length)];
        }
        if (choice == 1) {
            String letter = chance(0.5) ? "x" : "\u00fc";
            return ("/p/" + letter.repeat(oneOf(200, 255, 256, 400, 511, 512, 700))).getBytes(StandardCharsets.UTF_8);
        }
        return ODD_PATHS[random.nextInt(ODD_PATHS.length)].getBytes(StandardCharsets.UTF_8);
    }

    byte[] data() {
        if (chance(0.1)) {
            return null;
        }
        int length = chance(0.02) ? oneOf(4096, 5000, 70_000) : oneOf(0, 1, 3, 10, 10, 20, 100);
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) ('a' + random.nextInt(26));
        }
        return data;
    }

    int version() {
        return oneOf(-1, -1, -1, -1, -1, 0, 0, 1, 1, 2, 3, -2, Integer.MAX_VALUE, Integer.MIN_VALUE);
    }

    int createFlags() {
        return oneOf(0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, -1, 100);
    }

    long ttlMillis() {
        return List.of(-1L, 0L, 1L, 100_000L, 100_000L, 0xffffffffffL, 0x10000000000L, -2L, Long.MIN_VALUE, Long.MAX_VALUE)
                .get(random.nextInt(10));
    }

    /** An ACL for a node at {@code path}: one that refuses somebody only below {@link #RESTRICTED}. */
    List<Acl> acl(byte[] path) {
        if (chance(0.03)) {
            return brokenAcl();
        }
        boolean mayRefuse = path != null && new String(path, StandardCharsets.UTF_8).contains(Program.ROOT + RESTRICTED);
        if (!mayRefuse || chance(0.3)) {
            return chance(0.9) ? Requests.OPEN_ACL : openWithMore();
        }
        List<Acl> acls = new ArrayList<>();
        int count = oneOf(1, 1, 1, 2, 2, 3);
        for (int i = 0; i < count; i++) {
            acls.add(new Acl(perms(), id()));
        }
        if (chance(0.2)) {
            acls.add(acls.get(0));
        }
        return acls;
    }

    private List<Acl> openWithMore() {
        Acl open = Requests.OPEN_ACL.get(0);
        return List.of(List.of(open, open), List.of(open, new Acl(Perms.READ, new Id("ip", "10.0.0.0/8"))),
                List.of(open, new Acl(Perms.ALL, new Id("auth", ""))), List.of(new Acl(-1, new Id("world", "anyone"))),
                List.of(open, new Acl(3, new Id("digest", "u:h")), new Acl(3, new Id("digest", "a:h")))).get(random.nextInt(5));
    }

    /** Null names are left out: ZooKeeper answers them as an internal failure; see KnownDifferencesTest. */
    private List<Acl> brokenAcl() {
        Acl open = Requests.OPEN_ACL.get(0);
        List<List<Acl>> broken = new ArrayList<>();
        broken.add(null);
        broken.add(List.of());
        broken.add(List.of(new Acl(Perms.ALL, null)));
        broken.add(List.of(new Acl(Perms.ALL, new Id("world", "nobody"))));
        broken.add(List.of(open, new Acl(Perms.ALL, new Id("nosuchscheme", "x"))));
        broken.add(List.of(open, new Acl(Perms.READ, new Id(null, "x"))));
        broken.add(List.of(open, new Acl(Perms.ALL, new Id("ip", "999.1.1.1"))));
        broken.add(List.of(open, new Acl(Perms.ALL, new Id("ip", "127.0.0.1/40"))));
        broken.add(List.of(open, new Acl(Perms.ALL, new Id("ip", "127.0.0.1/x"))));
        broken.add(List.of(open, new Acl(Perms.ALL, new Id("digest", DIGEST_IDS[random.nextInt(DIGEST_IDS.length)]))));
        broken.add(List.of(open, new Acl(Perms.ALL, new Id("super", ""))));
        broken.add(List.of(open, new Acl(Perms.ALL, new Id("", ""))));
        return oneOf(broken);
    }

    private int perms() {
        return oneOf(0, 1, 2, 3, 4, 8, 12, 15, 16, 17, 30, 31, 31, 64);
    }

    private Id id() {
        return switch (random.nextInt(9)) {
            case 0, 1 -> new Id("world", "anyone");
            case 2, 3 -> new Id("auth", chance(0.5) ? "" : "x");
            case 4 -> new Id("ip", oneOf(
                    List.of("127.0.0.1", "127.0.0.0/8", "10.1.2.3", "126.0.0.0/7", "0.0.0.0/0", "::1", "::/0")));
            case 5 -> new Id("digest", DIGEST_IDS[random.nextInt(3)]);
            case 6 -> new Id("digest", digest("u1:p1"));
            case 7 -> new Id("digest", digest("u2:p2"));
            default -> new Id("digest", digest("u3:p3"));
        };
    }

    static String digest(String userPassword) {
        try {
            byte[] hash = java.security.MessageDigest.getInstance("SHA-1").digest(userPassword.getBytes(StandardCharsets.UTF_8));
            return userPassword.substring(0, userPassword.indexOf(':') + 1)
                    + java.util.Base64.getEncoder().encodeToString(hash);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
