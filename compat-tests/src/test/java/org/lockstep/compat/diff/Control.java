package org.lockstep.compat.diff;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.lockstep.compat.wire.FrameSocket;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/**
 * The experimenter's own connection to a server, with the rights of the super user: it makes a program's root, reads the whole
 * tree when the program has run, and removes what is left of it.
 */
final class Control implements AutoCloseable {
    private static final String CONFIG_NODE = "/zookeeper/config";
    private static final Set<String> SYSTEM_NODES = Set.of("/", "/zookeeper", "/zookeeper/quota", CONFIG_NODE);
    private static final int TIMEOUT_MILLIS = 200_000;
    private static final int HEADER_BYTES = 16;

    private final RawConnection connection;
    private final Requests requests = new Requests();

    Control(String host, int port) throws IOException {
        connection = new RawConnection(host, port);
        connection.write(FrameSocket.sealed(FrameSocket.handshake(0, TIMEOUT_MILLIS, 0, new byte[16])).toByteArray());
        receive();
        expectOk(call(List.of(Requests.auth(0, "digest", Requests.bytes(Profile.SUPER_AUTH)))).get(0));
    }

    /** Makes the program's root and returns the zxid of that. */
    long createRoot() throws IOException {
        byte[] reply = call(List.of(requests.request(
                Requests.create(Requests.bytes(Program.ROOT), new byte[0], Requests.OPEN_ACL, 0)))).get(0);
        expectOk(reply);
        return AnswerText.zxidOf(reply);
    }

    /**
     * Everything that can be read of every node, a line for each answer, in path order.
     *
     * @param withConfig false to leave out the node that lists the servers of an ensemble, and is empty where there is one server
     */
    List<String> walk(Names names, boolean withConfig) throws IOException {
        AnswerText text = new AnswerText(names);
        List<String> lines = new ArrayList<>();
        List<Request> reads = new ArrayList<>();
        sync();
        for (String path : paths()) {
            if (path.equals(CONFIG_NODE) && !withConfig) {
                continue;
            }
            byte[] bytes = Requests.bytes(path);
            reads.add(unnumbered(Requests.read(OpCode.GET_DATA, bytes, false)));
            reads.add(unnumbered(Requests.path(OpCode.GET_ACL, bytes)));
            reads.add(unnumbered(Requests.read(OpCode.GET_CHILDREN2, bytes, false)));
            reads.add(unnumbered(Requests.path(OpCode.GET_ALL_CHILDREN_NUMBER, bytes)));
        }
        List<byte[]> replies = call(reads);
        for (int i = 0; i < replies.size(); i++) {
            lines.add(reads.get(i).text() + " -> " + text.reply(reads.get(i), replies.get(i)));
        }
        return lines;
    }

    /** What other servers of an ensemble have answered is seen here from now on. */
    private void sync() throws IOException {
        expectOk(call(List.of(requests.request(Requests.path(OpCode.SYNC, Requests.bytes("/"))))).get(0));
    }

    private static Request unnumbered(Requests.Op op) {
        return new Request(1, op.opcode(), op.body(), false, op.text());
    }

    /** Deletes every node that is not the system's own: quotas first, then the rest, deepest first. */
    void clean() throws IOException {
        List<String> left = new ArrayList<>(paths());
        left.removeAll(SYSTEM_NODES);
        Collections.reverse(left);
        left.sort((a, b) -> Boolean.compare(b.startsWith("/zookeeper"), a.startsWith("/zookeeper")));
        List<Request> deletes = new ArrayList<>();
        for (String path : left) {
            deletes.add(requests.request(Requests.pathVersion(OpCode.DELETE, Requests.bytes(path), -1)));
        }
        for (byte[] reply : call(deletes)) {
            expectOk(reply);
        }
    }

    /** Every path, parents before children. */
    private List<String> paths() throws IOException {
        List<String> all = new ArrayList<>();
        List<String> level = List.of("/");
        while (!level.isEmpty()) {
            all.addAll(level);
            List<Request> lists = new ArrayList<>();
            level.forEach(path -> lists.add(requests.request(Requests.read(OpCode.GET_CHILDREN, Requests.bytes(path), false))));
            List<byte[]> replies = call(lists);
            List<String> next = new ArrayList<>();
            for (int i = 0; i < level.size(); i++) {
                String prefix = level.get(i).equals("/") ? "/" : level.get(i) + "/";
                childrenIn(replies.get(i)).stream().sorted().forEach(name -> next.add(prefix + name));
            }
            level = next;
        }
        return all;
    }

    private static List<String> childrenIn(byte[] reply) throws IOException {
        try {
            expectOk(reply);
            return new JuteReader().wrap(reply, HEADER_BYTES, reply.length - HEADER_BYTES).readStrings();
        } catch (MalformedRecordException e) {
            throw new IOException("broken list of children", e);
        }
    }

    private List<byte[]> call(List<Request> batch) throws IOException {
        JuteWriter out = new JuteWriter();
        batch.forEach(request -> request.appendTo(out, 0));
        connection.write(out.toByteArray());
        List<byte[]> replies = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            replies.add(receive());
        }
        return replies;
    }

    private byte[] receive() throws IOException {
        byte[] frame = connection.readFrame();
        if (frame == null) {
            throw new IOException("the server closed the experimenter's connection");
        }
        return frame;
    }

    private static void expectOk(byte[] reply) throws IOException {
        if (AnswerText.errOf(reply) != 0) {
            throw new IOException("the experimenter's request failed with " + AnswerText.errOf(reply));
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
