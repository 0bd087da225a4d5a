package org.lockstep.compat.diff;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.FourLetterWord;
import org.lockstep.compat.servers.ServerProcess;

/**
 * One server of a pair, or an ensemble in its place, with all that is needed to run programs on it. One thread at a time.
 */
final class Endpoint implements AutoCloseable {
    private static final List<String> COUNTERS =
            List.of("zk_znode_count", "zk_ephemerals_count", "zk_watch_count", "zk_approximate_data_size");
    private static final int WATCHES = 2;
    private static final int DATA_SIZE = 3;
    private static final int WORD_TIMEOUT_MILLIS = 15_000;
    /** Text commands cost as much as a dozen steps, so not every program ends with them. */
    private static final int WORDS_EVERY = 4;

    private final List<ServerProcess> servers;
    private final Runnable processes;
    private final Side side;
    private final List<Control> controls = new ArrayList<>();
    private List<Long> idleCounters;

    Endpoint(ServerProcess server) throws IOException {
        this(List.of(server), server::close);
    }

    Endpoint(EnsembleProcesses ensemble) throws IOException {
        this(IntStream.range(0, ensemble.size()).mapToObj(ensemble::server).toList(), ensemble::close);
    }

    private Endpoint(List<ServerProcess> servers, Runnable processes) throws IOException {
        this.servers = servers;
        this.processes = processes;
        side = new Side(servers.stream().map(server -> new InetSocketAddress(server.host(), server.port())).toList());
        for (ServerProcess server : servers) {
            controls.add(new Control(server.host(), server.port()));
        }
    }

    Side side() {
        return side;
    }

    String name() {
        return servers.get(0).name();
    }

    String logTail() {
        return String.join("\n", servers.stream().map(ServerProcess::logTail).toList());
    }

    /** The first part of a run: a fresh root, then all steps; for each what a client saw. */
    List<List<String>> runSteps(Program program) throws IOException {
        idleCounters = counters();
        side.begin(controls.get(0).createRoot());
        List<List<String>> seen = new ArrayList<>();
        for (Step step : program.steps()) {
            seen.add(side.run(step));
        }
        return seen;
    }

    /**
     * By how much the server's counters have moved since the program started, and now and then what text commands say.
     *
     * @param withWords false when either side is an ensemble: each of its servers tells only of its own clients
     */
    String counterText(Program program, boolean withWords) throws IOException {
        List<Long> now = counters();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < COUNTERS.size(); i++) {
            if (i == DATA_SIZE && KnownDifferences.dataSizeDrifts(program)) {
                continue;
            }
            text.append(COUNTERS.get(i)).append("=+").append(now.get(i) - idleCounters.get(i)).append(' ');
        }
        if (withWords && program.seed() % WORDS_EVERY == 0) {
            for (String word : List.of("wchs", "wchc", "wchp", "dump")) {
                text.append('\n').append(word).append(WordText.normalise(word, ask(word), side.names()));
            }
        }
        return text.toString();
    }

    private String ask(String word) throws IOException {
        return FourLetterWord.ask(side.host(), side.port(), word, WORD_TIMEOUT_MILLIS);
    }

    /** Of an ensemble, the watches of all servers, and the rest as the first one has it. */
    private List<Long> counters() throws IOException {
        List<Long> all = new ArrayList<>();
        for (ServerProcess server : servers) {
            Map<String, String> values = FourLetterWord.monitor(server.host(), server.port(), WORD_TIMEOUT_MILLIS);
            List<Long> own = COUNTERS.stream().map(key -> Long.parseLong(values.getOrDefault(key, "-1"))).toList();
            if (all.isEmpty()) {
                all.addAll(own);
            } else {
                all.set(WATCHES, all.get(WATCHES) + own.get(WATCHES));
            }
        }
        return all;
    }

    boolean isEnsemble() {
        return servers.size() > 1;
    }

    /** The tree as the first server shows it; the others must show the same. */
    private List<String> walk(boolean withConfig) throws IOException {
        List<String> first = controls.get(0).walk(side.names(), withConfig);
        for (Control other : controls.subList(1, controls.size())) {
            List<String> seen = other.walk(side.names(), withConfig);
            if (!seen.equals(first)) {
                throw new IOException("the servers of an ensemble differ:\n" + first + "\n" + seen);
            }
        }
        return first;
    }

    /**
     * The second part of a run: the tree, the closing of all sessions, the tree again; leaves the server as it was before.
     *
     * @param withConfig as for {@link Control#walk}
     */
    List<List<String>> finish(Program program, boolean withConfig) throws IOException {
        List<List<String>> seen = new ArrayList<>();
        seen.add(walk(withConfig));
        for (Step step : ProgramGenerator.epilogue(program)) {
            seen.add(side.run(step));
        }
        seen.add(walk(withConfig));
        side.close();
        controls.get(0).clean();
        return seen;
    }

    @Override
    public void close() {
        side.close();
        controls.forEach(Control::close);
        processes.run();
    }
}
