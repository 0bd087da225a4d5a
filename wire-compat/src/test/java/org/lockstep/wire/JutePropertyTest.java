package org.lockstep.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.apache.jute.BinaryOutputArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Properties of the codec over seeded random records and random bytes; {@code -Djute.seed=N} starts from another seed. */
class JutePropertyTest {
    private static final long SEED = Long.getLong("jute.seed", 20_260_101);
    private static final int ROUNDS = 20_000;
    private static final int FIELDS_MAX = 8;

    /** A string costs its object, its array and the decoder's copy; the shortest one takes four bytes of the record. */
    private static final int ALLOCATION_FACTOR = 40;
    private static final int ALLOCATION_CONSTANT = 4096;

    @Test
    void whatIsWrittenReadsBack() throws MalformedRecordException {
        JuteWriter reused = new JuteWriter();
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(SEED + round);
            String shape = shape(random);
            List<Object> values = values(random, shape);
            byte[] bytes = Shape.encode(shape, values);
            JuteReader in = new JuteReader(bytes);
            assertEquals(Shape.comparable(values), Shape.comparable(Shape.read(in, shape)), () -> "shape " + shape);
            assertEquals(0, in.remaining());
            Shape.write(reused.reset(), shape, values);
            assertArrayEquals(bytes, reused.toByteArray());
        }
    }

    @Test
    void everyTruncationOfARandomRecordIsMalformed() {
        for (int round = 0; round < ROUNDS / 40; round++) {
            Random random = new Random(SEED + round);
            String shape = shape(random);
            byte[] bytes = Shape.encode(shape, values(random, shape));
            for (int length = 0; length < bytes.length; length++) {
                JuteReader in = new JuteReader().wrap(bytes, 0, length);
                assertThrows(MalformedRecordException.class, () -> Shape.read(in, shape));
            }
        }
    }

    @Test
    void randomBytesAreReadOrRefusedAndNothingElse() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int read = 0;
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(SEED + round);
            String shape = shape(random);
            byte[] bytes = noise(random, shape);
            JuteReader in = new JuteReader(bytes);
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                Shape.read(in, shape);
                read++;
            } catch (MalformedRecordException e) {
                refused++;
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated <= (long) ALLOCATION_FACTOR * bytes.length + ALLOCATION_CONSTANT,
                    allocated + " bytes for a record of " + bytes.length + ", seed " + (SEED + round));
            assertTrue(in.position() >= 0 && in.remaining() >= 0 && in.position() + in.remaining() == bytes.length);
        }
        assertTrue(read > ROUNDS / 100 && refused > ROUNDS / 100, read + " read, " + refused + " refused");
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 30, 61, -1000})
    void absurdLengthIsRefusedWithoutAnAllocation(int length) {
        byte[] bytes = ByteBuffer.allocate(64).putInt(length).array();
        for (String shape : List.of("s", "B", "S", "A")) {
            // 61 bytes follow in no case; as a count it is absurd only for elements of four bytes and more, which all are.
            JuteReader in = new JuteReader(bytes);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadAllocatedBytes();
            assertThrows(MalformedRecordException.class, () -> Shape.read(in, shape), shape);
            assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 64 << 10);
        }
        assertThrows(MalformedRecordException.class, () -> new JuteReader(bytes).skipBuffer());
    }

    @Test
    void skippingABufferGoesWhereReadingItGoes() throws MalformedRecordException {
        byte[] bytes = new JuteWriter().writeBuffer(new byte[] {1, 2, 3}).writeBuffer(null).writeBuffer(new byte[0])
                .toByteArray();
        JuteReader skipping = new JuteReader(bytes);
        JuteReader reading = new JuteReader(bytes);
        for (int expected : new int[] {3, -1, 0}) {
            assertEquals(expected, skipping.skipBuffer());
            byte[] read = reading.readBuffer();
            assertEquals(expected, read == null ? -1 : read.length);
            assertEquals(reading.position(), skipping.position());
        }
    }

    @Test
    void nullVectorOfStringsReadsAsEmptyAndOfAclsAsNull() throws MalformedRecordException {
        byte[] bytes = {-1, -1, -1, -1};
        assertEquals(List.of(), new JuteReader(bytes).readStrings());
        assertNull(new JuteReader(bytes).readAcls());
    }

    @Test
    void anyByteButZeroIsTrue() throws MalformedRecordException {
        for (int value = 0; value < 256; value++) {
            assertEquals(value != 0, new JuteReader(new byte[] {(byte) value}).readBoolean());
        }
    }

    /** The Java client writes characters beyond U+FFFF as two surrogates of three bytes; no server makes one of them. */
    @Test
    void brokenUtf8IsReplacedNotRefused() throws MalformedRecordException, IOException {
        byte[] surrogates = official("\ud83d\ude00");
        assertEquals(4 + 6, surrogates.length);
        assertEquals(new String(surrogates, 4, 6, StandardCharsets.UTF_8), new JuteReader(surrogates).readString());
        byte[] lonely = {0, 0, 0, 2, (byte) 0xc3, 'x'};
        assertEquals("\ufffdx", new JuteReader(lonely).readString());
    }

    @Test
    void stringsOfTheBasicPlaneAreWrittenAsTheOfficialClientDoes() throws IOException {
        for (int c = 0; c <= Character.MAX_VALUE; c++) {
            if (!Character.isSurrogate((char) c)) {
                String text = "a" + (char) c + "b";
                assertArrayEquals(official(text), new JuteWriter().writeString(text).toByteArray(),
                        "U+" + Integer.toHexString(c));
            }
        }
    }

    /** Where the official writer would send what no reader understands, ours sends UTF-8. */
    @Test
    void charactersBeyondTheBasicPlaneAreWrittenAsUtf8() throws MalformedRecordException {
        byte[] bytes = new JuteWriter().writeString("/\ud83d\ude00").toByteArray();
        assertArrayEquals(new byte[] {0, 0, 0, 5, '/', (byte) 0xf0, (byte) 0x9f, (byte) 0x98, (byte) 0x80}, bytes);
        assertEquals("/\ud83d\ude00", new JuteReader(bytes).readString());
    }

    @Test
    void truncateAndSetIntChangeWhatWasWritten() {
        JuteWriter out = new JuteWriter().writeInt(0).writeString("kept").writeString("dropped");
        out.truncate(12);
        out.setInt(0, 8);
        assertArrayEquals(new byte[] {0, 0, 0, 8, 0, 0, 0, 4, 'k', 'e', 'p', 't'}, out.toByteArray());
        assertEquals(12, out.length());
        assertEquals(0, out.reset().length());
    }

    private static byte[] official(String text) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BinaryOutputArchive.getArchive(out).writeString(text, "");
        return out.toByteArray();
    }

    private static String shape(Random random) {
        StringBuilder shape = new StringBuilder();
        for (int i = random.nextInt(FIELDS_MAX) + 1; i > 0; i--) {
            shape.append(Shape.LETTERS.charAt(random.nextInt(Shape.LETTERS.length())));
        }
        return shape.toString();
    }

    private static List<Object> values(Random random, String shape) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < shape.length(); i++) {
            values.add(switch (shape.charAt(i)) {
                case 'i' -> random.nextInt();
                case 'l' -> random.nextLong();
                case 'b' -> random.nextBoolean();
                case 's' -> text(random);
                case 'B' -> random.nextInt(8) == 0 ? null : bytes(random);
                case 'S' -> many(random, () -> text(random));
                case 'A' -> random.nextInt(8) == 0 ? null
                        : many(random, () -> new Acl(random.nextInt(), new Id(text(random), text(random))));
                case 'I' -> new Id(text(random), text(random));
                default -> throw new IllegalArgumentException(shape);
            });
        }
        return values;
    }

    private static <T> List<T> many(Random random, Supplier<T> one) {
        List<T> list = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            list.add(one.get());
        }
        return list;
    }

    private static byte[] bytes(Random random) {
        byte[] bytes = new byte[random.nextInt(40)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Null, empty, ASCII, or with characters of two and three bytes, and of two chars. */
    private static String text(Random random) {
        int kind = random.nextInt(8);
        if (kind == 0) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i > 0; i--) {
            text.appendCodePoint(kind < 6 ? random.nextInt(0x80)
                    : kind == 6 ? random.nextInt(0xd800) : 0x1f600 + random.nextInt(64));
        }
        return text.toString();
    }

    /** Bytes of no meaning, or a record in which a few bytes were changed. */
    private static byte[] noise(Random random, String shape) {
        if (random.nextBoolean()) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            for (int i = 0; random.nextBoolean() && i + 4 <= noise.length; i += 4) {
                // Small lengths get further than random ones, nearly all of which are absurd.
                Arrays.fill(noise, i, i + 3, (byte) 0);
                noise[i + 3] &= 7;
            }
            return noise;
        }
        byte[] record = Shape.encode(shape, values(random, shape));
        for (int i = random.nextInt(4); i > 0 && record.length > 0; i--) {
            record[random.nextInt(record.length)] = (byte) random.nextInt();
        }
        return record;
    }
}
