package org.lockstep.ensemble.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Row;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

class MessageCodecTest {
    private static byte[] encode(Message message) {
        WireWriter out = new WireWriter(1);
        MessageCodec.encode(message, out);
        byte[] payload = MessageCodec.payload(message);
        if (payload != null) {
            out.putBytes(payload);
        }
        return out.toByteArray();
    }

    private static Message decode(byte[] bytes) throws MalformedMessageException {
        return MessageCodec.decode(ByteBuffer.wrap(bytes));
    }

    @Test
    void everyKindOfMessageHasAnEncoding() {
        Set<Class<?>> covered = new Samples(1).messages().stream().map(Message::getClass).collect(Collectors.toSet());

        assertEquals(Set.of(Message.class.getPermittedSubclasses()), covered, "kinds of messages that are tested here");
    }

    @Test
    void whatIsEncodedComesBack() throws MalformedMessageException {
        Samples samples = new Samples(2);
        for (int i = 0; i < 500; i++) {
            for (Message message : samples.messages()) {
                Message back = decode(encode(message));
                assertSameContent(message, back);
            }
        }
    }

    private static void assertSameContent(Message message, Message back) {
        if (message instanceof Message.Data data) {
            assertSameSlot(data.slot(), ((Message.Data) back).slot());
            assertEquals(data.previousIndex(), ((Message.Data) back).previousIndex());
        } else if (message instanceof Message.Forward forward) {
            Message.Forward read = (Message.Forward) back;
            assertEquals(forward.sequence(), read.sequence());
            assertEquals(forward.stream(), read.stream());
            assertArrayEquals(forward.payload(), read.payload());
        } else if (message instanceof Message.Feed feed) {
            Message.Feed read = (Message.Feed) back;
            assertEquals(List.of(feed.stream(), feed.after(), feed.views(), feed.near(), feed.flushed(), feed.slots().size()),
                    List.of(read.stream(), read.after(), read.views(), read.near(), read.flushed(), read.slots().size()));
            for (int i = 0; i < feed.slots().size(); i++) {
                assertSameSlot(feed.slots().get(i), read.slots().get(i));
            }
        } else if (message instanceof Message.RowUpdate) {
            assertEquals(message.toString(), back.toString());
        } else {
            assertEquals(message, back);
        }
    }

    private static void assertSameSlot(Slot slot, Slot read) {
        assertEquals(slot.position(), read.position());
        assertArrayEquals(slot.payload(), read.payload());
    }

    /** Accepted or refused, and nothing else; what is accepted has this one form. */
    private static boolean isRefused(byte[] bytes) {
        Message message;
        try {
            message = decode(bytes);
        } catch (MalformedMessageException e) {
            assertTrue(e.getMessage().length() > 10, e.getMessage());
            return true;
        }
        assertArrayEquals(bytes, encode(message), () -> "two forms of " + message);
        return false;
    }

    @Test
    void whatIsCutShortIsRefused() {
        Samples samples = new Samples(3);
        for (int i = 0; i < 20; i++) {
            for (Message message : samples.messages()) {
                byte[] whole = encode(message);
                // The payload of a slot ends where its frame ends, which is the frame's business.
                boolean hasPayload = MessageCodec.payload(message) != null;
                int end = hasPayload ? whole.length - MessageCodec.payload(message).length : whole.length;
                for (int length = 0; length < end; length++) {
                    assertTrue(isRefused(Arrays.copyOf(whole, length)), length + " bytes of " + message);
                }
                assertTrue(hasPayload || isRefused(Arrays.copyOf(whole, whole.length + 1)), "a byte too many behind " + message);
            }
        }
    }

    @Test
    void whatIsDamagedEndsInAMessageOrIsRefused() {
        Samples samples = new Samples(4);
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            for (Message message : samples.messages()) {
                byte[] bytes = encode(message);
                for (int flips = 1 + samples.random().nextInt(4); flips > 0; flips--) {
                    bytes[samples.random().nextInt(bytes.length)] = (byte) samples.upTo(255);
                }
                refused += isRefused(bytes) ? 1 : 0;
            }
        }
        assertTrue(refused > 300, refused + " refused");
    }

    @Test
    void noiseEndsInAMessageOrIsRefused() {
        Samples samples = new Samples(5);
        int refused = 0;
        for (int i = 0; i < 30_000; i++) {
            byte[] bytes = new byte[samples.random().nextInt(80)];
            samples.random().nextBytes(bytes);
            if (bytes.length > 0) {
                bytes[0] = (byte) samples.random().nextInt(24);
            }
            refused += isRefused(bytes) ? 1 : 0;
        }
        assertTrue(refused > 3_000 && refused < 30_000, refused + " refused");
    }

    @Test
    void aRowOfThreeMembersAfterAMillionSlotsIsSmall() {
        long claim = 1_000_000;
        Row row = new Row(12, 36_000, claim, claim - 2, new long[] {claim - 1, claim, claim - 2}, (claim - 2) << 8,
                (claim - 3) << 8, 0, 7, false, false);

        assertTrue(encode(new Message.RowUpdate(row)).length <= 24,
                () -> encode(new Message.RowUpdate(row)).length + " bytes");
    }

    @Test
    void aSlotsPayloadIsNotCopied() {
        byte[] payload = new byte[1 << 20];
        Message data = new Message.Data(new Slot(new Position(1, 5, 0), payload), 4);
        WireWriter out = new WireWriter();
        MessageCodec.encode(data, out);

        assertTrue(out.length() < 16, out.length() + " bytes");
        assertSame(payload, MessageCodec.payload(data));
    }

    @Test
    void aNumberHasOneForm() {
        assertTrue(isRefused(new byte[] {11, (byte) 0x81, 0x00}), "join request, view 1 in two bytes");
        byte[] eleven = new byte[12];
        Arrays.fill(eleven, (byte) 0xff);
        eleven[0] = 11;
        assertTrue(isRefused(eleven), "a number of eleven bytes");
        assertTrue(isRefused(new byte[] {4, 1, 1, 2, 0}), "a flag of 2");
    }

    @Test
    void countsAreCheckedBeforeAnythingIsMadeOfThem() {
        byte[] manyRanks = {2, 1, 1, 0, 0, (byte) 255};

        MalformedMessageException e = assertThrows(MalformedMessageException.class, () -> decode(manyRanks));
        assertEquals("255 ranks in a row, at most 64 can be", e.getMessage());
    }

    @Test
    void aViewOfTooManyMembersCannotBeSent() {
        List<MemberId> members = new ArrayList<>();
        for (int i = 0; i < 65; i++) {
            members.add(new MemberId(i, new UUID(1, i), 1));
        }
        ViewRecord view = new ViewRecord(1, new UUID(1, 1), members, List.of(), ViewRecord.Origin.BOOTSTRAP, null,
                Trim.nothing(0));

        assertThrows(IllegalArgumentException.class, () -> encode(new Message.Decided(view)));
    }

    @Test
    void twoMembersOnOneServerAreRefused() {
        MemberId one = new MemberId(1, new UUID(1, 1), 1);
        MemberId other = new MemberId(1, new UUID(1, 2), 2);
        ViewRecord view = new ViewRecord(1, new UUID(1, 1), List.of(one, other), List.of(), ViewRecord.Origin.SURVIVORS, one,
                Trim.nothing(1));

        byte[] bytes = encode(new Message.Decided(view));
        MalformedMessageException e = assertThrows(MalformedMessageException.class, () -> decode(bytes));
        assertEquals("two members of a view on one server: [1, 1]", e.getMessage());
    }
}
