package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.lockstep.wire.Acl;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.Id;
import org.lockstep.wire.OpCode;

/** Random requests against a model that is too simple to be wrong in the same way, and against a second machine. */
class ModelTest {
    /** A node of the model. */
    private static final class Plain {
        String data;
        int version;
        int created;
        int deleted;
        long owner;
        long pzxid;
    }

    /** The tree as a sorted map, with the answers ZooKeeper's documentation promises. */
    private static final class Model {
        final TreeMap<String, Plain> nodes = new TreeMap<>();
        long zxid = 1;

        Model() {
            nodes.put("/", new Plain());
        }

        static String parent(String path) {
            return path.lastIndexOf('/') == 0 ? "/" : path.substring(0, path.lastIndexOf('/'));
        }

        TreeSet<String> children(String path) {
            String prefix = path.equals("/") ? "/" : path + "/";
            TreeSet<String> names = new TreeSet<>();
            for (String other : nodes.keySet()) {
                if (other.startsWith(prefix) && other.length() > prefix.length() && other.indexOf('/', prefix.length()) < 0) {
                    names.add(other.substring(prefix.length()));
                }
            }
            return names;
        }

        int create(String path, String data, boolean sequential, long owner) {
            zxid++;
            Plain parent = nodes.get(parent(path));
            if (parent == null) {
                return ErrorCode.NO_NODE;
            }
            String actual = sequential ? path + String.format("%010d", parent.created) : path;
            if (nodes.containsKey(actual)) {
                return ErrorCode.NODE_EXISTS;
            }
            if (parent.owner != 0) {
                return ErrorCode.NO_CHILDREN_FOR_EPHEMERALS;
            }
            Plain node = new Plain();
            node.data = data;
            node.owner = owner;
            node.pzxid = zxid;
            nodes.put(actual, node);
            parent.created++;
            parent.pzxid = zxid;
            return ErrorCode.OK;
        }

        int delete(String path, int version) {
            zxid++;
            Plain node = nodes.get(path);
            if (node == null) {
                return ErrorCode.NO_NODE;
            }
            if (version != -1 && version != node.version) {
                return ErrorCode.BAD_VERSION;
            }
            if (!children(path).isEmpty()) {
                return ErrorCode.NOT_EMPTY;
            }
            remove(path);
            return ErrorCode.OK;
        }

        private void remove(String path) {
            nodes.remove(path);
            nodes.get(parent(path)).deleted++;
            nodes.get(parent(path)).pzxid = zxid;
        }

        int set(String path, String data, int version) {
            zxid++;
            Plain node = nodes.get(path);
            if (node == null) {
                return ErrorCode.NO_NODE;
            }
            if (version != -1 && version != node.version) {
                return ErrorCode.BAD_VERSION;
            }
            node.data = data;
            node.version++;
            return ErrorCode.OK;
        }

        void close(long session) {
            zxid++;
            for (String path : new ArrayList<>(nodes.keySet())) {
                if (nodes.get(path).owner == session) {
                    remove(path);
                }
            }
            zxid++;
        }
    }

    @Test
    void behavesAsTheModel() {
        RandomCommands.forSeeds(60, seed -> {
            Random random = new Random(seed);
            Rig rig = new Rig(new StateOptions(false, false, false, random.nextInt(2) * 100_000));
            Model model = new Model();
            for (int i = 0; i < 500; i++) {
                step(random, rig, model);
                if (random.nextInt(30) == 0) {
                    rig.checkpoint();
                }
            }
            compare("/", rig, model);
            assertEquals(model.nodes.size() + 4, rig.machine.nodeCount());
        });
    }

    private static void step(Random random, Rig rig, Model model) {
        StringBuilder path = new StringBuilder();
        for (int depth = random.nextInt(3); depth >= 0; depth--) {
            path.append('/').append((char) ('a' + random.nextInt(3)));
        }
        String data = "v" + random.nextInt(1000);
        int version = random.nextInt(4) - 1;
        int expected;
        int actual;
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3 -> {
                int flags = random.nextInt(4);
                long owner = CreateFlags.isEphemeral(flags) ? Rig.SESSION : 0;
                expected = model.create(path.toString(), data, CreateFlags.isSequential(flags), owner);
                actual = rig.create(path.toString(), data, Rig.OPEN, flags);
            }
            case 4, 5, 6 -> {
                expected = model.delete(path.toString(), version);
                actual = rig.delete(path.toString(), version);
            }
            case 7, 8, 9, 10 -> {
                expected = model.set(path.toString(), data, version);
                actual = rig.set(path.toString(), data, version);
            }
            default -> {
                expected = ErrorCode.OK;
                actual = ErrorCode.OK;
                if (random.nextInt(20) == 0) {
                    model.close(Rig.SESSION);
                    actual = rig.closeSession(Rig.SESSION);
                    rig.createSession(Rig.SESSION, 1000);
                }
            }
        }
        assertEquals(expected, actual, path.toString());
        assertEquals(model.zxid, rig.machine.lastZxid());
    }

    private static void compare(String path, Rig rig, Model model) {
        TreeSet<String> names = rig.children(path);
        names.remove("zookeeper");
        assertEquals(model.children(path), names, path);
        Plain node = model.nodes.get(path);
        Rig.Stat stat = rig.stat(path);
        if (path.length() > 1) {
            assertEquals(node.data, rig.data(path), path);
            assertEquals(node.version, stat.version(), path);
            assertEquals(node.created + node.deleted, stat.cversion(), path);
            assertEquals(node.owner, stat.owner(), path);
            assertEquals(node.pzxid, stat.pzxid(), path);
            assertEquals(names.size(), stat.numChildren(), path);
        }
        for (String name : names) {
            compare(path.equals("/") ? "/" + name : path + "/" + name, rig, model);
        }
    }

    @Test
    void sameCommandsSameRepliesSameDigest() {
        RandomCommands.forSeeds(60, seed -> {
            Rig one = new Rig(new MapBase(), new StateOptions(false, true, true, 0));
            Rig two = new Rig(new MapBase(), new StateOptions(false, true, true, 1 << 20));
            // Reads and watches are local: they must leave no trace in what is replicated.
            Recorder watcher = new Recorder();
            two.read(OpCode.ADD_WATCH, Rig.body(out -> out.writeString("/").writeInt(1)), watcher);
            for (RandomCommands.Cmd cmd : new RandomCommands(seed).program(300)) {
                assertEquals(RandomCommands.apply(one, cmd), RandomCommands.apply(two, cmd));
                assertEquals(one.machine.digest(), two.machine.digest());
                two.read(OpCode.GET_CHILDREN, "/a", watcher);
                two.machine.reapCandidates(cmd.timeMillis(), 1, 2, (path, guard) -> { });
            }
            assertEquals(one.dump(), two.dump());
        });
    }

    @Test
    void theDigestSeesEveryDifference() {
        Rig base = new Rig();
        base.create("/a", "1");
        for (String variant : List.of("data", "time", "path", "acl", "order")) {
            Rig other = new Rig();
            switch (variant) {
                case "data" -> other.create("/a", "2");
                case "time" -> {
                    other.timeMillis++;
                    other.create("/a", "1");
                }
                case "path" -> other.create("/b", "1");
                case "acl" -> other.create("/a", "1", List.of(Rig.OPEN.get(0), new Acl(1, new Id("ip", "1.1.1.1"))), 0);
                default -> {
                    other.machine.beginView(1);
                    other.create("/a", "1");
                }
            }
            assertNotEquals(base.machine.digest(), other.machine.digest(), variant);
        }
    }
}
