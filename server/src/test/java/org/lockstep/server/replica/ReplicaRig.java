package org.lockstep.server.replica;

import com.codahale.metrics.MetricRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.lockstep.ensemble.core.EnsembleMember;
import org.lockstep.ensemble.core.EnsembleOptions;
import org.lockstep.ensemble.core.MemberId;
import org.lockstep.ensemble.core.MemberLog;
import org.lockstep.ensemble.core.Recovered;
import org.lockstep.ensemble.core.Transport;
import org.lockstep.ensemble.core.TransportListener;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.StateExport;
import org.lockstep.log.StateImport;
import org.lockstep.state.Identities;
import org.lockstep.state.Node;
import org.lockstep.state.SessionOwner;
import org.lockstep.state.StateBase;
import org.lockstep.state.StateMachine;
import org.lockstep.state.StateOptions;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;
import org.lockstep.wire.door.ClientDoor;
import org.lockstep.wire.door.SpinBeforeSleep;

/** One replica on an event loop of its own, over a disk and a network in memory; it can be ended and begun again. */
final class ReplicaRig implements ViewListener {
    private static final long MILLI = 1_000_000;

    final List<String> heard = new CopyOnWriteArrayList<>();
    final List<String> failures = new CopyOnWriteArrayList<>();
    private final int serverId;
    private final List<Integer> voterIds;
    private final FsyncPolicy policy;
    private final MemoryNetwork network;
    final MemoryDisk disk = new MemoryDisk();
    private final UUID diskId;
    private final long zxidsPerView;
    private long incarnations;
    private final MetricRegistry metrics = new MetricRegistry();
    private Transport connections;
    private EventLoopGroup group;
    EventLoop loop;
    Replica replica;
    StateMachine state;

    ReplicaRig(int serverId, List<Integer> voterIds, FsyncPolicy policy, MemoryNetwork network, long zxidsPerView) {
        this.serverId = serverId;
        this.voterIds = voterIds;
        this.policy = policy;
        this.network = network;
        this.zxidsPerView = zxidsPerView;
        this.diskId = new UUID(7, serverId);
    }

    void start() {
        group = ClientDoor.newEventLoop("replica-" + serverId, new SpinBeforeSleep(0));
        loop = group.next();
        state = new StateMachine(new NothingStored(), new StateOptions(false, true, true, false, true, 1 << 20));
        MemberLog log = disk.open();
        ReplicaOptions options = new ReplicaOptions(policy, 1 << 20, 1_000_000, Long.MAX_VALUE, 1 << 30, 10_000, zxidsPerView, 2 << 20, 3, 1000);
        replica = new Replica(loop, state, log, checkpoint -> {}, Positions.ofMark(null), new Lives() {
            @Override
            public MemberLog openLog() {
                return disk.open();
            }

            @Override
            public EnsembleMember begin(Recovered found) {
                MemberId self = new MemberId(serverId, diskId, ++incarnations);
                return new EnsembleMember(self, options(), found);
            }

            @Override
            public StateExport exportState(int chunkBytes, long growthBytesMax) {
                return null;
            }

            @Override
            public StateImport importState(byte[] header) {
                throw new IllegalStateException("no state can come: the memory disk lets nothing go");
            }

            @Override
            public void startOver() {
                throw new IllegalStateException("no state can come: the memory disk lets nothing go");
            }

            @Override
            public boolean isObserver() {
                return false;
            }

            @Override
            public Transport connect(EnsembleMember core, TransportListener listener) {
                connections = network.connect(core.self(), loop, listener);
                return connections;
            }
        }, LostWrites.decode(null), options, metrics,
                (what, cause) -> {
                    failures.add(what + ": " + cause);
                    if (cause != null) {
                        cause.printStackTrace();
                    }
                });
        replica.setViewListener(this);
        replica.start(log.recovered());
    }

    private EnsembleOptions options() {
        return EnsembleOptions.of(voterIds, policy, new UUID(9, 9));
    }

    long failureTimeoutMillis() {
        return TimeUnit.NANOSECONDS.toMillis(options().failureTimeoutNanos());
    }

    <T> T onLoop(Callable<T> task) {
        return loop.submit(task).syncUninterruptibly().getNow();
    }

    /** Stops it as a process that ends; the disk stays. */
    void stop() throws InterruptedException {
        replica.stop();
        connections.close();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    long viewId() {
        return onLoop(() -> replica.view() == null ? 0L : replica.view().viewId());
    }

    void awaitView(long viewId, int members) throws InterruptedException {
        long deadline = System.nanoTime() + 20_000 * MILLI;
        while (!onLoop(() -> replica.view() != null && replica.view().viewId() >= viewId
                && replica.view().members().size() == members)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("server " + serverId + " is in view " + onLoop(() -> replica.view()) + ", not in view "
                        + viewId + " of " + members + "; failures " + failures);
            }
            Thread.sleep(10);
        }
    }

    /** Has a node made; the answer's zxid and error come when it is applied here. */
    CompletableFuture<long[]> create(String path) {
        JuteWriter body = new JuteWriter().writeString(path).writeBuffer(new byte[] {1}).writeInt(1).writeInt(Perms.ALL)
                .writeString("world").writeString("anyone").writeInt(0);
        return submit(OpCode.CREATE, sessionId(), body);
    }

    CompletableFuture<long[]> openSession() {
        return submit(OpCode.CREATE_SESSION, sessionId(), new SessionOwner(serverId, 1).writeTo(new JuteWriter().writeInt(30_000)));
    }

    private long sessionId() {
        return ((long) serverId << 56) + 1;
    }

    private CompletableFuture<long[]> submit(int opcode, long sessionId, JuteWriter body) {
        CompletableFuture<long[]> answer = new CompletableFuture<>();
        loop.execute(() -> replica.submit(reply -> answer.complete(new long[] {reply.zxid, reply.err}), opcode, sessionId,
                opcode == OpCode.CREATE_SESSION ? 0 : state.attach(sessionId), 0, Identities.NONE.encoded(), body.array(), 0, body.length()));
        return answer;
    }

    /** How often all members have compared their states. */
    long comparedCount() {
        return (Long) metrics.getGauges().get("state.digests_compared").getValue();
    }

    long digest() {
        return onLoop(() -> state.digest());
    }

    long lastZxid() {
        return onLoop(() -> state.lastZxid());
    }

    @Override
    public void viewBegan(EnsembleView view) {
        heard.add("view " + view.viewId());
    }

    @Override
    public void cutOff(boolean value) {
        heard.add("cut off " + value);
    }

    @Override
    public void excluded() {
        heard.add("excluded");
    }

    /** A state that was never written. */
    private static final class NothingStored implements StateBase {
        @Override
        public Node find(String path) {
            return null;
        }

        @Override
        public void forEachChild(String path, Consumer<String> visitor) {}

        @Override
        public void forEach(Table table, EntryVisitor visitor) {}
    }
}
