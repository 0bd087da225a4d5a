package org.lockstep.compat.admin;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/** Runs a script of bin/ as an operator would, with the classes that the tests were built with as the server. */
final class ScriptRunner {
    private static final Path BIN =
            Path.of(System.getProperty("basedir", System.getProperty("user.dir"))).resolveSibling("bin");

    private final Path directory;
    private final Path script;

    /** What a script said and how it ended. */
    record Run(int code, String out, String err) {
        @Override
        public String toString() {
            return "exit code " + code + "\n" + out + err;
        }
    }

    /** @param directory for this test alone: gets the server's jar, its logs and what the script says */
    ScriptRunner(Path directory, String script) throws IOException {
        this.directory = directory;
        this.script = BIN.resolve(script);
        serverIs(System.getProperty("java.class.path"));
    }

    /** Runs the server from another class path from now on. */
    void serverIs(String classPath) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, Arrays.stream(classPath.split(File.pathSeparator))
                .map(entry -> Path.of(entry).toUri().toString()).collect(Collectors.joining(" ")));
        try (OutputStream jar = Files.newOutputStream(directory.resolve("server.jar"))) {
            new JarOutputStream(jar, manifest).close();
        }
    }

    Run run(String command, String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of("bash", script.toString(), command));
        line.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(line);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(key -> key.startsWith("ZOO") || key.endsWith("JVMFLAGS") || key.equals("CLASSPATH"));
        environment.put("LOCKSTEP_SERVER_JAR", directory.resolve("server.jar").toString());
        environment.put("ZOO_LOG_DIR", directory.resolve("logs").toString());
        environment.put("ZK_SERVER_HEAP", "128");
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        // Files, not pipes: a server that was started keeps what it has inherited.
        File out = directory.resolve(command + ".stdout").toFile();
        File err = directory.resolve(command + ".stderr").toFile();
        Process process = builder.redirectOutput(out).redirectError(err).start();
        assertTrue(process.waitFor(90, TimeUnit.SECONDS), command + " does not end");
        return new Run(process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
    }
}
