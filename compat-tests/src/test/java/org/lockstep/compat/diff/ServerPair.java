package org.lockstep.compat.diff;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.lockstep.compat.servers.ApacheProcess;
import org.lockstep.compat.servers.EnsembleProcesses;
import org.lockstep.compat.servers.LockstepProcess;
import org.lockstep.compat.servers.ServerOptions;
import org.lockstep.compat.servers.ServerProcess;

/**
 * Apache ZooKeeper and the server that is compared with it, started alike. Both run a program at the same time, each on a
 * thread of its own; whatever one does, the other does not wait for it within the program.
 */
final class ServerPair implements AutoCloseable {
    private static final int COUNTERS_AGREE_MILLIS = 3000;

    private final ExecutorService threads = Executors.newFixedThreadPool(2, task -> {
        Thread thread = new Thread(task, "diff-side");
        thread.setDaemon(true);
        return thread;
    });
    private Endpoint reference;
    private Endpoint candidate;

    /** Which server is compared with Apache ZooKeeper. */
    enum Candidate {
        LOCKSTEP,
        /** Apache ZooKeeper itself, to show that equal servers are found equal. */
        APACHE
    }

    ServerPair(Profile profile, Candidate kind, Path directory) throws IOException {
        this(profile, kind, 1, directory);
    }

    /** @param servers of the candidate: one, or an ensemble over which the program's sessions are spread */
    ServerPair(Profile profile, Candidate kind, int servers, Path directory) throws IOException {
        ServerOptions referenceOptions = new ServerOptions(Files.createTempDirectory(directory, "reference"));
        profile.configure(referenceOptions);
        try {
            List<Endpoint> started = onBoth(
                    () -> endpoint(new ApacheProcess(referenceOptions)), () -> candidate(profile, kind, servers, directory));
            reference = started.get(0);
            candidate = started.get(1);
        } catch (IOException | RuntimeException e) {
            threads.shutdownNow();
            throw e;
        }
    }

    private static Endpoint candidate(Profile profile, Candidate kind, int servers, Path parent) throws IOException {
        Path directory = Files.createTempDirectory(parent, "candidate");
        if (servers > 1) {
            EnsembleProcesses ensemble = new EnsembleProcesses(
                    kind == Candidate.APACHE ? EnsembleProcesses.Kind.APACHE : EnsembleProcesses.Kind.LOCKSTEP, servers,
                    EnsembleProcesses.Place.LOOPBACK, directory, profile::configure);
            try {
                return new Endpoint(ensemble.start());
            } catch (IOException | RuntimeException e) {
                ensemble.close();
                throw e;
            }
        }
        ServerOptions options = new ServerOptions(directory);
        profile.configure(options);
        return endpoint(kind == Candidate.APACHE ? new ApacheProcess(options) : new LockstepProcess(options));
    }

    private static Endpoint endpoint(ServerProcess server) throws IOException {
        try {
            return new Endpoint(server.start());
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    Endpoint candidate() {
        return candidate;
    }

    Endpoint reference() {
        return reference;
    }

    /** Runs a program on both servers and compares all that was seen. Leaves both as they were, whatever came of it. */
    Comparison run(Program program) throws IOException {
        try {
            return runOnBoth(program);
        } catch (IOException e) {
            throw new IOException("seed " + program.seed() + " ended the experiment: " + e.getMessage()
                    + "\nreference's log: " + reference.logTail() + "\ncandidate's log: " + candidate.logTail(), e);
        }
    }

    private Comparison runOnBoth(Program program) throws IOException {
        List<List<List<String>>> steps = onBoth(() -> reference.runSteps(program), () -> candidate.runSteps(program));
        List<String> counters = countersWhenSettled(program);
        boolean withConfig = !candidate.isEnsemble();
        List<List<List<String>>> ends = onBoth(
                () -> reference.finish(program, withConfig), () -> candidate.finish(program, withConfig));
        return new Comparison(program, labels(program),
                concat(steps.get(0), counters.get(0), ends.get(0)), concat(steps.get(1), counters.get(1), ends.get(1)));
    }

    private static List<String> labels(Program program) {
        List<String> labels = new ArrayList<>(program.steps().stream().map(Step::text).toList());
        labels.add("(mntr)");
        labels.add("(the tree)");
        ProgramGenerator.epilogue(program).forEach(step -> labels.add("(end) " + step.text()));
        labels.add("(the tree after all sessions are closed)");
        return labels;
    }

    private static List<List<String>> concat(List<List<String>> steps, String counters, List<List<String>> end) {
        List<List<String>> all = new ArrayList<>(steps);
        all.add(List.of(counters));
        all.addAll(end);
        return all;
    }

    /** A dropped connection's watches go when the server notices, so unequal counters get some time. */
    private List<String> countersWhenSettled(Program program) throws IOException {
        long deadlineNanos = System.nanoTime() + COUNTERS_AGREE_MILLIS * 1_000_000L;
        while (true) {
            boolean withWords = !candidate.isEnsemble();
            List<String> both = onBoth(() -> reference.counterText(program, withWords),
                    () -> candidate.counterText(program, withWords));
            if (both.get(0).equals(both.get(1)) || System.nanoTime() > deadlineNanos) {
                return both;
            }
        }
    }

    private <T> List<T> onBoth(Callable<T> first, Callable<T> second) throws IOException {
        Future<T> a = threads.submit(first);
        Future<T> b = threads.submit(second);
        IOException failure = null;
        List<T> results = new ArrayList<>();
        for (Future<T> each : List.of(a, b)) {
            try {
                results.add(each.get());
            } catch (ExecutionException e) {
                IOException next = new IOException(each == a ? "reference failed" : "candidate failed", e.getCause());
                if (failure == null) {
                    failure = next;
                } else {
                    failure.addSuppressed(next);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
        return results;
    }

    @Override
    public void close() {
        threads.shutdownNow();
        reference.close();
        candidate.close();
    }
}
