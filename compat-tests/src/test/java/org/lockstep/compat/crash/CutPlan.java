package org.lockstep.compat.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Chooses the moments at which the power goes: mostly right around replies, flushes and O_DSYNC writes, where promises are
 * made.
 */
final class CutPlan {
    private final DiskImages images;
    private final List<IoEvent> flushes;
    private final List<IoEvent> syncWrites;
    private final List<Long> acks;
    private final List<Long> starts;
    private final Random random;

    CutPlan(DiskImages images, History history, long seed) {
        this.images = images;
        this.random = new Random(seed);
        flushes = images.events().stream().filter(event -> event.type() == IoEvent.Type.FLUSH).toList();
        syncWrites = images.events().stream()
                .filter(event -> event.type() == IoEvent.Type.WRITE && event.has(IoEvent.DSYNC)).toList();
        acks = history.all().stream().filter(Write::isAcked).map(Write::ackNanos).filter(time -> time > images.start()).sorted()
                .toList();
        starts = images.events().stream().filter(event -> event.type() == IoEvent.Type.START).map(IoEvent::begin)
                .filter(time -> time < acks.get(acks.size() - 1)).toList();
    }

    /** That many times, in ascending order. */
    List<Long> choose(int count) {
        List<Long> cuts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            cuts.add(Math.max(one(), images.start()));
        }
        cuts.sort(null);
        return cuts;
    }

    private long one() {
        int dice = random.nextInt(100);
        if (dice < 35) {
            return acks.get(random.nextInt(acks.size())) + 1;
        }
        if (dice < 55 && !flushes.isEmpty()) {
            return around(flushes.get(random.nextInt(flushes.size())));
        }
        if (dice < 75 && !syncWrites.isEmpty()) {
            return around(syncWrites.get(random.nextInt(syncWrites.size())));
        }
        if (dice < 93) {
            return whileStarting(starts.get(random.nextInt(starts.size())));
        }
        return between(images.start(), images.end());
    }

    /** Between the first call of a process and the first reply after it: the recovery. */
    private long whileStarting(long start) {
        long ready = acks.stream().filter(time -> time > start).findFirst().orElseThrow();
        List<IoEvent> calls = images.events().stream().filter(event -> event.begin() > start && event.begin() < ready).toList();
        return calls.isEmpty() ? between(start, ready) : around(calls.get(random.nextInt(calls.size())));
    }

    private long around(IoEvent event) {
        return switch (random.nextInt(4)) {
            case 0 -> event.begin() + 1;
            case 1 -> event.end() - 1;
            case 2 -> event.end();
            default -> between(event.begin(), event.end() + 1);
        };
    }

    private long between(long from, long to) {
        return from + (long) (random.nextDouble() * (to - from));
    }
}
