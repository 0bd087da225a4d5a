package org.lockstep.rdma.verbs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * Loads the native part that DiSNI needs, once for the process, without a library path: from the file that the system property
 * {@value #FILE_PROPERTY} names, else from the jar, by way of a temporary file that is gone once it is loaded.
 *
 * <p>DiSNI itself asks for a library named "disni", in a static initializer. {@code rdma/native/bridge.c} says how the JVM then
 * finds the one that is loaded already. So nothing of DiSNI may be touched before {@link #load}.
 */
public final class Bridge {
    /** An absolute path: this library is loaded instead of the one in the jar. */
    public static final String FILE_PROPERTY = "lockstep.rdma.bridge";

    private static final String NAME = "liblockstep-rdma.so";
    private static boolean loaded;

    private Bridge() {}

    /**
     * Loads the bridge; does nothing when it is loaded already. Any thread.
     *
     * @throws RdmaUnavailableException when this build has no bridge for this machine, or the machine lacks librdmacm or
     *     libibverbs; it can be tried again
     */
    public static synchronized void load() throws RdmaUnavailableException {
        if (loaded) {
            return;
        }
        String given = System.getProperty(FILE_PROPERTY);
        if (given != null) {
            load(Path.of(given));
        } else {
            loadFromJar();
        }
        loaded = true;
    }

    private static void loadFromJar() throws RdmaUnavailableException {
        String place = "/org/lockstep/rdma/native/" + platform() + "/" + NAME;
        try (InputStream library = Bridge.class.getResourceAsStream(place)) {
            if (library == null) {
                throw new RdmaUnavailableException("this build has no RDMA bridge for " + platform()
                        + ": build it with 'make -C rdma/native' before the jar, or name one with -D" + FILE_PROPERTY + "=<file>",
                        null);
            }
            // A directory of its own, readable by nobody else: nobody can put another library in its place.
            Path directory = Files.createTempDirectory("lockstep-rdma");
            Path file = directory.resolve(NAME);
            try {
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
                load(file);
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw new RdmaUnavailableException("cannot unpack the RDMA bridge to " + System.getProperty("java.io.tmpdir") + ": "
                    + e.getMessage(), e);
        }
    }

    private static void load(Path file) throws RdmaUnavailableException {
        try {
            System.load(file.toAbsolutePath().toString());
        } catch (UnsatisfiedLinkError e) {
            throw new RdmaUnavailableException("the RDMA bridge cannot be loaded (" + e.getMessage()
                    + "): install the packages librdmacm1 and libibverbs1, and mount " + file.getParent() + " without noexec", e);
        }
    }

    /** As {@code uname -m} names the machine: the directory of its library. */
    private static String platform() {
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String machine = arch.equals("amd64") ? "x86_64" : arch;
        return System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + machine;
    }
}
