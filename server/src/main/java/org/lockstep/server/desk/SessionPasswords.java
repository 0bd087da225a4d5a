package org.lockstep.server.desk;

import java.security.MessageDigest;
import java.util.Random;

/**
 * Session passwords: a pure function of the session id, ZooKeeper's own, so that any server can check one and sessions survive
 * a migration. It guards against mix-ups, not against attackers; ACLs do that.
 */
final class SessionPasswords {
    private static final long SUPER_SECRET = 0xB3415C00L;
    private static final int BYTES = 16;

    private SessionPasswords() {}

    static byte[] of(long sessionId) {
        byte[] password = new byte[BYTES];
        new Random(sessionId ^ SUPER_SECRET).nextBytes(password);
        return password;
    }

    static boolean matches(long sessionId, byte[] password) {
        return password != null && MessageDigest.isEqual(of(sessionId), password);
    }
}
