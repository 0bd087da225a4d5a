package org.lockstep.rdma.guest;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.lockstep.rdma.verbs.QueuePair;
import org.lockstep.rdma.verbs.RdmaPort;

/** Two ports of the device and a connection between them. */
final class Connected implements AutoCloseable {
    final RdmaPort dialerPort;
    final RdmaPort takerPort;
    final QueuePair dialer;
    final QueuePair taker;

    Connected() throws IOException {
        dialerPort = Guest.open();
        takerPort = Guest.open();
        CompletableFuture<QueuePair> accepting = CompletableFuture.supplyAsync(() -> {
            try {
                return takerPort.accept(Guest.TIMEOUT_MILLIS);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
        dialer = dialerPort.dial(takerPort.address(), Guest.TIMEOUT_MILLIS);
        taker = accepting.join();
        if (taker == null) {
            throw new AssertionError("nobody came");
        }
    }

    @Override
    public void close() throws IOException {
        dialer.close();
        taker.close();
        dialerPort.close();
        takerPort.close();
    }
}
