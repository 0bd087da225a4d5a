package org.lockstep.rdma.guest;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.platform.engine.discovery.ClassSelector;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs the tests that need an RDMA device, in the guest ({@code rdma/guest/ci.sh}): the classes named on the command line. Fails
 * when a test fails or is skipped, or when there is none. (Their names do not end in Test, so the build leaves them alone.)
 */
public final class GuestTests {
    private GuestTests() {}

    /** Says what runs: when the guest is stopped for its time, the last line tells where it hung. */
    private static final class Progress implements TestExecutionListener {
        @Override
        public void executionStarted(TestIdentifier test) {
            if (test.isTest()) {
                System.out.println(ManagementFactory.getRuntimeMXBean().getUptime() + " ms: " + test.getDisplayName());
            }
        }
    }

    public static void main(String[] names) throws ClassNotFoundException {
        List<ClassSelector> classes = new ArrayList<>();
        for (String name : names) {
            classes.add(selectClass(Class.forName(name)));
        }
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request().selectors(classes).build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, listener, new Progress());
        TestExecutionSummary summary = listener.getSummary();
        summary.printFailuresTo(new PrintWriter(System.out), 30);
        long failures = summary.getTotalFailureCount();
        long skipped = summary.getTestsSkippedCount() + summary.getContainersSkippedCount();
        System.out.printf("Tests run: %d, Failures: %d, Errors: 0, Skipped: %d - in the RDMA guest%n",
                summary.getTestsFoundCount(), failures, skipped);
        System.exit(failures == 0 && skipped == 0 && summary.getTestsSucceededCount() > 0 ? 0 : 1);
    }
}
