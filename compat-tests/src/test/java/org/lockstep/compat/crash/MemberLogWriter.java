package org.lockstep.compat.crash;

import com.codahale.metrics.MetricRegistry;
import java.nio.file.Path;
import org.lockstep.fsync.FsyncPolicy;
import org.lockstep.log.DataDirectory;
import org.lockstep.log.LmdbLog;
import org.lockstep.log.StorageOptions;

/** A program for {@link MemberLogPowerLossTest}: does {@link MemberSteps} on a log and says when each was done. */
final class MemberLogWriter {
    static final StorageOptions OPTIONS = new StorageOptions(64 << 20, 64 << 20, 1 << 20, 1 << 16);

    private MemberLogWriter() {}

    /** Arguments: the data directory, the policy, the seed, the number of steps. */
    public static void main(String[] args) throws Exception {
        FsyncPolicy policy = FsyncPolicy.valueOf(args[1]);
        MemberSteps steps = new MemberSteps(policy.isLazy(), Long.parseLong(args[2]), Integer.parseInt(args[3]));
        try (DataDirectory directory = DataDirectory.open(Path.of(args[0]), OPTIONS);
                LmdbLog log = LmdbLog.openMember(directory, policy, OPTIONS, new MetricRegistry())) {
            System.out.println("done 0 " + System.nanoTime());
            for (int i = 0; i < steps.count(); i++) {
                steps.run(i, log);
                System.out.println("done " + (i + 1) + " " + System.nanoTime());
            }
        }
    }
}
