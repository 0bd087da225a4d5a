package org.lockstep.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lockstep.log.Fixtures.SMALL;
import static org.lockstep.log.Fixtures.openDirectory;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lockstep.log.DataDirectoryException.Kind;

class DataDirectoryTest {
    @TempDir
    Path temp;

    private static DataDirectoryException refused(Path dataDir, Kind kind) {
        DataDirectoryException refusal = assertThrows(DataDirectoryException.class, () -> openDirectory(dataDir).close());
        assertEquals(kind, refusal.kind(), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
        return refusal;
    }

    @Test
    void keepsItsDiskId() {
        Path dataDir = temp.resolve("deep/down");
        String id;
        try (DataDirectory directory = openDirectory(dataDir)) {
            id = directory.diskId();
        }
        try (DataDirectory directory = openDirectory(dataDir)) {
            assertEquals(id, directory.diskId());
            assertEquals("lockstep-3", directory.path().getFileName().toString());
        }
        try (DataDirectory directory = openDirectory(temp.resolve("other"))) {
            assertFalse(id.equals(directory.diskId()));
        }
    }

    @Test
    void refusesASecondOpenInThisProcess() throws IOException {
        Path link = Files.createSymbolicLink(temp.resolve("link"), Files.createDirectory(temp.resolve("data")));
        try (DataDirectory directory = openDirectory(temp.resolve("data"))) {
            String pid = String.valueOf(ProcessHandle.current().pid());
            assertTrue(refused(temp.resolve("data"), Kind.IN_USE).getMessage().contains(pid));
            assertTrue(refused(link, Kind.IN_USE).getMessage().contains(pid));
            assertTrue(Files.isDirectory(directory.path()));
        }
        openDirectory(link).close();
    }

    /** Opens a data directory and holds it until its input ends. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws IOException {
            try (DataDirectory directory = DataDirectory.open(Path.of(args[0]), SMALL)) {
                System.out.println("held " + directory.diskId());
                System.in.read();
            }
        }
    }

    @Test
    void refusesASecondProcessAndNamesTheFirst() throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("--add-opens")) {
                command.add(argument);
            }
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Holder.class.getName(), temp.toString()));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try {
            assertTrue(process.inputReader().readLine().startsWith("held "));
            assertTrue(refused(temp, Kind.IN_USE).getMessage().contains("pid " + process.pid()));
            assertTrue(refused(temp, Kind.IN_USE).getMessage().contains("pid " + process.pid()), "the refusal broke the lock");
        } finally {
            process.destroyForcibly();
            assertTrue(process.waitFor(10, TimeUnit.SECONDS));
        }
        openDirectory(temp).close();
    }

    @Test
    void refusesOtherFormats() throws IOException {
        Files.createDirectory(temp.resolve("lockstep-1"));
        assertTrue(refused(temp, Kind.FOREIGN_FORMAT).getMessage().contains("lockstep-1"));
        assertFalse(Files.exists(temp.resolve("lockstep-3")));
        Files.delete(temp.resolve("lockstep-1"));
        openDirectory(temp).close();
        Path format = temp.resolve("lockstep-3/FORMAT");
        String written = Files.readString(format);
        Files.writeString(format, written.replace("format 3", "format 7"));
        assertTrue(refused(temp, Kind.FOREIGN_FORMAT).getMessage().contains("format 7"));
        Files.writeString(format, "");
        refused(temp, Kind.DAMAGED);
        Files.delete(format);
        refused(temp, Kind.DAMAGED);
        Files.writeString(format, written);
        openDirectory(temp).close();
    }

    @Test
    void refusesApachesData() throws IOException {
        Path version2 = Files.createDirectory(temp.resolve("version-2"));
        openDirectory(temp).close();
        Path other = temp.resolve("other");
        Files.createDirectories(other.resolve("version-2"));
        Files.createFile(other.resolve("version-2/snapshot.0"));
        assertTrue(refused(other, Kind.FOREIGN_FORMAT).getMessage().contains("Apache ZooKeeper"));
        assertFalse(Files.exists(other.resolve("lockstep-3")));
        assertTrue(Files.exists(version2));
    }

    @Test
    void beginsAgainWhenItDiedWhileFormatting() throws IOException {
        Path draft = Files.createDirectory(temp.resolve("lockstep-3.new"));
        Files.writeString(draft.resolve("log.mdb"), "half");
        try (DataDirectory directory = openDirectory(temp)) {
            assertTrue(Files.exists(directory.logFile()));
        }
        assertFalse(Files.exists(draft));
    }

    @Test
    void refusesWhatCannotBeADirectory() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "x");
        assertTrue(refused(file, Kind.UNUSABLE).getMessage().contains(file.toString()));
        refused(file.resolve("below"), Kind.UNUSABLE);
        // Nothing can be made there, not even by root.
        assertTrue(refused(Path.of("/proc/lockstep-data"), Kind.UNUSABLE).getMessage().contains("/proc/lockstep-data"));
    }

    @Test
    void namesAFileSystemThatIsReadOnly() throws Exception {
        Path mounted = Files.createDirectory(temp.resolve("mounted"));
        FullDiskTest.run("mount", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs", mounted.toString());
        try {
            assertTrue(refused(mounted, Kind.UNUSABLE).getMessage().contains(mounted.toString()));
            refused(mounted.resolve("below"), Kind.UNUSABLE);
        } finally {
            FullDiskTest.run("umount", mounted.toString());
        }
    }
}
