package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.lockstep.log.DataDirectoryException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one server keeps everything: {@code <dataDir>/lockstep-1/} with the files of the log, the lazy tail and the state, the
 * format's version in its name and in the file FORMAT, next to the lock that keeps a second server out.
 *
 * <p>It is made under another name and renamed when it is whole, so a directory of that name has always been complete once: a
 * missing file is damage, never a reason to start afresh. The random disk id is made with it; every file carries it.
 */
public final class DataDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);
    private static final int FORMAT = 1;
    private static final String PREFIX = "lockstep-";
    private static final String NAME = PREFIX + FORMAT;
    private static final String FORMAT_LINE = "lockstep data directory, format ";
    private static final String BOOT_ID_PROPERTY = "lockstep.bootId";
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    /** Held by this process: opening the lock file again and closing it would drop the process's lock. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path held;
    private final Path directory;
    private final FileChannel lockChannel;
    private final String bootId;
    private String diskId;

    private DataDirectory(Path held, FileChannel lockChannel, String bootId) {
        this.held = held;
        this.directory = held.resolve(NAME);
        this.lockChannel = lockChannel;
        this.bootId = bootId;
    }

    /** Opens {@code dataDir} for this process alone, making what is missing. */
    public static DataDirectory open(Path dataDir, StorageOptions options) {
        return open(dataDir, options, systemBootId());
    }

    /**
     * Loads LMDB into the process, which takes some hundred milliseconds at its first use: call it early on a thread of its own.
     * Does nothing when that has happened; what goes wrong is told when a directory is opened.
     */
    public static void loadNative() {
        try {
            Class.forName("org.lmdbjava.Library", true, DataDirectory.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            LOG.debug("loading LMDB", e);
        }
    }

    /** As {@link #open(Path, StorageOptions)}, with the machine's boot id handed in. */
    static DataDirectory open(Path dataDir, StorageOptions options, String bootId) {
        Path real;
        try {
            Files.createDirectories(dataDir);
            real = dataDir.toRealPath();
        } catch (IOException e) {
            throw unusable(dataDir, "cannot create dataDir " + dataDir, e);
        }
        if (!HELD.add(real)) {
            throw inUse(real, "this process (pid " + ProcessHandle.current().pid() + ")");
        }
        DataDirectory opened = null;
        try {
            opened = new DataDirectory(real, lock(real), bootId);
            opened.prepare(options);
            return opened;
        } catch (RuntimeException e) {
            if (opened != null) {
                opened.close();
            } else {
                HELD.remove(real);
            }
            throw e;
        }
    }

    private static FileChannel lock(Path dataDir) {
        Path file = dataDir.resolve("lockstep.lock");
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                String holder = Files.readString(file).trim();
                throw inUse(dataDir, holder.isEmpty() ? "another process" : "the process with pid " + holder);
            }
            channel.truncate(0);
            String pid = ProcessHandle.current().pid() + "\n";
            channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.UTF_8)), 0);
            return channel;
        } catch (IOException e) {
            release(channel, file);
            throw unusable(dataDir, "cannot lock " + file, e);
        } catch (RuntimeException e) {
            release(channel, file);
            throw e;
        }
    }

    private static void release(FileChannel channel, Path what) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            LOG.warn("cannot release the lock of {}: {}", what, e.getMessage());
        }
    }

    private void prepare(StorageOptions options) {
        refuseOtherFormats();
        try {
            if (!Files.exists(directory)) {
                refuseApache();
                format(options);
            }
            diskId = readFormat();
            MetaPages.requirePresent(logFile());
            MetaPages.requirePresent(stateFile());
        } catch (IOException e) {
            throw unusable("cannot use dataDir " + held, e);
        }
    }

    private void refuseOtherFormats() {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(held, PREFIX + "[0-9]*")) {
            for (Path each : found) {
                String name = each.getFileName().toString();
                if (!name.equals(NAME) && name.matches(PREFIX + "[0-9]+")) {
                    throw new DataDirectoryException(Kind.FOREIGN_FORMAT, each + " was written by another version of this server,"
                            + " this one knows format " + FORMAT + " only: run the version that wrote it, or set dataDir to"
                            + " another directory");
                }
            }
        } catch (IOException e) {
            throw unusable("cannot read dataDir " + held, e);
        }
    }

    /** Apache ZooKeeper's files are not imported, and must not be passed over in silence either. */
    private void refuseApache() throws IOException {
        Path version2 = held.resolve("version-2");
        if (!Files.isDirectory(version2)) {
            return;
        }
        try (DirectoryStream<Path> found = Files.newDirectoryStream(version2, "{snapshot,log}.*")) {
            if (found.iterator().hasNext()) {
                throw new DataDirectoryException(Kind.FOREIGN_FORMAT, version2 + " holds data of Apache ZooKeeper, which this"
                        + " version cannot import: set dataDir to another directory, or move version-2 away to start empty");
            }
        }
    }

    private void format(StorageOptions options) throws IOException {
        Path draft = held.resolve(NAME + ".new");
        deleteDraft(draft);
        Files.createDirectory(draft);
        String id = UUID.randomUUID().toString();
        DiskLog.format(draft.resolve(logFile().getFileName()), id, options);
        LmdbState.format(draft.resolve(stateFile().getFileName()), id, options);
        DurableFiles.write(draft.resolve("FORMAT"), FORMAT_LINE + FORMAT + "\ndisk " + id + "\n");
        Files.move(draft, directory, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.syncDirectory(held);
        LOG.info("formatted {} (disk {})", directory, id);
    }

    /** A draft was never in use: the server died while making it. */
    private static void deleteDraft(Path draft) throws IOException {
        if (!Files.isDirectory(draft)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(draft)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(draft);
    }

    private String readFormat() throws IOException {
        Path file = directory.resolve("FORMAT");
        MetaPages.requirePresent(file);
        List<String> lines = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).lines().toList();
        if (lines.size() != 2 || !lines.get(0).startsWith(FORMAT_LINE) || !lines.get(1).matches("disk [0-9a-f-]{36}")) {
            throw MetaPages.damaged(file, "it does not read as this server writes it");
        }
        String format = lines.get(0).substring(FORMAT_LINE.length());
        if (!format.equals(String.valueOf(FORMAT))) {
            throw new DataDirectoryException(Kind.FOREIGN_FORMAT, directory + " has format " + format + ", this server knows "
                    + FORMAT + " only: run the version that wrote it, or set dataDir to another directory");
        }
        return lines.get(1).substring("disk ".length());
    }

    /** The kernel's boot id; tests that play a reboot set the system property instead. */
    private static String systemBootId() {
        String injected = System.getProperty(BOOT_ID_PROPERTY);
        if (injected != null) {
            return injected;
        }
        try {
            return Files.readString(BOOT_ID).trim();
        } catch (IOException e) {
            // Not Linux: no tail is ever trusted then.
            return "unknown-" + UUID.randomUUID();
        }
    }

    /** The random name of this disk, made when the directory was. */
    public String diskId() {
        return diskId;
    }

    /** The directory that holds the files. */
    public Path path() {
        return directory;
    }

    String bootId() {
        return bootId;
    }

    Path logFile() {
        return directory.resolve("log.mdb");
    }

    Path tailFile() {
        return directory.resolve("tail.mdb");
    }

    Path tailBootFile() {
        return directory.resolve("tail.boot");
    }

    Path stateFile() {
        return directory.resolve("state.mdb");
    }

    DataDirectoryException unusable(String doing, IOException e) {
        return unusable(held, doing, e);
    }

    private static DataDirectoryException unusable(Path dataDir, String doing, IOException e) {
        boolean denied = e instanceof AccessDeniedException;
        if (!denied && LmdbEnv.isSpaceLow(dataDir)) {
            return new DataDirectoryException(Kind.DISK_FULL, doing + ": " + LmdbEnv.fullDisk(dataDir), e);
        }
        return new DataDirectoryException(Kind.UNUSABLE, doing + ": " + reason(e)
                + "; give this server's user the right to write there, or set dataDir to another directory", e);
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "there is a file where a directory must be";
        }
        return e instanceof FileSystemException known && known.getReason() != null ? known.getReason() : e.toString();
    }

    private static DataDirectoryException inUse(Path dataDir, String holder) {
        return new DataDirectoryException(Kind.IN_USE, "dataDir " + dataDir + " is in use by " + holder
                + ": stop that server first, or set dataDir to another directory");
    }

    static DataDirectoryException foreignFile(Path file) {
        return new DataDirectoryException(Kind.FOREIGN_FORMAT, file + " belongs to another data directory than the FORMAT file"
                + " next to it; nothing was changed: restore the whole directory from one backup");
    }

    @Override
    public void close() {
        release(lockChannel, held);
        HELD.remove(held);
    }
}
