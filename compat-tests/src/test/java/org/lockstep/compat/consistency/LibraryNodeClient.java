package org.lockstep.compat.consistency;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.zookeeper.ZooDefs.Ids.OPEN_ACL_UNSAFE;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.HostProvider;
import org.apache.zookeeper.data.Stat;
import org.lockstep.compat.consistency.Operation.Status;
import org.lockstep.wire.ErrorCode;

/** ZooKeeper's own Java client. It finds servers by itself; it is told in which order to try them. */
final class LibraryNodeClient implements NodeClient {
    private static final int WAIT_MILLIS = 20;

    private final List<InetSocketAddress> servers;
    private final int first;
    private final int sessionTimeoutMillis;
    private ZooKeeper zk;
    private volatile boolean expired;

    LibraryNodeClient(List<InetSocketAddress> servers, int first, int sessionTimeoutMillis) {
        this.servers = servers;
        this.first = first;
        this.sessionTimeoutMillis = sessionTimeoutMillis;
    }

    /** The library's object, connected; a new one when the session of the last has expired. */
    ZooKeeper connected() throws InterruptedException {
        while (zk == null || expired || zk.getState() != ZooKeeper.States.CONNECTED) {
            if (zk == null || expired || !zk.getState().isAlive()) {
                close();
                open();
            }
            Thread.sleep(WAIT_MILLIS);
        }
        return zk;
    }

    private void open() {
        expired = false;
        InetSocketAddress address = servers.get(first);
        try {
            zk = new ZooKeeper(address.getHostString() + ":" + address.getPort(), sessionTimeoutMillis,
                    event -> expired |= event.getState() == KeeperState.Expired, false, new InOrder(servers, first));
        } catch (IOException e) {
            throw new IllegalStateException("no client", e);
        }
    }

    @Override
    public Answer ask(List<Part> parts, boolean synced, Flavour flavour) throws InterruptedException {
        ZooKeeper client = connected();
        long session = client.getSessionId();
        try {
            if (synced) {
                client.sync("/");
            }
            List<Part> answered = parts.size() > 1 ? multi(client, parts) : List.of(one(client, parts.get(0), flavour));
            boolean refused = answered.stream().anyMatch(part -> part.error() != ErrorCode.OK);
            return new Answer(refused ? Status.REFUSED : Status.OK, session, answered, refused ? 0 : zxid(answered));
        } catch (KeeperException e) {
            return new Answer(Status.UNKNOWN, session, parts, 0);
        }
    }

    /** The library shows no headers; only the stat of what was written tells the zxid. */
    private static long zxid(List<Part> answered) {
        return answered.stream().filter(part -> part.isWrite() && part.seen() != null).mapToLong(part -> part.seen().mzxid())
                .findFirst().orElse(0);
    }

    private static Part one(ZooKeeper client, Part part, Flavour flavour) throws KeeperException, InterruptedException {
        Stat stat = new Stat();
        byte[] value = part.value().getBytes(UTF_8);
        try {
            switch (part.kind()) {
                case READ -> {
                    String read = new String(client.getData(part.path(), false, stat), UTF_8);
                    return part.answered(ErrorCode.OK, state(read, stat));
                }
                case CREATE -> {
                    Part named = part.named(client.create(part.path(), value, OPEN_ACL_UNSAFE,
                            CreateMode.fromFlag(flavour.flags()), stat));
                    return named.answered(ErrorCode.OK, state(part.value(), stat));
                }
                case SET -> {
                    return part.answered(ErrorCode.OK, state(part.value(), client.setData(part.path(), value, part.version())));
                }
                case DELETE -> client.delete(part.path(), part.version());
                case CHECK -> throw new IllegalArgumentException("a check alone");
            }
            return part;
        } catch (KeeperException.NoNodeException | KeeperException.NodeExistsException | KeeperException.BadVersionException e) {
            return part.answered(e.code().intValue(), null);
        }
    }

    private static List<Part> multi(ZooKeeper client, List<Part> parts) throws KeeperException, InterruptedException {
        List<Op> ops = new ArrayList<>();
        for (Part part : parts) {
            byte[] value = part.value().getBytes(UTF_8);
            ops.add(switch (part.kind()) {
                case CREATE -> Op.create(part.path(), value, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
                case SET -> Op.setData(part.path(), value, part.version());
                case DELETE -> Op.delete(part.path(), part.version());
                case CHECK -> Op.check(part.path(), part.version());
                case READ -> throw new IllegalArgumentException("a read in a multi");
            });
        }
        List<OpResult> results;
        try {
            results = client.multi(ops);
        } catch (KeeperException.NoNodeException | KeeperException.NodeExistsException | KeeperException.BadVersionException e) {
            results = e.getResults();
        }
        List<Part> answered = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            OpResult result = results.get(i);
            if (result instanceof OpResult.ErrorResult error) {
                answered.add(part.answered(error.getErr(), null));
            } else if (result instanceof OpResult.SetDataResult set) {
                answered.add(part.answered(ErrorCode.OK, state(part.value(), set.getStat())));
            } else {
                answered.add(part);
            }
        }
        return answered;
    }

    private static NodeState state(String value, Stat stat) {
        return new NodeState(value, stat.getVersion(), stat.getCzxid(), stat.getMzxid());
    }

    @Override
    public Answer closeSession() throws InterruptedException {
        ZooKeeper client = connected();
        long session = client.getSessionId();
        client.close();
        zk = null;
        // The library does not say whether the close was answered.
        return new Answer(Status.UNKNOWN, session, List.of(), 0);
    }

    /** Closes the session if there is a server to hear it. */
    @Override
    public void close() {
        if (zk != null) {
            try {
                zk.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            zk = null;
        }
    }

    /** Tries the servers one after the other, with a pause after each round. */
    private static final class InOrder implements HostProvider {
        private final List<InetSocketAddress> servers;
        private int next;
        private int failures;

        InOrder(List<InetSocketAddress> servers, int first) {
            this.servers = servers;
            next = first;
        }

        @Override
        public int size() {
            return servers.size();
        }

        @Override
        public InetSocketAddress next(long spinDelayMillis) {
            if (failures >= servers.size()) {
                failures = 0;
                try {
                    Thread.sleep(spinDelayMillis);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            failures++;
            InetSocketAddress server = servers.get(next);
            next = (next + 1) % servers.size();
            return server;
        }

        @Override
        public void onConnected() {
            failures = 0;
        }

        @Override
        public boolean updateServerList(Collection<InetSocketAddress> newServers, InetSocketAddress currentHost) {
            return false;
        }
    }
}
