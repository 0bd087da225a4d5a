package org.lockstep.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.lockstep.log.DataDirectory;
import org.lockstep.server.config.ConfigException;
import org.lockstep.server.config.ServerConfig;
import org.lockstep.server.replica.FatalHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process: {@code Main zoo.cfg}, or ZooKeeper's {@code Main clientPort dataDir [tickTime [maxClientCnxns]]}. */
public final class Main {
    private static final Logger LOG;

    static {
        LogDefaults.apply();
        LOG = LoggerFactory.getLogger(Main.class);
    }

    private Main() {}

    public static void main(String[] arguments) {
        ExitCode code = run(arguments);
        if (code != ExitCode.OK) {
            Runtime.getRuntime().halt(code.value());
        }
    }

    private static ExitCode run(String[] arguments) {
        CountDownLatch stopped = new CountDownLatch(1);
        Thread loader = new Thread(DataDirectory::loadNative, "lockstep-load-native");
        loader.setDaemon(true);
        loader.start();
        try {
            ServerConfig config = ServerConfig.ofArguments(arguments);
            config.notices().forEach(LOG::info);
            config.warnings().forEach(LOG::warn);
            LockstepServer server = LockstepServer.start(config, haltOnFailure());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, stopped), "lockstep-shutdown"));
            Banner.print(config, server);
            stopped.await();
            return ExitCode.OK;
        } catch (ConfigException e) {
            return refuse(ExitCode.INVALID_INVOCATION, e.getMessage());
        } catch (StartException e) {
            return refuse(e.exitCode(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.UNEXPECTED_ERROR;
        } catch (RuntimeException | Error e) {
            LOG.error("The server cannot start", e);
            return refuse(ExitCode.UNEXPECTED_ERROR, "the server cannot start: " + e);
        }
    }

    private static ExitCode refuse(ExitCode code, String message) {
        LOG.error("{} (exit code {})", message, code.value());
        System.err.println("lockstep: " + message);
        return code;
    }

    /**
     * A process that cannot trust its medium ends at once, without tidying up: what is on the disk is consistent at all times. A
     * full disk fails every thread that writes: the first says why, the others must neither add to it nor go on.
     */
    private static FatalHandler haltOnFailure() {
        AtomicBoolean stopping = new AtomicBoolean();
        return (what, cause) -> {
            while (!stopping.compareAndSet(false, true)) {
                LockSupport.park();
            }
            ExitCode code = LockstepServer.exitCodeOf(cause);
            String why = cause == null ? what : what + ": " + cause.getMessage();
            if (code == ExitCode.UNEXPECTED_ERROR) {
                LOG.error("Stopping (exit code {}): {}", code.value(), why, cause);
            } else {
                LOG.error("Stopping (exit code {}): {}", code.value(), why);
            }
            System.err.println("lockstep: stopping: " + why);
            Runtime.getRuntime().halt(code.value());
        };
    }

    private static void stop(LockstepServer server, CountDownLatch stopped) {
        server.close();
        LOG.info("Stopped");
        stopped.countDown();
    }
}
