package org.lockstep.wire;

/**
 * A record that cannot be decoded. A client's request that raises it is answered with {@link ErrorCode#MARSHALLING_ERROR}.
 *
 * <p>Carries no stack trace: anyone on the network can provoke it, as often as he likes.
 */
public final class MalformedRecordException extends Exception {
    public MalformedRecordException(String message) {
        super(message, null, false, false);
    }
}
