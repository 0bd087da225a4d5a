package org.lockstep.ensemble.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lockstep.ensemble.core.AcceptorRecord;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Trim;
import org.lockstep.ensemble.core.ViewRecord;

class RecordCodecTest {
    private interface Decoder<T> {
        T decode(ByteBuffer bytes) throws MalformedMessageException;
    }

    private record Kind<T>(String name, Function<Samples, T> sample, Function<T, byte[]> encoder, Decoder<T> decoder) {
        byte[] encoded(Samples samples) {
            return encoder.apply(sample.apply(samples));
        }

        boolean isRefused(byte[] bytes) {
            T value;
            try {
                value = decoder.decode(ByteBuffer.wrap(bytes));
            } catch (MalformedMessageException e) {
                return true;
            }
            assertArrayEquals(bytes, encoder.apply(value), () -> "two forms of " + value);
            return false;
        }

        void comesBack(Samples samples) throws MalformedMessageException {
            T value = sample.apply(samples);
            assertEquals(value, decoder.decode(ByteBuffer.wrap(encoder.apply(value))));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Kind<?>> kinds() {
        return Stream.of(new Kind<ViewRecord>("view", Samples::view, RecordCodec::encode, RecordCodec::decodeView),
                new Kind<AcceptorRecord>("acceptor", Samples::acceptor, RecordCodec::encode, RecordCodec::decodeAcceptor),
                new Kind<MemberId>("member", Samples::member, RecordCodec::encode, RecordCodec::decodeMember),
                new Kind<Trim>("trim", Samples::trim, RecordCodec::encode, RecordCodec::decodeTrim));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsEncodedComesBack(Kind<?> kind) throws MalformedMessageException {
        Samples samples = new Samples(11);
        for (int i = 0; i < 500; i++) {
            kind.comesBack(samples);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsCutShortOrTooLongIsRefused(Kind<?> kind) {
        Samples samples = new Samples(12);
        for (int i = 0; i < 15; i++) {
            byte[] whole = kind.encoded(samples);
            for (int length = 0; length < whole.length; length++) {
                assertTrue(kind.isRefused(Arrays.copyOf(whole, length)), length + " bytes");
            }
            assertTrue(kind.isRefused(Arrays.copyOf(whole, whole.length + 1)));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsDamagedEndsInARecordOrIsRefused(Kind<?> kind) {
        Samples samples = new Samples(13);
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] bytes = kind.encoded(samples);
            for (int flips = 1 + samples.random().nextInt(4); flips > 0; flips--) {
                bytes[samples.random().nextInt(bytes.length)] = (byte) samples.upTo(255);
            }
            refused += kind.isRefused(bytes) ? 1 : 0;
        }
        assertTrue(refused > 30, refused + " refused");
    }

    @Test
    void aRecordIsReadFromWhereverItLiesInABuffer() throws MalformedMessageException {
        Trim trim = Trim.of(3, -1, 7);
        byte[] bytes = RecordCodec.encode(trim);
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length + 5).position(5).put(bytes).position(5);

        assertEquals(trim, RecordCodec.decodeTrim(direct));
        assertEquals(5, direct.position());
    }

    @Test
    void anotherFormatOrKindIsNamed() {
        byte[] future = RecordCodec.encode(Trim.of(1));
        future[0] = 2;
        MalformedMessageException format =
                assertThrows(MalformedMessageException.class, () -> RecordCodec.decodeTrim(ByteBuffer.wrap(future)));
        assertEquals("trim record of format 2, this release knows format 1", format.getMessage());

        byte[] trim = RecordCodec.encode(Trim.of(1));
        MalformedMessageException kind =
                assertThrows(MalformedMessageException.class, () -> RecordCodec.decodeView(ByteBuffer.wrap(trim)));
        assertEquals("a record of kind 84 where a view record should be", kind.getMessage());
    }
}
