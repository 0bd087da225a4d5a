package org.lockstep.server.desk;

import java.net.SocketAddress;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.lockstep.state.DigestAuth;
import org.lockstep.state.Identities;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves identities to a connection. The schemes a client may authenticate by are {@code digest} and {@code ip}; SASL and x509
 * will take their places here.
 */
final class Authentication {
    private static final Logger LOG = LoggerFactory.getLogger(Authentication.class);

    private final DeskOptions options;

    Authentication(DeskOptions options) {
        this.options = options;
    }

    /** Handles an AuthPacket; on success the connection's identities have grown. Returns the error code for the reply. */
    int auth(DeskConnection connection, JuteReader body) {
        SocketAddress client = connection.channel.remoteAddress();
        try {
            body.readInt(); // type: always 0
            String scheme = body.readString();
            byte[] proof = body.readBuffer();
            if ("ip".equals(scheme)) {
                return ErrorCode.OK; // every connection has proven its address by being there
            }
            if (!DigestAuth.SCHEME.equals(scheme) || !options.digestEnabled()) {
                LOG.warn("Authentication of {} failed: scheme '{}' is not offered", client, scheme);
                return ErrorCode.AUTH_FAILED;
            }
            if (proof == null) {
                LOG.warn("Authentication of {} failed: it shows no user and password", client);
                return ErrorCode.AUTH_FAILED;
            }
            return digest(connection, proof);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("the digest algorithm was checked at start", e);
        } catch (MalformedRecordException e) {
            LOG.warn("Authentication of {} failed: {}", client, e.getMessage());
            return ErrorCode.AUTH_FAILED;
        }
    }

    private int digest(DeskConnection connection, byte[] proof) throws NoSuchAlgorithmException {
        String digestId = DigestAuth.idOf(proof, options.digestAlgorithm());
        Set<Id> ids = new LinkedHashSet<>(connection.identities.ids());
        if (DigestAuth.isSuper(digestId, options.superDigest())) {
            ids.add(DigestAuth.SUPER);
        }
        ids.add(new Id(DigestAuth.SCHEME, digestId));
        connection.identities = new Identities(List.copyOf(ids));
        return ErrorCode.OK;
    }

    /** Without a JAAS configuration ZooKeeper answers a SASL request with a null token and no error. */
    int sasl(JuteReader body, JuteWriter out) {
        try {
            body.readBuffer();
        } catch (MalformedRecordException e) {
            return ErrorCode.AUTH_FAILED;
        }
        out.writeBuffer(null);
        return ErrorCode.OK;
    }
}
