package org.lockstep.state;

/** ACL ids {@code address} or {@code address/bits}, IPv4 or IPv6, against the address a connection came from. */
final class IpAuthScheme implements AuthScheme {
    @Override
    public String name() {
        return "ip";
    }

    @Override
    public boolean isValid(String id) {
        int slash = id.indexOf('/');
        byte[] address = IpAddresses.parse(slash < 0 ? id : id.substring(0, slash));
        return address != null && prefixBits(id, slash, address) >= 0;
    }

    @Override
    public boolean matches(String connectionId, String aclId) {
        int slash = aclId.indexOf('/');
        byte[] wanted = IpAddresses.parse(slash < 0 ? aclId : aclId.substring(0, slash));
        byte[] actual = IpAddresses.parseRemote(connectionId);
        if (wanted == null || actual == null || wanted.length != actual.length) {
            return false;
        }
        int bits = prefixBits(aclId, slash, wanted);
        return bits >= 0 && equalPrefix(wanted, actual, bits);
    }

    @Override
    public boolean isAuthenticated() {
        return false;
    }

    @Override
    public String userName(String id) {
        return id;
    }

    /** Bits of the prefix, all of the address when there is no slash; -1 when malformed. */
    private static int prefixBits(String id, int slash, byte[] address) {
        if (slash < 0) {
            return address.length * 8;
        }
        try {
            int bits = Integer.parseInt(id.substring(slash + 1));
            return bits >= 0 && bits <= address.length * 8 ? bits : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static boolean equalPrefix(byte[] a, byte[] b, int bits) {
        int whole = bits / 8;
        for (int i = 0; i < whole; i++) {
            if (a[i] != b[i]) {
                return false;
            }
        }
        int rest = bits % 8;
        return rest == 0 || ((a[whole] ^ b[whole]) & 0xff) >>> (8 - rest) == 0;
    }
}
