package org.lockstep.state;

/** Parses literal IP addresses, without any name service. */
final class IpAddresses {
    private IpAddresses() {}

    /** The 4 or 16 bytes of an address, or null when the text is not one. An IPv6 zone ({@code %eth0}) is ignored. */
    static byte[] parse(String text) {
        return text.indexOf(':') >= 0 ? parseV6(text) : parseV4(text);
    }

    private static byte[] parseV4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return null;
        }
        byte[] address = new byte[4];
        for (int i = 0; i < 4; i++) {
            int value = number(parts[i], 10, 3, 255);
            if (value < 0) {
                return null;
            }
            address[i] = (byte) value;
        }
        return address;
    }

    private static byte[] parseV6(String text) {
        int zone = text.indexOf('%');
        String literal = zone < 0 ? text : text.substring(0, zone);
        int gap = literal.indexOf("::");
        if (gap < 0) {
            byte[] all = groups(literal);
            return all != null && all.length == 16 ? all : null;
        }
        byte[] head = groups(literal.substring(0, gap));
        byte[] tail = groups(literal.substring(gap + 2));
        if (head == null || tail == null || head.length + tail.length > 14) {
            return null;
        }
        byte[] address = new byte[16];
        System.arraycopy(head, 0, address, 0, head.length);
        System.arraycopy(tail, 0, address, 16 - tail.length, tail.length);
        return address;
    }

    /** The bytes of colon-separated groups, the last of which may be an IPv4 address. */
    private static byte[] groups(String text) {
        if (text.isEmpty()) {
            return new byte[0];
        }
        String[] parts = text.split(":", -1);
        byte[] v4 = parts[parts.length - 1].indexOf('.') >= 0 ? parseV4(parts[parts.length - 1]) : null;
        int hexGroups = v4 == null ? parts.length : parts.length - 1;
        byte[] bytes = new byte[hexGroups * 2 + (v4 == null ? 0 : 4)];
        if (bytes.length > 16) {
            return null;
        }
        for (int i = 0; i < hexGroups; i++) {
            int value = number(parts[i], 16, 4, 0xffff);
            if (value < 0) {
                return null;
            }
            bytes[2 * i] = (byte) (value >>> 8);
            bytes[2 * i + 1] = (byte) value;
        }
        if (v4 != null) {
            System.arraycopy(v4, 0, bytes, hexGroups * 2, 4);
        }
        return bytes;
    }

    private static int number(String digits, int radix, int lengthMax, int max) {
        if (digits.isEmpty() || digits.length() > lengthMax) {
            return -1;
        }
        int value = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(i) < 0x80 ? Character.digit(digits.charAt(i), radix) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value * radix + digit;
        }
        return value <= max ? value : -1;
    }
}
