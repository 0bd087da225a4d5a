package org.lockstep.log;

import com.codahale.metrics.MetricRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.state.AclList;
import org.lockstep.state.Checkpoint;
import org.lockstep.state.Node;
import org.lockstep.state.StateBase.Table;

/** What the tests of this module share. */
final class Fixtures {
    static final StorageOptions SMALL = new StorageOptions(64 << 20, 64 << 10, 256 << 20, 1 << 20);

    private Fixtures() {}

    static Position at(long view, long index) {
        return new Position(view, index, 0);
    }

    /** A slot whose payload follows from its place, so that a misplaced one shows. */
    static Slot slot(Position position, int bytes) {
        byte[] payload = new byte[bytes];
        new Random(position.hashCode()).nextBytes(payload);
        return new Slot(position, payload);
    }

    static List<Slot> slots(long view, int from, int to, int bytes) {
        List<Slot> slots = new ArrayList<>();
        for (int i = from; i < to; i++) {
            slots.add(slot(at(view, i), bytes));
        }
        return slots;
    }

    static LmdbLog openLog(DataDirectory directory, FsyncPolicy policy) {
        return LmdbLog.open(directory, policy, SMALL, new MetricRegistry());
    }

    static DataDirectory openDirectory(Path dataDir) {
        return DataDirectory.open(dataDir, SMALL);
    }

    static Node node(int version, byte[] data) {
        return new Node(1, 2, 3, 4, 5, version, 7, 8, 9, 10, AclList.OPEN, data);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A checkpoint that holds what was put into it. */
    static final class MapCheckpoint implements Checkpoint {
        final Map<String, Node> nodes = new LinkedHashMap<>();
        final Map<Table, Map<String, byte[]>> entries = new LinkedHashMap<>();
        private final byte[] mark;

        MapCheckpoint(String mark) {
            this.mark = utf8(mark);
        }

        MapCheckpoint node(String path, Node node) {
            nodes.put(path, node);
            return this;
        }

        MapCheckpoint entry(Table table, String key, byte[] value) {
            entries.computeIfAbsent(table, each -> new LinkedHashMap<>()).put(key, value);
            return this;
        }

        @Override
        public byte[] mark() {
            return mark;
        }

        @Override
        public int nodeCount() {
            return nodes.size();
        }

        @Override
        public void writeTo(Sink sink) {
            nodes.forEach(sink::node);
            entries.forEach((table, map) -> map.forEach((key, value) -> sink.entry(table, utf8(key), value)));
        }
    }
}
