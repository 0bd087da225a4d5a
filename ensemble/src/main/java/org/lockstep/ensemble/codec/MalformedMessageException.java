package org.lockstep.ensemble.codec;

/** Bytes that are no message or record of this version; the message names the field and what is wrong with it. */
public final class MalformedMessageException extends Exception {
    public MalformedMessageException(String what) {
        super(what);
    }
}
