package org.lockstep.state;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.Paths;

/** A {@link StateBase} in the heap. Nodes pass through {@link NodeCodec}, as they would through a disk. */
final class MapBase implements StateBase, Checkpoint.Sink {
    private final TreeMap<String, byte[]> nodes = new TreeMap<>();
    private final Map<String, TreeMap<String, Boolean>> children = new HashMap<>();
    private final Map<Table, TreeMap<String, byte[]>> tables = new EnumMap<>(Table.class);
    private final NodeCodec encoder = new NodeCodec();
    private final NodeCodec decoder = new NodeCodec();
    long finds;

    MapBase() {
        for (Table table : Table.values()) {
            tables.put(table, new TreeMap<>());
        }
    }

    MapBase copy() {
        MapBase copy = new MapBase();
        copy.nodes.putAll(nodes);
        children.forEach((parent, names) -> copy.children.put(parent, new TreeMap<>(names)));
        tables.forEach((table, entries) -> copy.tables.get(table).putAll(entries));
        return copy;
    }

    @Override
    public synchronized Node find(String path) {
        finds++;
        byte[] bytes = nodes.get(path);
        try {
            return bytes == null ? null : decoder.decode(bytes, 0, bytes.length);
        } catch (MalformedRecordException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public synchronized void forEachChild(String path, Consumer<String> visitor) {
        children.getOrDefault(path, new TreeMap<>()).keySet().forEach(visitor);
    }

    @Override
    public void forEach(Table table, EntryVisitor visitor) {
        tables.get(table).forEach((key, value) -> visitor.entry(HexFormat.of().parseHex(key), value.clone()));
    }

    @Override
    public synchronized void node(String path, Node node) {
        if (node == null) {
            nodes.remove(path);
        } else {
            JuteWriter out = new JuteWriter();
            encoder.encode(node, out);
            nodes.put(path, out.toByteArray());
        }
        if (path.length() > 1) {
            TreeMap<String, Boolean> names = children.computeIfAbsent(Paths.parentOf(path), p -> new TreeMap<>());
            if (node == null) {
                names.remove(Paths.nameOf(path));
            } else {
                names.put(Paths.nameOf(path), true);
            }
        }
    }

    @Override
    public synchronized void entry(Table table, byte[] key, byte[] value) {
        if (key.length > 511) {
            throw new IllegalArgumentException("key of " + key.length + " bytes");
        }
        if (value == null) {
            tables.get(table).remove(HexFormat.of().formatHex(key));
        } else {
            tables.get(table).put(HexFormat.of().formatHex(key), value);
        }
    }

    int nodeCount() {
        return nodes.size();
    }

    int entryCount(Table table) {
        return tables.get(table).size();
    }
}
