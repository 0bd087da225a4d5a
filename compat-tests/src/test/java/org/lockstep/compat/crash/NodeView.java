package org.lockstep.compat.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/** What a client sees of a node, the times aside. */
record NodeView(String data, long czxid, long mzxid, long pzxid, int version, int cversion, long owner, int children) {
    private static final int PIPELINE = 256;

    /** Everything below and including {@link WorkloadClient#ROOT}; empty when there is no such node. */
    static Map<String, NodeView> readTree(RawClient client) throws IOException {
        Map<String, NodeView> tree = new TreeMap<>();
        List<String> level = List.of(WorkloadClient.ROOT);
        try {
            while (!level.isEmpty()) {
                List<String> parents = new ArrayList<>();
                for (int from = 0; from < level.size(); from += PIPELINE) {
                    readNodes(client, level.subList(from, Math.min(level.size(), from + PIPELINE)), tree, parents);
                }
                level = children(client, parents);
            }
        } catch (MalformedRecordException e) {
            throw new IOException(e);
        }
        return tree;
    }

    private static void readNodes(RawClient client, List<String> paths, Map<String, NodeView> tree, List<String> parents)
            throws IOException, MalformedRecordException {
        for (String path : paths) {
            client.send(OpCode.GET_DATA, new JuteWriter().writeString(path).writeBoolean(false));
        }
        client.flush();
        for (String path : paths) {
            RawClient.Reply reply = client.receive();
            if (reply.error() == ErrorCode.NO_NODE && path.equals(WorkloadClient.ROOT)) {
                return;
            }
            check(reply, path);
            NodeView node = read(reply.body());
            tree.put(path, node);
            if (node.children() > 0) {
                parents.add(path);
            }
        }
    }

    private static List<String> children(RawClient client, List<String> parents) throws IOException, MalformedRecordException {
        for (String parent : parents) {
            client.send(OpCode.GET_CHILDREN, new JuteWriter().writeString(parent).writeBoolean(false));
        }
        client.flush();
        Deque<String> found = new ArrayDeque<>();
        for (String parent : parents) {
            RawClient.Reply reply = client.receive();
            check(reply, parent);
            reply.body().readStrings().forEach(name -> found.add(parent + "/" + name));
        }
        return new ArrayList<>(found);
    }

    private static void check(RawClient.Reply reply, String path) throws IOException {
        if (reply.error() != 0) {
            throw new IOException("reading " + path + " failed with " + reply.error());
        }
    }

    private static NodeView read(JuteReader in) throws MalformedRecordException {
        byte[] data = in.readBuffer();
        long czxid = in.readLong();
        long mzxid = in.readLong();
        in.readLong();
        in.readLong();
        int version = in.readInt();
        int cversion = in.readInt();
        in.readInt();
        long owner = in.readLong();
        in.readInt();
        int children = in.readInt();
        return new NodeView(new String(data, UTF_8), czxid, mzxid, in.readLong(), version, cversion, owner, children);
    }
}
