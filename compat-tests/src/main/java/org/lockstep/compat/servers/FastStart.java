package org.lockstep.compat.servers;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * Lets Lockstep's processes start as {@code bin/zkServer.sh} starts them: from jars, with an archive of the server's classes that a
 * trial start has written. It spares each start a third of its processor time. The classes are those of this JVM's class path:
 * directories on it are packed into jars first, because the JVM archives no class of a directory.
 */
public final class FastStart {
    private static final int TRIAL_HEAP_MEGABYTES = 128;

    private final String classPath;
    private final List<String> jvmFlags;

    private FastStart(String classPath, List<String> jvmFlags) {
        this.classPath = classPath;
        this.jvmFlags = jvmFlags;
    }

    /** Prepares ahead, for processes that take long to start: {@link #prepare} with that directory then has nothing to do. */
    public static void main(String[] directory) throws IOException {
        prepare(Files.createDirectories(Path.of(directory[0])));
    }

    /**
     * Packs, and does the trial start; takes what is there already: who changes the classes deletes it.
     *
     * @param directory an existing one, for the jars and the archive; they must stay as long as servers are started
     * @throws IOException when the trial fails, or leaves no archive
     */
    public static FastStart prepare(Path directory) throws IOException {
        String classPath = packed(System.getProperty("java.class.path"), directory);
        Path archive = directory.resolve("classes.jsa");
        if (!Files.exists(archive)) {
            tryStart(classPath, directory, archive);
        }
        return new FastStart(classPath, List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto", "-Xlog:cds=off",
                "-Xlog:class+path=off"));
    }

    private static void tryStart(String classPath, Path directory, Path archive) throws IOException {
        ServerOptions options = new ServerOptions(Files.createDirectories(directory.resolve("trial"))).classPath(classPath)
                .heapMegabytes(TRIAL_HEAP_MEGABYTES).jvmFlag("-XX:ArchiveClassesAtExit=" + archive);
        try (LockstepProcess trial = new LockstepProcess(options)) {
            trial.start().stop();
            if (!Files.exists(archive)) {
                throw new IOException("no archive was written; end of the log:\n" + trial.logTail());
            }
        }
    }

    /** Has a Lockstep server start like that. */
    public void apply(ServerOptions options) {
        options.classPath(classPath);
        jvmFlags.forEach(options::jvmFlag);
    }

    private static String packed(String classPath, Path directory) throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator)) {
            Path path = Path.of(entry);
            if (Files.isDirectory(path)) {
                Path jar = directory.resolve("classes-" + entries.size() + ".jar");
                if (!Files.exists(jar)) {
                    pack(path, jar);
                }
                entries.add(jar.toString());
            } else if (Files.exists(path)) {
                entries.add(entry);
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar)); Stream<Path> all = Files.walk(classes)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
    }
}
