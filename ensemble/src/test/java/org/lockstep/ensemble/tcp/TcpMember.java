package org.lockstep.ensemble.tcp;

import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.lockstep.ensemble.codec.MalformedMessageException;
import org.lockstep.ensemble.codec.MessageCodec;
import org.lockstep.ensemble.codec.WireWriter;
import org.lockstep.ensemble.core.BulkReceiver;
import org.lockstep.ensemble.core.BulkSender;
import org.lockstep.ensemble.core.Effect;
import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.LogRange;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.Message;
import org.lockstep.ensemble.core.Position;
import org.lockstep.ensemble.core.Slot;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.ensemble.core.ViewRecord;

/** A server: the real core over a real transport, with a log in memory. Everything on one event loop. */
public final class TcpMember implements TransportListener {
    private static final long TICK_MILLIS = 10;

    /** Makes the transport of a process; {@code before} is that of this process's incarnation before, or null. */
    public interface Connector {
        Transport connect(Transport before, MemberId self, UUID ensembleId, TransportListener listener) throws IOException;
    }

    private final EventLoop loop;
    private final int serverId;
    private final Connector connector;
    private final EnsembleOptions options;
    private final MemoryLog log;
    private long incarnation;
    private Transport transport;
    private EnsembleMember core;
    private ScheduledFuture<?> ticker;
    private final TreeMap<Long, List<Effect.Send>> waitForRecord = new TreeMap<>();
    private long storedUpTo;
    private final ArrayDeque<byte[]> inbox = new ArrayDeque<>();
    private final List<Position> secured = new ArrayList<>();
    private final Runnable turnTask = this::onPolled;
    private boolean turnScheduled;
    private boolean turnDue;
    private boolean inTurn;
    private boolean securesAtOnce;
    private boolean unflushed;
    private final Set<Message.TransferRequest> transfersUnderWay = new HashSet<>();
    private final List<ViewRecord> views = new ArrayList<>();
    final List<Slot> delivered = new ArrayList<>();
    private Consumer<Slot> onDelivered = slot -> { };
    volatile Throwable failure;

    public TcpMember(EventLoop loop, TcpOptions tcp, EnsembleOptions options, long seed) {
        this(loop, tcp.self().serverId(), new OverTcp(loop, tcp, new Random(seed)), options);
    }

    public TcpMember(EventLoop loop, int serverId, Connector connector, EnsembleOptions options) {
        this.loop = loop;
        this.serverId = serverId;
        this.connector = connector;
        this.options = options;
        this.log = new MemoryLog(new UUID(serverId, 1));
    }

    private record OverTcp(EventLoop loop, TcpOptions tcp, Random random) implements Connector {
        @Override
        public Transport connect(Transport before, MemberId self, UUID ensembleId, TransportListener listener)
                throws IOException {
            return before == null ? TcpTransport.open(loop, self, ensembleId, tcp, random, listener)
                    : ((TcpTransport) before).reincarnate(self, ensembleId, listener);
        }
    }

    /** A process begins on this server's disk. */
    public void start() throws IOException {
        MemberId self = nextSelf();
        transport = connector.connect(null, self, log.ensembleId(), this);
        loop.submit(() -> begin(self)).syncUninterruptibly();
    }

    private MemberId nextSelf() {
        return new MemberId(serverId, log.diskId, ++incarnation);
    }

    private void begin(MemberId self) {
        core = new EnsembleMember(self, options, log.recover());
        waitForRecord.clear();
        transfersUnderWay.clear();
        storedUpTo = 0;
        ticker = loop.scheduleAtFixedRate(() -> input(() -> core.tick(System.nanoTime())), 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** The process dies; what it had queued is gone, its disk stays. */
    public void kill() {
        loop.submit(() -> {
            ticker.cancel(false);
            core = null;
            inbox.clear();
        }).syncUninterruptibly();
        transport.close();
    }

    /** For measuring: slots are secured within the turn, by nothing at all; no process may end. To be called on the loop. */
    public void secureAtOnce() {
        securesAtOnce = true;
    }

    /** On the loop. */
    public ViewRecord view() {
        return core == null ? null : core.view();
    }

    /** On the loop. */
    TcpTransport transport() {
        return (TcpTransport) transport;
    }

    /** What went wrong in it, or null. Any thread. */
    public Throwable failure() {
        return failure;
    }

    /** In order. On the loop. */
    public List<Slot> delivered() {
        return delivered;
    }

    /** Hears of each slot that is delivered, on the loop. To be set on the loop. */
    public void onDelivered(Consumer<Slot> listener) {
        onDelivered = listener;
    }

    /** On the loop. */
    public void submit(byte[] payload) {
        inbox.add(payload);
        if (!inTurn) {
            scheduleTurn();
        }
    }

    /** Gives the core something to deal with; what it asks for is done in the next turn. */
    private void input(Runnable input) {
        if (core != null) {
            hear(input);
            scheduleTurn();
        }
    }

    private void hear(Runnable input) {
        try {
            input.run();
        } catch (RuntimeException | Error e) {
            failure = e;
            throw e;
        }
    }

    /** At the end of this round of the event loop, as the server does. */
    private void scheduleTurn() {
        if (!turnScheduled) {
            turnScheduled = true;
            loop.execute(turnTask);
        }
    }

    private void turn() {
        turnScheduled = false;
        turnDue = false;
        inTurn = true;
        try {
            do {
                perform();
            } while (maySubmit());
        } catch (RuntimeException | Error e) {
            failure = e;
            throw e;
        } finally {
            inTurn = false;
        }
    }

    private boolean maySubmit() {
        return core != null && !inbox.isEmpty() && core.mayTakeMore();
    }

    private void perform() {
        while (maySubmit()) {
            core.submit(inbox.poll());
        }
        boolean more = true;
        while (more && core != null) {
            EnsembleMember process = core;
            List<Effect> asked = process.effects().list();
            for (int i = 0; i < asked.size() && core == process; i++) {
                perform(asked.get(i));
            }
            process.effects().clear();
            reportSecured();
            if (asked.isEmpty()) {
                process.endTurn();
            }
            more = !asked.isEmpty();
        }
        flush();
    }

    private void flush() {
        if (unflushed) {
            unflushed = false;
            transport.flush();
        }
    }

    private void reportSecured() {
        if (secured.isEmpty()) {
            return;
        }
        flush(); // the slots are on their way while the own log takes them
        for (int i = 0; i < secured.size() && core != null; i++) {
            core.secured(secured.get(i));
        }
        secured.clear();
    }

    /** The log has done it: reported later, as a log thread would. */
    private void done(Runnable report) {
        EnsembleMember process = core;
        loop.execute(() -> {
            if (core == process) {
                input(report);
            }
        });
    }

    private void perform(Effect effect) {
        if (effect instanceof Effect.Send send) {
            if (send.afterRecord() <= storedUpTo) {
                send(send);
            } else {
                waitForRecord.computeIfAbsent(send.afterRecord(), number -> new ArrayList<>()).add(send);
            }
        } else if (effect instanceof Effect.Secure secure) {
            secure(secure.slot());
        } else if (effect instanceof Effect.FlushAll flush) {
            done(() -> core.flushedAll(flush.token()));
        } else if (effect instanceof Effect.Store store) {
            log.store(store.value());
            done(() -> recordStored(store.recordNumber()));
        } else if (effect instanceof Effect.Install install) {
            log.install(install);
            done(() -> recordStored(install.recordNumber()));
        } else if (effect instanceof Effect.Stage stage) {
            log.stage(stage.transfer());
            done(() -> core.staged(stage.transfer()));
        } else if (effect instanceof Effect.Deliver deliver) {
            if (core.view() != null) {
                delivered.add(deliver.slot());
                onDelivered.accept(deliver.slot());
            }
        } else if (effect instanceof Effect.OweRows) {
            EnsembleMember process = core;
            loop.schedule(() -> payRows(process), 1, TimeUnit.MILLISECONDS);
        } else if (effect instanceof Effect.BeginView begin) {
            beginView(begin);
        } else if (effect instanceof Effect.FetchState fetch) {
            // A learner gets everything with the base of its first view: what it follows before, it only counts.
            loop.schedule(() -> input(() -> core.stateFetched(fetch.stream(), Position.beginOf(core.decided().viewId()))), 20,
                    TimeUnit.MILLISECONDS);
        } else if (effect instanceof Effect.ReadLog read) {
            readLog(read);
        } else if (effect instanceof Effect.SendTransfer transfer) {
            sendTransfer(transfer);
        } else if (effect instanceof Effect.Excluded) {
            comeBack();
        }
    }

    private void secure(Slot slot) {
        if (securesAtOnce) {
            secured.add(slot.position());
        } else {
            log.secure(slot);
            done(() -> core.secured(slot.position()));
        }
    }

    private void readLog(Effect.ReadLog read) {
        Position after = read.after();
        if (after.viewId() < views.get(0).viewId()) {
            done(() -> core.logTooShort(read.followerId(), read.stream()));
            return;
        }
        LogRange range = new LogRange(after, views.stream().filter(view -> view.viewId() > after.viewId()).toList(),
                delivered.stream().filter(slot -> slot.position().compareTo(after) > 0).toList());
        done(() -> core.logRead(read.followerId(), read.stream(), range));
    }

    private void send(Effect.Send send) {
        if (send.serverId() == serverId) {
            MemberId self = core.self();
            done(() -> core.message(self, send.message()));
        } else {
            transport.send(send.serverId(), send.message());
            unflushed = true;
        }
    }

    private void payRows(EnsembleMember process) {
        if (core == process) {
            input(process::payRows);
        }
    }

    private void recordStored(long number) {
        storedUpTo = number;
        for (List<Effect.Send> sends : List.copyOf(waitForRecord.headMap(number, true).values())) {
            sends.forEach(this::send);
        }
        waitForRecord.headMap(number, true).clear();
        core.recordStored(number);
    }

    private void beginView(Effect.BeginView begin) {
        transport.setEnsembleId(begin.view().ensembleId());
        transport.beginView(begin.view());
        if (begin.fromDisk()) {
            views.clear();
            delivered.clear();
            delivered.addAll(log.base());
        }
        views.add(begin.view());
    }

    private void comeBack() {
        ticker.cancel(false);
        core = null;
        MemberId self = nextSelf();
        loop.execute(() -> {
            try {
                transport = connector.connect(transport, self, log.ensembleId(), this);
                begin(self);
            } catch (IOException e) {
                failure = e;
            }
        });
    }

    @Override
    public void onMessage(MemberId from, Message message) {
        input(() -> core.message(from, message));
    }

    @Override
    public void onPolledMessage(MemberId from, Message message) {
        if (core != null) {
            hear(() -> core.message(from, message));
            turnDue = true;
        }
    }

    @Override
    public void onPolled() {
        if (turnDue || turnScheduled) {
            turn();
        }
    }

    @Override
    public void onConnection(int serverId, boolean up) {
        input(() -> core.connection(serverId, up));
    }

    @Override
    public void onProcessGone(MemberId member) {
        input(() -> core.processGone(member));
    }

    @Override
    public BulkReceiver onBulk(MemberId from, byte[] head, BulkReceiver.Stream stream) {
        return new TransferIn(from, head, stream);
    }

    /** The coordinator asks again and again until the joiner is ready: one stream for one attempt is enough. */
    private void sendTransfer(Effect.SendTransfer effect) {
        Message.TransferRequest request = effect.request();
        if (transfersUnderWay.add(request)) {
            new TransferOut(effect).begin();
        }
    }

    /** Streams a base to a joiner: a chunk holds slots, each led by its length. */
    private final class TransferOut implements BulkSender.Listener {
        private final List<Slot> slots;
        private final Effect.SendTransfer effect;
        private BulkSender sender;
        private int next;

        TransferOut(Effect.SendTransfer effect) {
            this.effect = effect;
            this.slots = log.sequence(effect.cut());
        }

        void begin() {
            Message.TransferRequest request = effect.request();
            WireWriter head = new WireWriter();
            MessageCodec.encode(new Message.Transfer(request.ballot(), request.attempt(), request.value(), null), head);
            sender = transport.openBulk(request.joinerId(), head.toByteArray(), this);
        }

        @Override
        public void onRoom() {
            while (sender.room() > 0 && next < slots.size()) {
                sender.send(nextChunk());
            }
            if (sender.room() > 0 && next == slots.size()) {
                sender.finish();
            }
        }

        private byte[] nextChunk() {
            WireWriter chunk = new WireWriter();
            WireWriter one = new WireWriter();
            do {
                Message.Data data = new Message.Data(slots.get(next), slots.get(next).position().index() - 1);
                one.clear();
                MessageCodec.encode(data, one);
                one.putBytes(data.slot().payload());
                chunk.putInt(one.length());
                chunk.putBytes(one.toByteArray());
                next++;
            } while (next < slots.size() && chunk.length() + slots.get(next).payload().length + 64 < BulkSender.CHUNK_BYTES_MAX);
            return chunk.toByteArray();
        }

        @Override
        public void onFinished() {
            // The joiner says so itself when it has staged everything.
            transfersUnderWay.remove(effect.request());
        }

        @Override
        public void onFailed(String why) {
            // The coordinator asks again.
            transfersUnderWay.remove(effect.request());
        }
    }

    /** Takes the stream of a base; the core hears of the transfer when it is whole. */
    private final class TransferIn implements BulkReceiver {
        private final MemberId from;
        private final byte[] head;
        private final Stream stream;
        private final List<Slot> slots = new ArrayList<>();

        TransferIn(MemberId from, byte[] head, Stream stream) {
            this.from = from;
            this.head = head;
            this.stream = stream;
        }

        @Override
        public void onChunk(byte[] chunk) {
            try {
                ByteBuffer all = ByteBuffer.wrap(chunk);
                while (all.hasRemaining()) {
                    ByteBuffer one = all.slice(all.position() + Integer.BYTES, all.getInt(all.position()));
                    all.position(all.position() + Integer.BYTES + one.remaining());
                    slots.add(((Message.Data) MessageCodec.decode(one)).slot());
                }
                stream.taken();
            } catch (MalformedMessageException e) {
                failure = e;
            }
        }

        @Override
        public void onEnd() {
            try {
                Message.Transfer bare = (Message.Transfer) MessageCodec.decode(ByteBuffer.wrap(head));
                input(() -> core.message(from, new Message.Transfer(bare.ballot(), bare.attempt(), bare.value(), slots)));
            } catch (MalformedMessageException e) {
                failure = e;
            }
        }

        @Override
        public void onFailed(String why) {
            // The coordinator asks again.
        }
    }

    public static Map.Entry<Integer, Integer> decode(Slot slot) {
        ByteBuffer payload = ByteBuffer.wrap(slot.payload());
        return Map.entry(payload.getInt(), payload.getInt());
    }

    public static byte[] encode(int server, int number) {
        return ByteBuffer.allocate(64).putInt(server).putInt(number).array();
    }
}
