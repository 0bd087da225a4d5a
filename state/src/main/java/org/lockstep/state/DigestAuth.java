package org.lockstep.state;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.lockstep.wire.Id;

/**
 * The {@code digest} scheme: a client proves {@code user:password}, ACLs name {@code user:base64(hash(user:password))}
 * (ZooKeeper's {@code DigestAuthenticationProvider}).
 */
public final class DigestAuth implements AuthScheme {
    public static final String SCHEME = "digest";
    /** What a connection holds beside its digest id when that is the configured super digest. */
    public static final Id SUPER = new Id("super", "");

    @Override
    public String name() {
        return SCHEME;
    }

    @Override
    public boolean isValid(String id) {
        return id.split(":").length == 2;
    }

    @Override
    public boolean matches(String connectionId, String aclId) {
        return connectionId.equals(aclId);
    }

    @Override
    public boolean isAuthenticated() {
        return true;
    }

    @Override
    public String userName(String id) {
        int colon = id.indexOf(':');
        return colon < 0 ? id : id.substring(0, colon);
    }

    /**
     * The id that {@code authData}, the auth packet's {@code user:password}, proves.
     *
     * @param algorithm a {@link MessageDigest} name; ZooKeeper's default is {@code SHA1}
     * @throws NoSuchAlgorithmException when the JDK has no such algorithm
     */
    public static String idOf(byte[] authData, String algorithm) throws NoSuchAlgorithmException {
        String userAndPassword = new String(authData, StandardCharsets.UTF_8);
        byte[] hash = MessageDigest.getInstance(algorithm).digest(userAndPassword.getBytes(StandardCharsets.UTF_8));
        int colon = userAndPassword.indexOf(':');
        String user = colon < 0 ? userAndPassword : userAndPassword.substring(0, colon);
        return user + ":" + Base64.getEncoder().encodeToString(hash);
    }

    /** Whether {@code digestId} is the super user's; {@code superDigest} is null when none is configured. */
    public static boolean isSuper(String digestId, String superDigest) {
        return superDigest != null && superDigest.equals(digestId);
    }
}
