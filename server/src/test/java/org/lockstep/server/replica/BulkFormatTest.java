package org.lockstep.server.replica;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.core.Ballot;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;
import org.lockstep.ensemble.core.Voter;

class BulkFormatTest {
    private static final UUID DISK = new UUID(1, 2);
    private static final MemberId MEMBER = new MemberId(1, DISK, 77);
    private static final ViewRecord VIEW = new ViewRecord(3, new UUID(4, 4), List.of(MEMBER), List.of(new Voter(1, DISK)),
            ViewRecord.Origin.SURVIVORS, MEMBER, Trim.of(5));

    @Test
    void aHeadSaysWhatTheStreamIs() throws Exception {
        for (BulkHead.Kind kind : BulkHead.Kind.values()) {
            boolean ofState = kind == BulkHead.Kind.STATE || kind == BulkHead.Kind.STATE_WANTED;
            BulkHead head = new BulkHead(kind, new Position(2, 40, 1),
                    ofState ? new Message.Behind(12) : new Message.Transfer(new Ballot(9, 2, 5), 3, VIEW, null));
            assertEquals(head, BulkHead.decode(head.encode()));
        }
    }

    @Test
    void aHeadThatIsCutOrForeignIsRefused() {
        byte[] head = new BulkHead(BulkHead.Kind.BASE, Position.START, new Message.Transfer(new Ballot(9, 2, 5), 3, VIEW, null))
                .encode();
        for (int length = 0; length < head.length; length++) {
            byte[] cut = Arrays.copyOf(head, length);
            assertThrows(MalformedMessageException.class, () -> BulkHead.decode(cut), "length " + length);
        }
        head[0] = (byte) BulkHead.Kind.STATE.ordinal();
        assertThrows(MalformedMessageException.class, () -> BulkHead.decode(head), "about a base");
        head[0] = 99;
        assertThrows(MalformedMessageException.class, () -> BulkHead.decode(head));
    }

    @Test
    void partsOfTheOrderComeAsTheyWereHoweverTheyAreCut() throws Exception {
        Random random = new Random(5);
        List<LogRange> sent = new ArrayList<>();
        RangeWriter writer = new RangeWriter();
        Position after = Position.START;
        for (int part = 0; part < 10; part++) {
            List<Slot> slots = new ArrayList<>();
            for (int i = 0; i < random.nextInt(5); i++) {
                byte[] payload = new byte[random.nextInt(300_000)];
                random.nextBytes(payload);
                slots.add(new Slot(new Position(3, 10L * part + i, 0), payload));
            }
            LogRange range = new LogRange(after, part == 0 ? List.of(VIEW) : List.of(), slots);
            after = range.end();
            sent.add(range);
            writer.add(range);
        }
        List<LogRange> got = new ArrayList<>();
        RangeReader reader = new RangeReader(4 << 20);
        Chunks chunks = new Chunks();
        while (!writer.sendTo(chunks)) {
            assertEquals(0, chunks.room, "it stopped before there was no more room");
            chunks.room = 2;
        }
        assertTrue(chunks.room > 0);
        for (byte[] chunk : chunks.sent) {
            assertTrue(chunk.length <= BulkSender.CHUNK_BYTES_MAX);
            got.addAll(reader.take(chunk));
        }
        assertTrue(reader.isAtEnd());
        assertEquals(sent.size(), got.size());
        for (int i = 0; i < sent.size(); i++) {
            assertEquals(sent.get(i).after(), got.get(i).after());
            assertEquals(sent.get(i).views(), got.get(i).views());
            for (int s = 0; s < sent.get(i).slots().size(); s++) {
                assertEquals(sent.get(i).slots().get(s).position(), got.get(i).slots().get(s).position());
                assertArrayEquals(sent.get(i).slots().get(s).payload(), got.get(i).slots().get(s).payload());
            }
        }
    }

    @Test
    void aPartThatIsTooLargeIsRefusedBeforeItCame() throws Exception {
        RangeReader reader = new RangeReader(1000);
        assertThrows(MalformedMessageException.class, () -> reader.take(new byte[] {0, 0, 4, 0}));
        RangeReader other = new RangeReader(1000);
        assertEquals(List.of(), other.take(new byte[] {0, 0, 1}));
        assertFalse(other.isAtEnd());
    }

    /** Takes as many chunks as it has been given room for. */
    private static final class Chunks implements BulkSender {
        final List<byte[]> sent = new ArrayList<>();
        int room;

        @Override
        public int room() {
            return room;
        }

        @Override
        public void send(byte[] chunk) {
            assertTrue(room-- > 0, "more than there was room for");
            sent.add(chunk);
        }

        @Override
        public void finish() {
            throw new AssertionError("the writer does not end the stream");
        }

        @Override
        public void abort(String why) {
            throw new AssertionError(why);
        }
    }
}
