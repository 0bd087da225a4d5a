package org.lockstep.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;

/**
 * What a search of all pages has found of one slot: for each of its chunks one value, or several when a page that holds a copy
 * was torn. Which of them are the slot is told by its checksum, over all chunks together.
 */
final class FoundChunks {
    /** A page is torn by the one commit under way, so more than a few ways to choose mean that the slot is not there. */
    private static final int TRIES_MAX = 4096;

    private final TreeMap<Integer, List<byte[]>> byNumber = new TreeMap<>();

    void add(int chunk, byte[] value) {
        List<byte[]> values = byNumber.computeIfAbsent(chunk, number -> new ArrayList<>(1));
        if (values.stream().noneMatch(known -> Arrays.equals(known, value))) {
            values.add(value);
        }
    }

    /** The slot at {@code position} with a header that {@code follows} accepts; null when it is not here. */
    Salvage.Found join(SlotCodec codec, Position position, Predicate<SlotCodec.Header> follows) {
        for (byte[] head : byNumber.getOrDefault(0, List.of())) {
            SlotCodec.Header header = SlotCodec.header(ByteBuffer.wrap(head));
            int count = header == null || header.length() > Integer.MAX_VALUE - 2 * SlotCodec.VALUE_BYTES
                    ? 0 : SlotCodec.chunks(header.length());
            if (count > 0 && byNumber.headMap(count).size() == count && follows.test(header)) {
                byte[] payload = tryAll(codec, position, header, head, count);
                if (payload != null) {
                    return new Salvage.Found(new Slot(position, payload), header.kind());
                }
            }
        }
        return null;
    }

    /** Goes through the ways to choose one value for each chunk after {@code head}, as an odometer does. */
    private byte[] tryAll(SlotCodec codec, Position position, SlotCodec.Header header, byte[] head, int count) {
        int[] choice = new int[count];
        for (int tries = 0; tries < TRIES_MAX; tries++) {
            List<byte[]> chosen = new ArrayList<>(count);
            chosen.add(head);
            for (int chunk = 1; chunk < count; chunk++) {
                chosen.add(byNumber.get(chunk).get(choice[chunk]));
            }
            byte[] payload = codec.join(position, header, chosen);
            if (payload != null || !advance(choice)) {
                return payload;
            }
        }
        return null;
    }

    private boolean advance(int[] choice) {
        for (int chunk = choice.length - 1; chunk > 0; chunk--) {
            if (++choice[chunk] < byNumber.get(chunk).size()) {
                return true;
            }
            choice[chunk] = 0;
        }
        return false;
    }
}
