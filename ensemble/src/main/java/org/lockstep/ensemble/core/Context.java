package org.lockstep.ensemble.core;

/** What the parts of one member share: who it is, what it may do, where its effects go, and the time of the last tick. */
final class Context {
    final MemberId self;
    final EnsembleOptions options;
    final Rules rules;
    final Effects out = new Effects();
    final Peers peers;
    long now;

    Context(MemberId self, EnsembleOptions options, Rules rules) {
        this.self = self;
        this.options = options;
        this.rules = rules;
        this.peers = new Peers(self, options);
    }

    /** Sends to every other configured server. */
    void broadcast(Message message) {
        for (int serverId : peers.serverIds()) {
            out.send(serverId, message);
        }
    }

    /** Sends to every configured server, this one included. */
    void broadcastWithSelf(Message message) {
        broadcast(message);
        out.send(self.serverId(), message);
    }
}
