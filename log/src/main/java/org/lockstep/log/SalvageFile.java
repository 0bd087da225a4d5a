package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * A second place for salvaged slots while they are on their way back into the tree: LMDB holds the pages they were found in for
 * free, and may write over them in the very commit that takes them back. On the medium before that commit begins, deleted when
 * it is flushed.
 */
final class SalvageFile {
    private static final int SLOT_HEADER_BYTES = 2 * Long.BYTES + 3 * Integer.BYTES;

    private final Path file;

    SalvageFile(Path logFile) {
        this.file = logFile.resolveSibling(logFile.getFileName() + ".salvage");
    }

    /** The slots of a salvage that did not come to its end; empty when there was none. */
    List<Salvage.Found> read() throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int end = bytes.length - Integer.BYTES;
        if (end < 0 || in.getInt(end) != checksum(bytes, end)) {
            throw MetaPages.damaged(file, "its checksum is wrong");
        }
        List<Salvage.Found> found = new ArrayList<>();
        while (in.position() < end) {
            Position position = new Position(in.getLong(), in.getLong(), in.getInt());
            SlotKind kind = SlotKind.values()[in.getInt()];
            byte[] payload = new byte[in.getInt()];
            in.get(payload);
            found.add(new Salvage.Found(new Slot(position, payload), kind));
        }
        return found;
    }

    void write(List<Salvage.Found> found) throws IOException {
        int bytes = Integer.BYTES;
        for (Salvage.Found each : found) {
            bytes += SLOT_HEADER_BYTES + each.slot().payload().length;
        }
        ByteBuffer out = ByteBuffer.allocate(bytes);
        for (Salvage.Found each : found) {
            Slot slot = each.slot();
            out.putLong(slot.position().viewId()).putLong(slot.position().index()).putInt(slot.position().rank());
            out.putInt(each.kind().ordinal()).putInt(slot.payload().length).put(slot.payload());
        }
        out.putInt(checksum(out.array(), out.position()));
        DurableFiles.write(file, out.array());
    }

    void delete() throws IOException {
        if (Files.deleteIfExists(file)) {
            DurableFiles.syncDirectory(file.getParent());
        }
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
