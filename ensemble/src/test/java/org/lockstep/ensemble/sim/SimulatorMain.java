package org.lockstep.ensemble.sim;

import org.lockstep.ensemble.core.PlantedBug;

/** Runs seeds from the command line: {@code --seed N [--trace]}, or {@code --from N --count N [--seconds N] [--bug NAME]}. */
public final class SimulatorMain {
    private SimulatorMain() {}

    public static void main(String[] args) {
        long from = 1;
        long count = 100;
        boolean trace = false;
        long seconds = 30;
        long budgetMillis = Long.MAX_VALUE / 2;
        boolean stop = false;
        boolean focus = false;
        PlantedBug bug = PlantedBug.NONE;
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
                case "--budget" -> budgetMillis = Long.parseLong(args[++i]) * 1000;
                case "--trace" -> trace = true;
                case "--focus" -> focus = true;
                case "--stop" -> stop = true;
                default -> throw new IllegalArgumentException(args[i]);
            }
        }
        long begun = System.currentTimeMillis();
        long failed = 0;
        long acknowledged = 0;
        long views = 0;
        long restarts = 0;
        long cuts = 0;
        long events = 0;
        long done = 0;
        for (long seed = from; seed < from + count && System.currentTimeMillis() - begun < budgetMillis; seed++) {
            SimConfig config = SimConfig.of(seed, bug, seconds * SimConfig.SECOND);
            config = focus ? config.focused() : config;
            done++;
            try {
                Simulation.Result result = new Simulation(config, trace ? System.out : null).run();
                acknowledged += result.acknowledged();
                views += result.views();
                restarts += result.restarts();
                cuts += result.cuts();
                events += result.events();
                if (count == 1) {
                    System.out.println(config + "\n" + result);
                }
            } catch (RuntimeException e) {
                failed++;
                String at = e instanceof SimulationFailure ? "" : e + " at " + e.getStackTrace()[0];
                System.out.println("seed " + seed + " " + config.policy() + " n=" + config.members() + ": " + e.getMessage() + " " + at);
                if (count == 1) {
                    e.printStackTrace(System.out);
                }
                if (stop) {
                    break;
                }
            }
        }
        System.out.printf("%s: %d seeds, %d failed, %d acknowledged, %d views, %d restarts, %d cuts, %d events, %d ms%n", bug, done,
                failed, acknowledged, views, restarts, cuts, events, System.currentTimeMillis() - begun);
    }
}
