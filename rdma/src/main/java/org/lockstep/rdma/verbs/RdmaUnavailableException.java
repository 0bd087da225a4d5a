package org.lockstep.rdma.verbs;

import java.io.IOException;

/** RDMA cannot be used on this machine as it is. The message is one line for the operator, and names the remedy. */
public final class RdmaUnavailableException extends IOException {
    private static final long serialVersionUID = 1;

    public RdmaUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
