package org.lockstep.server.replica;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;

/** Connects servers of one process: what one of them flushes is a task on the event loop of the other. */
final class MemoryNetwork {
    private final Map<Integer, End> ends = new HashMap<>();

    synchronized Transport connect(MemberId self, EventLoop loop, TransportListener listener) {
        End before = ends.get(self.serverId());
        if (before != null) {
            before.close();
        }
        End mine = new End(self, loop, listener);
        for (End other : ends.values()) {
            other.tellConnection(self.serverId(), true);
            mine.tellConnection(other.self.serverId(), true);
        }
        ends.put(self.serverId(), mine);
        return mine;
    }

    private synchronized End end(int serverId) {
        return ends.get(serverId);
    }

    private synchronized void remove(End end) {
        if (ends.remove(end.self.serverId(), end)) {
            for (End other : ends.values()) {
                other.tellConnection(end.self.serverId(), false);
                other.loop.execute(() -> other.listener.onProcessGone(end.self));
            }
        }
    }

    private final class End implements Transport {
        private final MemberId self;
        private final EventLoop loop;
        private final TransportListener listener;
        private final Map<Integer, List<Message>> queued = new HashMap<>();

        End(MemberId self, EventLoop loop, TransportListener listener) {
            this.self = self;
            this.loop = loop;
            this.listener = listener;
        }

        void tellConnection(int serverId, boolean up) {
            loop.execute(() -> listener.onConnection(serverId, up));
        }

        @Override
        public void send(int serverId, Message message) {
            queued.computeIfAbsent(serverId, key -> new ArrayList<>()).add(message);
        }

        @Override
        public void flush() {
            queued.forEach((serverId, messages) -> {
                End peer = end(serverId);
                if (peer != null && !messages.isEmpty()) {
                    peer.loop.execute(() -> messages.forEach(message -> peer.listener.onMessage(self, message)));
                }
            });
            queued.clear();
        }

        @Override
        public void setEnsembleId(UUID ensembleId) {}

        @Override
        public BulkSender openBulk(int serverId, byte[] head, BulkSender.Listener told) {
            return new Bulk(this, end(serverId), head, told);
        }

        @Override
        public void close() {
            remove(this);
        }
    }

    /** A stream between two ends, of which each sees only what is done on its own event loop. */
    private static final class Bulk implements BulkSender, BulkReceiver.Stream {
        private static final int WINDOW = 4;
        private final End from;
        private final End to;
        private final Listener told;
        private BulkReceiver receiver;
        private int room;
        private boolean over;

        Bulk(End from, End to, byte[] head, Listener told) {
            this.from = from;
            this.to = to;
            this.told = told;
            if (to == null) {
                from.loop.execute(() -> told.onFailed("not connected"));
                return;
            }
            to.loop.execute(() -> {
                receiver = to.listener.onBulk(from.self, head, this);
                from.loop.execute(() -> {
                    if (receiver == null) {
                        told.onFailed("refused");
                    } else {
                        room = WINDOW;
                        told.onRoom();
                    }
                });
            });
        }

        @Override
        public int room() {
            return room;
        }

        @Override
        public void send(byte[] chunk) {
            room--;
            to.loop.execute(() -> receiver.onChunk(chunk));
        }

        @Override
        public void finish() {
            to.loop.execute(() -> {
                receiver.onEnd();
                from.loop.execute(told::onFinished);
            });
        }

        @Override
        public void taken() {
            from.loop.execute(() -> {
                room++;
                if (!over) {
                    told.onRoom();
                }
            });
        }

        /** By either end: the other is told. */
        @Override
        public void abort(String why) {
            if (from.loop.inEventLoop()) {
                over = true;
                to.loop.execute(() -> receiver.onFailed(why));
            } else {
                from.loop.execute(() -> {
                    over = true;
                    told.onFailed(why);
                });
            }
        }
    }
}
