package org.lockstep.compat.diff;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerProcess;

/** One server of a pair with all that is needed to run programs on it. One thread at a time. */
final class Endpoint implements AutoCloseable {
    private static final List<String> COUNTERS =
            List.of("zk_znode_count", "zk_ephemerals_count", "zk_watch_count", "zk_approximate_data_size");
    private static final int DATA_SIZE = 3;
    private static final int WORD_TIMEOUT_MILLIS = 15_000;
    /** Text commands cost as much as a dozen steps, so not every program ends with them. */
    private static final int WORDS_EVERY = 4;

    private final ServerProcess server;
    private final Side side;
    private final Control control;
    private List<Long> idleCounters;

    Endpoint(ServerProcess server) throws IOException {
        this.server = server;
        side = new Side(server.host(), server.port());
        control = new Control(server.host(), server.port());
    }

    Side side() {
        return side;
    }

    String name() {
        return server.name();
    }

    String logTail() {
        return server.logTail();
    }

    /** The first part of a run: a fresh root, then all steps; for each what a client saw. */
    List<List<String>> runSteps(Program program) throws IOException {
        idleCounters = counters();
        side.begin(control.createRoot());
        List<List<String>> seen = new ArrayList<>();
        for (Step step : program.steps()) {
            seen.add(side.run(step));
        }
        return seen;
    }

    /** By how much the server's counters have moved since the program started. */
    String counterText(Program program) throws IOException {
        List<Long> now = counters();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < COUNTERS.size(); i++) {
            if (i == DATA_SIZE && KnownDifferences.dataSizeDrifts(program)) {
                continue;
            }
            text.append(COUNTERS.get(i)).append("=+").append(now.get(i) - idleCounters.get(i)).append(' ');
        }
        if (program.seed() % WORDS_EVERY == 0) {
            for (String word : List.of("wchs", "wchc", "wchp", "dump")) {
                text.append('\n').append(word).append(WordText.normalise(word, ask(word), side.names()));
            }
        }
        return text.toString();
    }

    private String ask(String word) throws IOException {
        return FourLetterWord.ask(server.host(), server.port(), word, WORD_TIMEOUT_MILLIS);
    }

    private List<Long> counters() throws IOException {
        Map<String, String> values = FourLetterWord.monitor(server.host(), server.port(), WORD_TIMEOUT_MILLIS);
        return COUNTERS.stream().map(key -> Long.parseLong(values.getOrDefault(key, "-1"))).toList();
    }

    /** The second part of a run: the tree, the closing of all sessions, the tree again; leaves the server as it was before. */
    List<List<String>> finish(Program program) throws IOException {
        List<List<String>> seen = new ArrayList<>();
        seen.add(control.walk(side.names()));
        for (Step step : ProgramGenerator.epilogue(program)) {
            seen.add(side.run(step));
        }
        seen.add(control.walk(side.names()));
        side.close();
        control.clean();
        return seen;
    }

    @Override
    public void close() {
        side.close();
        control.close();
        server.close();
    }
}
