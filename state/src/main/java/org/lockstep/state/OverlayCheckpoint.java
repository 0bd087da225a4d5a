package org.lockstep.state;

import java.util.List;

/** One frozen generation. Everything it refers to either does not change any more or keeps its frozen value ({@link Entry}). */
final class OverlayCheckpoint implements Checkpoint {
    private final int generation;
    private final List<Entry> entries;
    private final TableChanges changes;
    private final Meta meta;
    private final byte[] mark;

    OverlayCheckpoint(int generation, List<Entry> entries, TableChanges changes, Meta meta, byte[] mark) {
        this.generation = generation;
        this.entries = entries;
        this.changes = changes;
        this.meta = meta;
        this.mark = mark;
    }

    @Override
    public byte[] mark() {
        return mark;
    }

    @Override
    public int nodeCount() {
        return entries.size();
    }

    @Override
    public void writeTo(Sink sink) {
        for (Entry entry : entries) {
            sink.node(entry.path, entry.valueAt(generation));
        }
        changes.writeTo(sink);
        meta.writeTo(sink, mark);
    }
}
