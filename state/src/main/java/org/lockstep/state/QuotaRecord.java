package org.lockstep.state;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * The text of a quota node: {@code count=N,bytes=M}, then, if there are others, {@code =;key=value} each (the odd equals sign is
 * for ZooKeeper's oldest parsers). What cannot be read as a number counts as unset; -1 is unset.
 */
final class QuotaRecord {
    private final TreeMap<String, Long> others = new TreeMap<>();
    private long count = -1;
    private long bytes = -1;

    QuotaRecord(long count, long bytes) {
        this.count = count;
        this.bytes = bytes;
    }

    /** Parses a node's data; null data is a record with nothing set. */
    QuotaRecord(byte[] text) {
        String record = text == null ? "" : new String(text, StandardCharsets.UTF_8);
        for (String pair : record.split("[,;]+")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                int end = pair.indexOf('=', equals + 1);
                set(pair.substring(0, equals), pair.substring(equals + 1, end < 0 ? pair.length() : end));
            }
        }
    }

    private void set(String key, String text) {
        long value;
        try {
            value = Long.parseLong(text);
        } catch (NumberFormatException e) {
            value = -1;
        }
        switch (key) {
            case "count" -> count = value;
            case "bytes" -> bytes = value;
            default -> others.put(key, value);
        }
    }

    long count() {
        return count;
    }

    long bytes() {
        return bytes;
    }

    long countHardLimit() {
        return others.getOrDefault("countHardLimit", -1L);
    }

    long byteHardLimit() {
        return others.getOrDefault("byteHardLimit", -1L);
    }

    void add(long countDelta, long bytesDelta) {
        count += countDelta;
        bytes += bytesDelta;
    }

    byte[] encode() {
        StringBuilder text = new StringBuilder(32).append("count=").append(count).append(",bytes=").append(bytes);
        if (!others.isEmpty()) {
            text.append('=');
            for (Map.Entry<String, Long> other : others.entrySet()) {
                text.append(';').append(other.getKey()).append('=').append(other.getValue());
            }
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
