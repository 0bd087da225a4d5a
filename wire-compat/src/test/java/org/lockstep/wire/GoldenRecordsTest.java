package org.lockstep.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every record of the protocol, byte for byte: what we write, what the official client writes, and what golden-records.txt holds
 * are the same. {@code -Dgolden.rewrite=FILE} writes that file anew, from the official classes.
 */
class GoldenRecordsTest {
    private static final HexFormat HEX = HexFormat.of();

    static List<RecordCases.Case> cases() {
        return RecordCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bytesAreThoseOfTheOfficialClientAndOfTheGoldenFile(RecordCases.Case record) throws IOException {
        String written = HEX.formatHex(Shape.encode(record.shape(), record.values()));
        assertEquals(HEX.formatHex(record.official()), written);
        assertEquals(golden().get(record.name()), written);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void officialBytesReadAsTheValues(RecordCases.Case record) throws MalformedRecordException {
        JuteReader in = new JuteReader(record.official());
        assertEquals(Shape.comparable(record.values()), Shape.comparable(Shape.read(in, record.shape())));
        assertEquals(0, in.remaining());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void readerStaysInItsRegion(RecordCases.Case record) throws MalformedRecordException {
        byte[] around = new byte[record.official().length + 11];
        Arrays.fill(around, (byte) 0x7f);
        System.arraycopy(record.official(), 0, around, 5, record.official().length);
        JuteReader in = new JuteReader().wrap(around, 5, record.official().length);
        assertEquals(Shape.comparable(record.values()), Shape.comparable(Shape.read(in, record.shape())));
        assertEquals(5 + record.official().length, in.position());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyTruncationIsMalformed(RecordCases.Case record) {
        for (int length = 0; length < record.official().length; length++) {
            byte[] prefix = Arrays.copyOf(record.official(), length);
            assertThrows(MalformedRecordException.class, () -> Shape.read(new JuteReader(prefix), record.shape()),
                    length + " of " + record.official().length + " bytes");
            // The missing bytes lie behind the region: they must not be read either.
            JuteReader region = new JuteReader().wrap(record.official(), 0, length);
            assertThrows(MalformedRecordException.class, () -> Shape.read(region, record.shape()));
        }
    }

    @Test
    void goldenFileHoldsNothingElse() throws IOException {
        Map<String, String> expected = new LinkedHashMap<>();
        cases().forEach(record -> expected.put(record.name(), HEX.formatHex(record.official())));
        String rewrite = System.getProperty("golden.rewrite");
        if (rewrite != null) {
            Files.writeString(Path.of(rewrite), "# Records of ZooKeeper's protocol as the official client 3.9.5 writes them; "
                    + "see GoldenRecordsTest.\n" + expected.entrySet().stream()
                    .map(entry -> entry.getKey() + ": " + entry.getValue() + "\n").collect(Collectors.joining()));
        }
        assertEquals(expected, golden());
    }

    private static Map<String, String> golden() throws IOException {
        try (InputStream in = GoldenRecordsTest.class.getResourceAsStream("/golden-records.txt")) {
            Map<String, String> records = new LinkedHashMap<>();
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                if (!line.startsWith("#")) {
                    int colon = line.indexOf(": ");
                    records.put(line.substring(0, colon), line.substring(colon + 2));
                }
            }
            return records;
        }
    }
}
