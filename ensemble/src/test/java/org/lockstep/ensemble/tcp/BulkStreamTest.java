package org.lockstep.ensemble.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.Message;

@Timeout(60)
class BulkStreamTest {
    private static final byte[] HEAD = "state at 7".getBytes(StandardCharsets.US_ASCII);

    private TestNode one;
    private TestNode two;

    @BeforeEach
    void open() throws IOException {
        List<TestNode> nodes = TestNode.servers(2);
        one = nodes.get(0).open();
        two = nodes.get(1).open();
        TestNode.awaitConnected(one, two);
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
    }

    /** Sends chunks as there is room. */
    private final class Source implements BulkSender.Listener {
        final List<String> events = new CopyOnWriteArrayList<>();
        private final List<byte[]> chunks;
        private int next;
        BulkSender sender;

        Source(List<byte[]> chunks) {
            this.chunks = chunks;
        }

        Source begin() {
            one.run(() -> {
                sender = one.transport.openBulk(2, HEAD, this);
                assertEquals(0, sender.room());
            });
            return this;
        }

        @Override
        public void onRoom() {
            while (next < chunks.size() && sender.room() > 0) {
                sender.send(chunks.get(next++));
                if (next == chunks.size()) {
                    sender.finish();
                }
            }
        }

        @Override
        public void onFinished() {
            events.add("finished");
        }

        @Override
        public void onFailed(String why) {
            events.add(why);
        }

        void awaitEvent(String event) {
            TestNode.await(event + " among " + events, () -> events.stream().anyMatch(e -> e.contains(event)));
            TestNode.sleep(50);
            assertEquals(1, events.size(), "events of the sender: " + events);
        }
    }

    /** Takes chunks, each some time after it has come. */
    private final class Sink implements BulkReceiver {
        final List<byte[]> chunks = new CopyOnWriteArrayList<>();
        final List<String> events = new CopyOnWriteArrayList<>();
        final long delayMicros;
        volatile boolean takes = true;
        volatile int waiting;
        volatile int mostWaiting;
        BulkReceiver.Stream stream;

        Sink(long delayMicros) {
            this.delayMicros = delayMicros;
            two.onBulk = (from, head, back) -> {
                assertEquals(one.self(), from);
                assertArrayEquals(HEAD, head);
                stream = back;
                return this;
            };
        }

        @Override
        public void onChunk(byte[] chunk) {
            chunks.add(chunk);
            waiting++;
            mostWaiting = Math.max(mostWaiting, waiting);
            if (takes) {
                two.loop().schedule(this::take, delayMicros, TimeUnit.MICROSECONDS);
            }
        }

        private void take() {
            waiting--;
            stream.taken();
        }

        @Override
        public void onEnd() {
            events.add("end");
        }

        @Override
        public void onFailed(String why) {
            events.add(why);
        }

        void awaitEvent(String event) {
            TestNode.await(event + " among " + events, () -> events.stream().anyMatch(e -> e.contains(event)));
            assertEquals(1, events.size(), "events of the receiver: " + events);
        }
    }

    private static List<byte[]> chunks(int count, int bytesMax) {
        Random random = new Random(count);
        List<byte[]> chunks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            chunks.add(new byte[1 + random.nextInt(bytesMax)]);
            random.nextBytes(chunks.get(i));
        }
        return chunks;
    }

    @Test
    void aStreamArrivesWholeAsFastAsItIsTaken() {
        Sink sink = new Sink(200);
        List<byte[]> chunks = chunks(400, BulkSender.CHUNK_BYTES_MAX);
        Source source = new Source(chunks).begin();

        source.awaitEvent("finished");
        sink.awaitEvent("end");
        assertEquals(chunks.size(), sink.chunks.size());
        for (int i = 0; i < chunks.size(); i++) {
            assertArrayEquals(chunks.get(i), sink.chunks.get(i), "chunk " + i);
        }
        assertTrue(sink.mostWaiting <= BulkStream.WINDOW_CHUNKS, sink.mostWaiting + " chunks waited");
    }

    @Test
    void anEmptyStreamIsAStream() {
        Sink sink = new Sink(0);
        Source source = new Source(List.of());
        one.run(() -> source.sender = one.transport.openBulk(2, HEAD, new BulkSender.Listener() {
            @Override
            public void onRoom() {
                source.sender.finish();
            }

            @Override
            public void onFinished() {
                source.onFinished();
            }

            @Override
            public void onFailed(String why) {
                source.onFailed(why);
            }
        }));

        source.awaitEvent("finished");
        sink.awaitEvent("end");
        assertEquals(0, sink.chunks.size());
    }

    @Test
    void messagesDoNotWaitForBulkData() {
        Sink sink = new Sink(0);
        Source source = new Source(chunks(1500, BulkSender.CHUNK_BYTES_MAX));
        two.onArrival = arrived -> {
            two.transport.send(1, arrived.message());
            two.transport.flush();
        };
        source.begin();
        long worst = 0;
        int echoes = 0;
        while (source.events.isEmpty() && echoes < 2000) {
            long begin = System.nanoTime();
            one.send(2, new Message.JoinRequest(++echoes));
            int expected = echoes;
            TestNode.await("an echo", () -> one.arrived.size() == expected);
            worst = Math.max(worst, System.nanoTime() - begin);
        }

        source.awaitEvent("finished");
        sink.awaitEvent("end");
        assertTrue(echoes > 5, echoes + " echoes during the stream");
        assertTrue(worst < TimeUnit.SECONDS.toNanos(1), "an echo took " + worst / 1_000_000 + " ms");
    }

    @Test
    void theReceiverHoldsTheSenderBack() {
        Sink sink = new Sink(0);
        sink.takes = false;
        Source source = new Source(chunks(100, 1000)).begin();
        TestNode.await("the window to fill", () -> sink.chunks.size() == BulkStream.WINDOW_CHUNKS);
        TestNode.sleep(100);
        assertEquals(BulkStream.WINDOW_CHUNKS, sink.chunks.size());
        one.run(() -> {
            assertEquals(0, source.sender.room());
            assertThrows(IllegalStateException.class, () -> source.sender.send(new byte[1]));
        });
        sink.takes = true;
        two.run(() -> {
            for (int i = 0; i < BulkStream.WINDOW_CHUNKS; i++) {
                sink.take();
            }
        });

        source.awaitEvent("finished");
        assertEquals(100, sink.chunks.size());
    }

    @Test
    void eitherSideMayGiveUp() {
        Sink sink = new Sink(0);
        sink.takes = false;
        Source source = new Source(chunks(100, 1000)).begin();
        TestNode.await("a chunk", () -> !sink.chunks.isEmpty());
        one.run(() -> source.sender.abort("the source is gone"));
        sink.awaitEvent("server 1 gave up: the source is gone");
        assertEquals(List.of(), source.events, "who gave up is told nothing");

        Sink other = new Sink(0);
        other.takes = false;
        Source again = new Source(chunks(100, 1000)).begin();
        TestNode.await("a chunk", () -> !other.chunks.isEmpty());
        two.run(() -> other.stream.abort("the disk is full"));
        again.awaitEvent("server 2 gave up: the disk is full");
        assertEquals(List.of(), other.events);
    }

    @Test
    void aStreamEndsWithItsConnectionAndOneThatIsNotWantedAtOnce() {
        Source unwanted = new Source(chunks(10, 1000)).begin();
        unwanted.awaitEvent("server 2 gave up: it is not wanted here");

        Sink sink = new Sink(0);
        sink.takes = false;
        Source source = new Source(chunks(100, 1000)).begin();
        TestNode.await("a chunk", () -> !sink.chunks.isEmpty());
        one.cut(2);
        source.awaitEvent("is lost");
        sink.awaitEvent("");
        TestNode.awaitConnected(one, two);
        assertEquals(0, one.call(() -> one.transport.peer(2).streamCount()));
        assertEquals(0, two.call(() -> two.transport.peer(1).streamCount()));

        two.transport.close();
        TestNode.await("the loss", () -> !one.isConnected(2));
        new Source(List.of()).begin().awaitEvent("server 2 is not connected");
    }

    @Test
    void whatIsTooLargeIsRefused() {
        Sink sink = new Sink(0);
        sink.takes = false;
        one.run(() -> assertThrows(IllegalArgumentException.class,
                () -> one.transport.openBulk(2, new byte[BulkSender.HEAD_BYTES_MAX + 1], new Source(List.of()))));
        Source source = new Source(List.of()).begin();
        TestNode.await("the stream to connect", () -> one.call(() -> source.sender.room() > 0));
        one.run(() -> {
            assertThrows(IllegalArgumentException.class, () -> source.sender.send(new byte[BulkSender.CHUNK_BYTES_MAX + 1]));
            source.sender.send(new byte[BulkSender.CHUNK_BYTES_MAX]);
        });
        TestNode.await("the largest chunk", () -> sink.chunks.size() == 1);
        assertEquals(BulkSender.CHUNK_BYTES_MAX, sink.chunks.get(0).length);
    }
}
