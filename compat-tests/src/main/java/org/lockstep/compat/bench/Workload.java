package org.lockstep.compat.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lockstep.wire.ErrorCode;

/** What is sent on a connection, request by request, and how the answer is judged. Used by one thread. */
abstract class Workload {
    /** Bytes before the body in a reply: xid, zxid, err. */
    static final int REPLY_HEADER_BYTES = 16;
    private static final int ERR_AT = 12;
    private int random = 0x2545F491;

    /** Lays out the nodes that the requests need; called once, before the first connection is opened. */
    abstract void prepare(BenchClient client) throws IOException;

    /** The size of the longest request with its length field, in bytes. */
    abstract int requestBytesMax();

    /** Appends the next request of a connection at the buffer's position. */
    abstract void append(ByteBuffer out, int connection, int xid);

    /** Operations that one request carries. */
    int operationsPerRequest() {
        return 1;
    }

    /** The error code of the reply whose frame, without its length field, lies at {@code at} and is {@code length} bytes long. */
    int errorOf(ByteBuffer in, int at, int length) {
        return in.getInt(at + ERR_AT);
    }

    /** A number from 0 to {@code bound - 1}; the same sequence in every run. */
    final int random(int bound) {
        random ^= random << 13;
        random ^= random >>> 17;
        random ^= random << 5;
        return (int) (((random & 0xffffffffL) * bound) >>> 32);
    }

    static Workload of(BenchOptions options, String runId) {
        byte[] data = new byte[options.sizeBytes()];
        Arrays.fill(data, (byte) 'x');
        String stem = options.prefix() + "/k";
        return switch (options.op()) {
            case CREATE -> new Create(options, runId, data);
            case GET -> new Keyed(options, data, Template.setData(stem, data), Template.getData(stem, false), 100);
            case SET -> new Keyed(options, data, Template.setData(stem, data), Template.getData(stem, false), 0);
            case MIX -> new Keyed(options, data, Template.setData(stem, data), Template.getData(stem, false),
                    options.readPercent());
            case WATCH -> new Watch(options, data);
            case MULTI -> new Multi(options, data);
            case LS -> new Listing(options, data);
            case CONNECT -> throw new IllegalArgumentException("sessions are opened by ConnectLoop");
        };
    }

    /** The path of the node that connection {@code connection} of a run of {@link Op#CREATE} makes as number {@code number}. */
    static String createdPath(String prefix, String runId, int connection, int number) {
        return Template.path(Template.path(parentStem(prefix, runId), connection) + "/n", number);
    }

    private static String parentStem(String prefix, String runId) {
        return prefix + "/c" + runId + "-";
    }

    /** Creates nodes that no run made before, under one parent for each connection. */
    private static final class Create extends Workload {
        private final String parentStem;
        private final Template[] templates;
        private final int[] next;

        Create(BenchOptions options, String runId, byte[] data) {
            parentStem = parentStem(options.prefix(), runId);
            templates = new Template[options.connections()];
            Arrays.setAll(templates, i -> Template.create(Template.path(parentStem, i) + "/n", data));
            next = new int[templates.length];
        }

        @Override
        void prepare(BenchClient client) throws IOException {
            client.putAll(parentStem, templates.length, new byte[0]);
        }

        @Override
        int requestBytesMax() {
            return templates[0].length();
        }

        @Override
        void append(ByteBuffer out, int connection, int xid) {
            Template template = templates[connection];
            template.number(out, template.append(out, xid), 0, next[connection]++);
        }
    }

    /** Gets and sets of random keys. */
    private static final class Keyed extends Workload {
        private final BenchOptions options;
        private final byte[] data;
        private final Template set;
        private final Template get;
        private final int readPercent;

        Keyed(BenchOptions options, byte[] data, Template set, Template get, int readPercent) {
            this.options = options;
            this.data = data;
            this.set = set;
            this.get = get;
            this.readPercent = readPercent;
        }

        @Override
        void prepare(BenchClient client) throws IOException {
            client.putAll(options.prefix() + "/k", options.keys(), data);
        }

        @Override
        int requestBytesMax() {
            return Math.max(set.length(), get.length());
        }

        @Override
        void append(ByteBuffer out, int connection, int xid) {
            boolean read = readPercent == 100 || (readPercent > 0 && random(100) < readPercent);
            Template template = read ? get : set;
            template.number(out, template.append(out, xid), 0, random(options.keys()));
        }
    }

    /**
     * Odd requests watch a random key by getting it, even ones set the key just watched. Whoever sets it first fires the watch,
     * and the connection's own set does so at the latest: exactly one notification for each watch.
     */
    private static final class Watch extends Workload {
        private final BenchOptions options;
        private final byte[] data;
        private final Template set;
        private final Template get;
        private final int[] watched;

        Watch(BenchOptions options, byte[] data) {
            this.options = options;
            this.data = data;
            set = Template.setData(options.prefix() + "/k", data);
            get = Template.getData(options.prefix() + "/k", true);
            watched = new int[options.connections()];
        }

        @Override
        void prepare(BenchClient client) throws IOException {
            client.putAll(options.prefix() + "/k", options.keys(), data);
        }

        @Override
        int requestBytesMax() {
            return Math.max(set.length(), get.length());
        }

        @Override
        void append(ByteBuffer out, int connection, int xid) {
            boolean watch = (xid & 1) == 1;
            if (watch) {
                watched[connection] = random(options.keys());
            }
            Template template = watch ? get : set;
            template.number(out, template.append(out, xid), 0, watched[connection]);
        }
    }

    /** Transactions of several sets. */
    private static final class Multi extends Workload {
        private static final int RESULT_HEADER_BYTES = 9;
        private final BenchOptions options;
        private final byte[] data;
        private final Template template;

        Multi(BenchOptions options, byte[] data) {
            this.options = options;
            this.data = data;
            template = Template.multiSet(options.prefix() + "/k", data, options.batch());
        }

        @Override
        void prepare(BenchClient client) throws IOException {
            client.putAll(options.prefix() + "/k", options.keys(), data);
        }

        @Override
        int requestBytesMax() {
            return template.length();
        }

        @Override
        int operationsPerRequest() {
            return options.batch();
        }

        @Override
        void append(ByteBuffer out, int connection, int xid) {
            int start = template.append(out, xid);
            for (int i = 0; i < options.batch(); i++) {
                template.number(out, start, i, random(options.keys()));
            }
        }

        /** A failed multi has a header without error: then every result is an error result, one of them with the reason. */
        @Override
        int errorOf(ByteBuffer in, int at, int length) {
            int error = super.errorOf(in, at, length);
            int result = at + REPLY_HEADER_BYTES;
            int end = at + length;
            if (error != ErrorCode.OK || result + RESULT_HEADER_BYTES > end || in.getInt(result) != -1) {
                return error;
            }
            for (; result + RESULT_HEADER_BYTES + Integer.BYTES <= end; result += RESULT_HEADER_BYTES + Integer.BYTES) {
                int reason = in.getInt(result + RESULT_HEADER_BYTES);
                if (reason != ErrorCode.OK) {
                    return reason;
                }
            }
            return ErrorCode.MARSHALLING_ERROR;
        }
    }

    /** Lists the children of one node. */
    private static final class Listing extends Workload {
        private final BenchOptions options;
        private final byte[] data;
        private final String directory;
        private final Template template;

        Listing(BenchOptions options, byte[] data) {
            this.options = options;
            this.data = data;
            directory = options.prefix() + "/d" + options.keys();
            template = Template.getChildren(directory);
        }

        @Override
        void prepare(BenchClient client) throws IOException {
            client.createPath(directory);
            client.putAll(directory + "/n", options.keys(), data);
        }

        @Override
        int requestBytesMax() {
            return template.length();
        }

        @Override
        void append(ByteBuffer out, int connection, int xid) {
            template.append(out, xid);
        }
    }
}
