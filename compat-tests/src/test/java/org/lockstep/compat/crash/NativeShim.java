package org.lockstep.compat.crash;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Builds the I/O recorder (src/test/native/iotrace.c) with the machine's C compiler and makes the environment that loads it. */
final class NativeShim {
    private static Path library;

    private NativeShim() {}

    /** The recorder's shared library, built once per JVM into target/. */
    static synchronized Path library() throws IOException {
        if (library == null) {
            Path out = Files.createDirectories(Path.of("target", "native").toAbsolutePath());
            Path source = Path.of("src", "test", "native").toAbsolutePath();
            Process make = new ProcessBuilder("make", "-s", "-C", source.toString(), "OUT=" + out)
                    .redirectErrorStream(true).start();
            String output = new String(make.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (waitFor(make) != 0) {
                throw new IOException("the I/O recorder does not build (gcc, make and libc's headers are needed):\n" + output);
            }
            library = out.resolve("libiotrace.so");
        }
        return library;
    }

    private static int waitFor(Process process) throws IOException {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while building", e);
        }
    }

    /** What the recorder is told; without {@link #trace} it records nothing, which faults do not need. */
    static final class Options {
        private final Map<String, String> environment = new TreeMap<>();

        /** @param directory the tracked directory; must exist, its real path is used */
        Options(Path directory) throws IOException {
            environment.put("LD_PRELOAD", library().toString());
            environment.put("LOCKSTEP_SHIM_DIR", directory.toRealPath().toString());
        }

        /** Where the trace goes: outside of the tracked directory; appended to. */
        Options trace(Path file) {
            environment.put("LOCKSTEP_SHIM_TRACE", file.toAbsolutePath().toString());
            return this;
        }

        /** Every {@code nth} flush is a lie: it returns at once and leaves no record. */
        Options skipFlush(int nth) {
            environment.put("LOCKSTEP_SHIM_SKIP_FLUSH", Integer.toString(nth));
            return this;
        }

        /** Each flush takes that much longer, which widens the window in which a reply must not be sent yet. */
        Options delayFlush(int micros) {
            environment.put("LOCKSTEP_SHIM_DELAY_US", Integer.toString(micros));
            return this;
        }

        /** {@code what:errno:nth[+][:part of path]}, as iotrace.c says; counted from when {@code arm} exists. */
        Options fail(String spec, Path arm) {
            environment.put("LOCKSTEP_SHIM_FAIL", spec);
            environment.put("LOCKSTEP_SHIM_ARM", arm.toAbsolutePath().toString());
            return this;
        }

        /** The process dies by SIGKILL after its {@code nth} record, none lost; counted from when {@code arm} exists. */
        Options killAfter(int nth, Path arm) {
            environment.put("LOCKSTEP_SHIM_KILL", Integer.toString(nth));
            environment.put("LOCKSTEP_SHIM_ARM", arm.toAbsolutePath().toString());
            return this;
        }

        /** With {@link #killAfter}: and not before it is about to flush: between the pages of a commit and their flush. */
        Options killAtFlush() {
            environment.put("LOCKSTEP_SHIM_KILL_AT_FLUSH", "1");
            return this;
        }

        Map<String, String> environment() {
            return environment;
        }
    }
}
