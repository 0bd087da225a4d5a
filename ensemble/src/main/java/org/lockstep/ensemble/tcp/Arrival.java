package org.lockstep.ensemble.tcp;

import io.netty.channel.Channel;

/** Somebody who has come through the door and has not said who he is. */
final class Arrival extends HelloReader {
    private final TcpTransport transport;

    Arrival(TcpTransport transport) {
        super(transport.options().handshakeMillis());
        this.transport = transport;
    }

    @Override
    void onHello(Channel channel, Hello hello) {
        transport.greeted(channel, this, hello);
    }

    @Override
    void onBad(Channel channel, Refusal refusal, String what) {
        if (refusal == Refusal.OTHER_VERSION) {
            transport.refuse(channel, refusal, what);
            return;
        }
        // A stranger would not understand an answer, and must not be told that something is here.
        transport.logRefused(channel, refusal, "it is no server of an ensemble: " + what);
        channel.close();
    }

    @Override
    void onLost(String why) {
        // A port scan, or a dial that was given up.
    }
}
