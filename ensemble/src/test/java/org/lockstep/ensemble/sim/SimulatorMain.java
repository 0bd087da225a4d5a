package org.lockstep.ensemble.sim;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import org.lockstep.ensemble.core.PlantedBug;

/**
 * The simulator from the command line.
 *
 * <pre>
 * --seed N            one seed; with --trace each step of it is printed
 * --from N --count N  many seeds
 * --hours H           as many seeds as fit into H hours of processor time: a run that is stopped and continued loses nothing
 * --seconds N         simulated seconds per run, 30 unless said otherwise
 * --bug NAME          with a planted bug; --focus: only the kinds of trouble in which it can show
 * --stop              stop at the first failure
 * </pre>
 */
public final class SimulatorMain {
    private static final double PROGRESS_HOURS = 1.0 / 12;

    private final PrintStream out = System.out;
    private long from = 1;
    private long count = 100;
    private boolean trace;
    private boolean stop;
    private boolean focus;
    private long seconds = 30;
    private double hours = Double.MAX_VALUE;
    private PlantedBug bug = PlantedBug.NONE;
    private long done;
    private long failed;
    private long acknowledged;
    private long views;

    private SimulatorMain(String[] args) {
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--seed" -> {
                    from = Long.parseLong(args[++i]);
                    count = 1;
                }
                case "--from" -> from = Long.parseLong(args[++i]);
                case "--count" -> count = Long.parseLong(args[++i]);
                case "--seconds" -> seconds = Long.parseLong(args[++i]);
                case "--bug" -> bug = PlantedBug.valueOf(args[++i]);
                case "--hours" -> {
                    hours = Double.parseDouble(args[++i]);
                    count = Long.MAX_VALUE / 2;
                }
                case "--trace" -> trace = true;
                case "--stop" -> stop = true;
                case "--focus" -> focus = true;
                default -> throw new IllegalArgumentException("unknown argument " + args[i]);
            }
        }
    }

    /** Exits with 1 when a seed fails. */
    public static void main(String[] args) {
        SimulatorMain simulator = new SimulatorMain(args);
        simulator.run();
        System.exit(simulator.failed == 0 ? 0 : 1);
    }

    private void run() {
        long begun = System.nanoTime();
        double nextProgressHours = PROGRESS_HOURS;
        for (long seed = from; seed < from + count && !(stop && failed > 0); seed++) {
            double spentHours = spentHours();
            if (spentHours >= hours) {
                break;
            }
            if (spentHours >= nextProgressHours) {
                nextProgressHours += PROGRESS_HOURS;
                say("so far", begun);
            }
            SimConfig config = SimConfig.of(seed, bug, seconds * SimConfig.SECOND);
            run(focus ? config.focused() : config);
        }
        say("end", begun);
    }

    private static double spentHours() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 3.6e12;
    }

    private void say(String when, long begun) {
        out.printf("%s: %d seeds from %d (bug: %s), %d failed; %d requests acknowledged, %d views; %.0f s, %.0f s of processor%n",
                when, done, from, bug, failed, acknowledged, views, (System.nanoTime() - begun) / 1e9, spentHours() * 3600);
    }

    private void run(SimConfig config) {
        done++;
        try {
            Simulation.Result result = new Simulation(config, trace ? out : null).run();
            acknowledged += result.acknowledged();
            views += result.views();
            if (count == 1) {
                out.println(config + "\n" + result);
            }
        } catch (RuntimeException e) {
            failed++;
            out.println("FAILED seed " + config.seed() + " " + config.policy() + " of " + config.members() + ": " + e);
            if (count == 1 || !(e instanceof SimulationFailure)) {
                e.printStackTrace(out);
            }
        }
    }
}
