package org.lockstep.compat.diff;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.JuteWriter;
import org.lockstep.wire.MalformedRecordException;
import org.lockstep.wire.OpCode;

/**
 * One server, as a program sees it: four connection slots, the sessions made so far, and a record of all that came back.
 *
 * <p>After each step every open connection is pinged and read up to the answer, so that each watch event and each closed
 * connection shows in the step that caused it. One thread at a time.
 *
 * <p>A side may have several servers: the slots are spread over them, and a {@code sync} goes before each of those pings, so that
 * what one server has answered is seen at the others by the next step, as it is where all are one. Its reply is not shown.
 */
final class Side implements AutoCloseable {
    private static final int PASSWORD_BYTES = 16;
    private static final long UNKNOWN_SESSION = 0x0100000000000777L;

    private static final Request HIDDEN_SYNC =
            Request.of(Integer.MAX_VALUE, OpCode.SYNC, new JuteWriter().writeString("/"), "sync");

    private final List<InetSocketAddress> servers;
    private final Names names = new Names();
    private final AnswerText text = new AnswerText(names);
    private final RawConnection[] slots = new RawConnection[Program.SLOTS];
    private final Map<Integer, Session> sessions = new HashMap<>();
    private UnaryOperator<byte[]> doctor = UnaryOperator.identity();
    private List<String> lines;
    private boolean stuck;

    /** What a client must remember to come back. */
    record Session(long id, byte[] password) {}

    Side(String host, int port) {
        this(List.of(new InetSocketAddress(host, port)));
    }

    /** @param servers one, or those of an ensemble */
    Side(List<InetSocketAddress> servers) {
        this.servers = servers;
    }

    private RawConnection connection(int slot) throws IOException {
        InetSocketAddress server = servers.get(slot % servers.size());
        return new RawConnection(server.getHostString(), server.getPort());
    }

    /** Passes every received frame through {@code change}: a server that errs, for tests of the comparison itself. */
    void doctorAnswers(UnaryOperator<byte[]> change) {
        doctor = change;
    }

    Names names() {
        return names;
    }

    String host() {
        return servers.get(0).getHostString();
    }

    int port() {
        return servers.get(0).getPort();
    }

    /** Forgets the last program. */
    void begin(long baseZxid) {
        close();
        sessions.clear();
        names.begin(baseZxid);
        stuck = false;
    }

    /** Runs a step and returns what a client sees of it, one line per answer, event and closed connection. */
    List<String> run(Step step) {
        lines = new ArrayList<>();
        if (stuck) {
            lines.add("not run: a step before got no answer");
            return lines;
        }
        try {
            if (step instanceof Step.Connect connect) {
                connect(connect);
            } else if (step instanceof Step.Burst burst) {
                burst(burst);
            } else if (step instanceof Step.Garbage garbage) {
                garbage(garbage);
            } else if (step instanceof Step.Await) {
                await(step.slot());
            } else if (step instanceof Step.Pause pause) {
                sleep(pause.millis());
            } else {
                drop(step.slot());
            }
            settle(step);
        } catch (IOException e) {
            stuck = true;
            lines.add("no answer: " + e);
        }
        return lines;
    }

    /** Sessions of the program, by number, closed ones included. */
    Map<Integer, Session> sessions() {
        return sessions;
    }

    private void drop(int slot) {
        if (slots[slot] != null) {
            slots[slot].close();
            slots[slot] = null;
        }
    }

    private void await(int slot) throws IOException {
        byte[] frame = receive(slot);
        if (frame != null) {
            add(slot, text.event(frame));
        }
    }

    private static void sleep(int millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private void connect(Step.Connect step) throws IOException {
        drop(step.slot());
        RawConnection connection = connection(step.slot());
        slots[step.slot()] = connection;
        JuteWriter out = new JuteWriter();
        connectRequest(step, out);
        for (Request request : step.behind()) {
            request.appendTo(out, names.baseZxid());
        }
        connection.write(out.toByteArray());
        byte[] answer = receive(step.slot());
        if (answer == null) {
            return;
        }
        remember(step, answer);
        add(step.slot(), text.connectResponse(answer));
        readReplies(step.slot(), step.behind());
    }

    private void connectRequest(Step.Connect step, JuteWriter out) {
        Session known = step.resume()
                ? sessions.getOrDefault(step.session(), new Session(UNKNOWN_SESSION, new byte[PASSWORD_BYTES]))
                : new Session(0, new byte[PASSWORD_BYTES]);
        out.writeInt(0);
        out.writeInt(0).writeLong(step.zxidsAhead() == 0 ? 0 : names.baseZxid() + step.zxidsAhead());
        out.writeInt(step.timeoutMillis()).writeLong(known.id()).writeBuffer(password(step.password(), known.password()));
        if (step.readOnlyByte()) {
            out.writeBoolean(step.readOnly());
        }
        out.setInt(0, out.length() - Integer.BYTES);
    }

    private static byte[] password(Step.Password kind, byte[] right) {
        return switch (kind) {
            case RIGHT -> right;
            case WRONG -> {
                byte[] wrong = right.clone();
                wrong[7] ^= 1;
                yield wrong;
            }
            case SHORT -> new byte[] {1, 2, 3};
            case NULL -> null;
        };
    }

    private void remember(Step.Connect step, byte[] answer) {
        try {
            JuteReader in = new JuteReader(answer);
            in.readLong();
            long id = in.readLong();
            byte[] password = in.readBuffer();
            if (!step.resume() && id != 0) {
                names.session(id, step.session());
                sessions.put(step.session(), new Session(id, password == null ? new byte[PASSWORD_BYTES] : password));
            }
        } catch (MalformedRecordException shown) {
            // its text shows that it is broken
        }
    }

    private void burst(Step.Burst step) throws IOException {
        RawConnection connection = slots[step.slot()];
        if (connection == null) {
            lines.add("slot " + step.slot() + " is closed");
            return;
        }
        List<Request> requests = new ArrayList<>(step.requests());
        if (step.endsWithPing()) {
            requests.add(Request.ping());
        }
        JuteWriter out = new JuteWriter();
        for (Request request : requests) {
            request.appendTo(out, names.baseZxid());
        }
        connection.write(out.toByteArray());
        readReplies(step.slot(), requests);
    }

    private void garbage(Step.Garbage step) throws IOException {
        if (step.fresh()) {
            drop(step.slot());
            slots[step.slot()] = connection(step.slot());
        } else if (slots[step.slot()] == null) {
            lines.add("slot " + step.slot() + " is closed");
            return;
        }
        slots[step.slot()].write(step.bytes());
        for (byte[] answer = receive(step.slot()); answer != null; answer = receive(step.slot())) {
            add(step.slot(), text.unexpected(answer));
        }
    }

    private void readReplies(int slot, List<Request> requests) throws IOException {
        boolean closing = false;
        Deque<Request> pending = new ArrayDeque<>(requests);
        while (closing || !pending.isEmpty()) {
            byte[] frame = receive(slot);
            if (frame == null) {
                return;
            }
            if (AnswerText.xidOf(frame) == AnswerText.EVENT_XID) {
                add(slot, text.event(frame));
            } else if (pending.isEmpty()) {
                add(slot, text.unexpected(frame));
            } else {
                Request request = pending.remove();
                closing |= request.closesConnection() || request.standsAlone() && AnswerText.errOf(frame) != 0;
                if (request != HIDDEN_SYNC) {
                    add(slot, text.reply(request, frame));
                }
            }
        }
    }

    /**
     * Reads every slot that may have more to show: all of them after anything that can change the state or close a connection.
     */
    private void settle(Step step) throws IOException {
        boolean own = step instanceof Step.Burst burst && burst.endsWithPing();
        boolean others = !(step instanceof Step.Burst burst && burst.readsOnly());
        int start = lines.size();
        JuteWriter out = new JuteWriter();
        List<Request> probe = servers.size() > 1 ? List.of(HIDDEN_SYNC, Request.ping()) : List.of(Request.ping());
        probe.forEach(request -> request.appendTo(out, names.baseZxid()));
        byte[] bytes = out.toByteArray();
        boolean[] asked = new boolean[slots.length];
        for (int slot = 0; slot < slots.length; slot++) {
            asked[slot] = slots[slot] != null && (slot == step.slot() ? !own : others);
            if (asked[slot]) {
                slots[slot].write(bytes);
            }
        }
        for (int slot = 0; slot < slots.length; slot++) {
            if (asked[slot]) {
                readReplies(slot, probe);
            }
        }
        if (step instanceof Step.Burst burst && burst.closesSession()) {
            EventOrder.sortWithinZxid(lines.subList(0, start));
            EventOrder.sortWithinZxid(lines.subList(start, lines.size()));
        }
    }

    /** The next frame on a slot; null, and the slot is empty, when the server closed the connection. */
    private byte[] receive(int slot) throws IOException {
        byte[] frame;
        try {
            frame = slots[slot].readFrame();
        } catch (SocketTimeoutException e) {
            throw new SocketTimeoutException("slot " + slot + ", within " + RawConnection.TIMEOUT_MILLIS + " ms");
        }
        if (frame == null) {
            lines.add("slot " + slot + " was closed by the server");
            drop(slot);
            return null;
        }
        return doctor.apply(frame);
    }

    private void add(int slot, String line) {
        lines.add("slot " + slot + ": " + line);
    }

    /** Drops every connection. */
    @Override
    public void close() {
        for (int slot = 0; slot < slots.length; slot++) {
            drop(slot);
        }
    }
}
