package org.lockstep.compat.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the generator can ask a server to do. */
public enum Op {
    CREATE("creates new nodes, each connection under a parent of its own"),
    SET("sets the data of a random key"),
    GET("gets the data of a random key"),
    MIX("gets and sets, --read-percent of them gets"),
    MULTI("multi of --batch sets of random keys"),
    LS("getChildren of a node with --keys children"),
    CONNECT("opens a session, closes it, opens the next; latency is that of the handshake"),
    WATCH("sets a watch on a random key by a get, then sets the key; counts notifications");

    private final String help;

    Op(String help) {
        this.help = help;
    }

    /** One line for the usage text. */
    public String help() {
        return help;
    }

    /** The name on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Op parse(String word) throws UsageException {
        for (Op op : values()) {
            if (op.word().equals(word)) {
                return op;
            }
        }
        String known = Arrays.stream(values()).map(Op::word).collect(Collectors.joining("|"));
        throw new UsageException("--op " + word + ": not one of " + known);
    }
}
