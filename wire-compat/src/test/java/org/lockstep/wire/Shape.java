package org.lockstep.wire;

import java.util.ArrayList;
import java.util.List;

/**
 * The fields of a record in their order on the wire, one letter each: {@code i} int, {@code l} long, {@code b} boolean, {@code s}
 * string, {@code B} buffer, {@code S} vector of strings, {@code A} vector of ACL entries, {@code I} id.
 */
final class Shape {
    static final String LETTERS = "ilbsBSAI";
    /** The fields of a Stat. */
    static final String STAT = "lllliiiliil";

    private Shape() {}

    @SuppressWarnings("unchecked")
    static void write(JuteWriter out, String shape, List<?> values) {
        for (int i = 0; i < shape.length(); i++) {
            Object value = values.get(i);
            switch (shape.charAt(i)) {
                case 'i' -> out.writeInt((Integer) value);
                case 'l' -> out.writeLong((Long) value);
                case 'b' -> out.writeBoolean((Boolean) value);
                case 's' -> out.writeString((String) value);
                case 'B' -> out.writeBuffer((byte[]) value);
                case 'S' -> out.writeStrings((List<String>) value);
                case 'A' -> out.writeAcls((List<Acl>) value);
                case 'I' -> out.writeId((Id) value);
                default -> throw new IllegalArgumentException(shape);
            }
        }
    }

    static byte[] encode(String shape, List<?> values) {
        // The smallest buffer there is, so that growing is tested as well.
        JuteWriter out = new JuteWriter(0);
        write(out, shape, values);
        return out.toByteArray();
    }

    static List<Object> read(JuteReader in, String shape) throws MalformedRecordException {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < shape.length(); i++) {
            values.add(switch (shape.charAt(i)) {
                case 'i' -> in.readInt();
                case 'l' -> in.readLong();
                case 'b' -> in.readBoolean();
                case 's' -> in.readString();
                case 'B' -> in.readBuffer();
                case 'S' -> in.readStrings();
                case 'A' -> in.readAcls();
                case 'I' -> in.readId();
                default -> throw new IllegalArgumentException(shape);
            });
        }
        return values;
    }

    /** Values made comparable: the bytes of a buffer as a list. */
    static List<Object> comparable(List<?> values) {
        List<Object> plain = new ArrayList<>();
        for (Object value : values) {
            if (value instanceof byte[] bytes) {
                List<Byte> list = new ArrayList<>();
                for (byte b : bytes) {
                    list.add(b);
                }
                plain.add(list);
            } else {
                plain.add(value);
            }
        }
        return plain;
    }
}
