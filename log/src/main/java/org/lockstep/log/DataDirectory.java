package org.lockstep.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;
import org.lockstep.log.DataDirectoryException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one server keeps everything: {@code <dataDir>/lockstep-3/} with the files of the log, the tail and the state, the
 * format's version in its name and in the file FORMAT, next to the lock that keeps a second server out. Log and tail may lie in
 * {@code <dataLogDir>/lockstep-3/} instead, made just before the rest and locked as well.
 *
 * <p>It is made under another name and renamed when it is whole, so a directory of that name has always been complete once: a
 * missing file is damage, never a reason to start afresh. The random disk id is made with it; every file carries it.
 */
public final class DataDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);
    private static final int FORMAT = 3;
    private static final String PREFIX = "lockstep-";
    private static final String NAME = PREFIX + FORMAT;
    private static final String LOG_FILE = "log.mdb";
    /** Tells a data directory whose log lies elsewhere from one that has lost it. */
    private static final String SEPARATE_LOG_MARK = "LOG-IS-IN-DATALOGDIR";
    private static final String FORMAT_LINE = "lockstep data directory, format ";
    private static final String BOOT_ID_PROPERTY = "lockstep.bootId";
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final DirectoryLock lock;
    /** The lock of dataLogDir; the same as {@link #lock} when the log lies with the state. */
    private final DirectoryLock logLock;
    private final Path held;
    private final Path directory;
    private final Path logDirectory;
    private final String bootId;
    private String diskId;
    private volatile boolean stateOpen;

    private DataDirectory(DirectoryLock lock, DirectoryLock logLock, String bootId) {
        this.lock = lock;
        this.logLock = logLock;
        this.held = lock.directory();
        this.directory = held.resolve(NAME);
        this.logDirectory = logLock.directory().resolve(NAME);
        this.bootId = bootId;
    }

    /** Opens {@code dataDir} for this process alone, making what is missing; the log lies there too. */
    public static DataDirectory open(Path dataDir, StorageOptions options) {
        return open(dataDir, dataDir, options);
    }

    /**
     * Opens {@code dataDir} for this process alone, making what is missing.
     *
     * @param dataLogDir where the log and the tail lie: under the same name, {@code lockstep-3}; may be {@code dataDir}
     */
    public static DataDirectory open(Path dataDir, Path dataLogDir, StorageOptions options) {
        return open(dataDir, dataLogDir, options, systemBootId());
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
        return open(dataDir, dataDir, options, bootId);
    }

    private static DataDirectory open(Path dataDir, Path dataLogDir, StorageOptions options, String bootId) {
        DirectoryLock lock = DirectoryLock.take("dataDir", dataDir);
        DirectoryLock logLock = lock;
        try {
            if (!isSame(lock.directory(), dataLogDir)) {
                logLock = DirectoryLock.take("dataLogDir", dataLogDir);
            }
            DataDirectory opened = new DataDirectory(lock, logLock, bootId);
            opened.prepare(options);
            return opened;
        } catch (RuntimeException e) {
            release(lock, logLock);
            throw e;
        }
    }

    /** Two names of one directory are one: its lock cannot be taken twice. */
    private static boolean isSame(Path dataDir, Path dataLogDir) {
        try {
            return Files.isDirectory(dataLogDir) && dataLogDir.toRealPath().equals(dataDir);
        } catch (IOException e) {
            throw unusable("dataLogDir", dataLogDir, "cannot read dataLogDir " + dataLogDir, e);
        }
    }

    private static void release(DirectoryLock lock, DirectoryLock logLock) {
        if (logLock != lock) {
            logLock.close();
        }
        lock.close();
    }

    private void prepare(StorageOptions options) {
        refuseOtherFormats();
        try {
            if (!Files.exists(directory)) {
                refuseApache();
                format(options);
            }
            diskId = readFormat(directory);
            requireLogInItsPlace();
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

    private boolean hasOwnLogDirectory() {
        return logLock != lock;
    }

    /** The log does not move because the configuration says so: that would lose it. */
    private void requireLogInItsPlace() {
        Path other = directory.resolve(LOG_FILE);
        if (hasOwnLogDirectory() && Files.exists(other)) {
            throw new DataDirectoryException(Kind.UNUSABLE, "the log is in " + directory + " and not in dataLogDir "
                    + logLock.directory() + ": remove dataLogDir, or make " + logDirectory + " and move " + LOG_FILE
                    + " and tail.* there");
        }
        if (!hasOwnLogDirectory() && !Files.exists(other) && Files.exists(directory.resolve(SEPARATE_LOG_MARK))) {
            throw new DataDirectoryException(Kind.UNUSABLE, "the log is not in " + directory + ": it was made with dataLogDir;"
                    + " set dataLogDir to the same directory again, or move " + LOG_FILE + " and tail.* to " + directory);
        }
    }

    private void format(StorageOptions options) throws IOException {
        Path draft = held.resolve(NAME + ".new");
        discardUnusedLog(draft);
        deleteDraft(draft);
        Files.createDirectory(draft);
        String id = UUID.randomUUID().toString();
        DurableFiles.write(draft.resolve("FORMAT"), FORMAT_LINE + FORMAT + "\ndisk " + id + "\n");
        if (hasOwnLogDirectory()) {
            formatLog(id, options);
            DurableFiles.write(draft.resolve(SEPARATE_LOG_MARK), "made with dataLogDir=" + logLock.directory() + "\n");
        } else {
            DiskLog.format(draft.resolve(LOG_FILE), id, options);
        }
        LmdbState.format(draft.resolve(stateFile().getFileName()), id, options);
        Files.move(draft, directory, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.syncDirectory(held);
        LOG.info("formatted {} (disk {})", directory, id);
    }

    private void formatLog(String id, StorageOptions options) throws IOException {
        Path draft = logLock.directory().resolve(NAME + ".new");
        deleteDraft(draft);
        Files.createDirectory(draft);
        DurableFiles.write(draft.resolve("FORMAT"), FORMAT_LINE + FORMAT + "\ndisk " + id + "\n");
        DiskLog.format(draft.resolve(LOG_FILE), id, options);
        Files.move(draft, logDirectory, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.syncDirectory(logLock.directory());
    }

    /**
     * A log without its state: of a server that died while it made both, then it was never used; else of somebody, and stays.
     *
     * @param draft the state's draft, which still knows the disk id in the first case
     */
    private void discardUnusedLog(Path draft) throws IOException {
        if (!hasOwnLogDirectory() || !Files.exists(logDirectory)) {
            return;
        }
        if (!Files.isRegularFile(draft.resolve("FORMAT")) || !readFormat(draft).equals(readFormat(logDirectory))) {
            throw new DataDirectoryException(Kind.FOREIGN_FORMAT, logDirectory + " holds the log of another data directory, and "
                    + held + " holds none: set dataDir to that log's directory, or dataLogDir to an empty one");
        }
        deleteDraft(logDirectory);
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

    private static String readFormat(Path directory) throws IOException {
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

    /** The directory that holds the state, and the log too unless it has one of its own. */
    public Path path() {
        return directory;
    }

    /** The directory that holds the log. */
    public Path logPath() {
        return logDirectory;
    }

    /** The disk's id in short, for records that carry it. */
    long diskMark() {
        return UUID.fromString(diskId).getMostSignificantBits();
    }

    String bootId() {
        return bootId;
    }

    /** The main log: for messages that name it. */
    public Path logFile() {
        return logDirectory.resolve(LOG_FILE);
    }

    /** One of the tail's two files, 0 or 1. */
    Path tailFile(int number) {
        return logDirectory.resolve("tail." + number);
    }

    Path tailBootFile() {
        return logDirectory.resolve("tail.boot");
    }

    Path stateFile() {
        return directory.resolve("state.mdb");
    }

    void stateOpened() {
        stateOpen = true;
    }

    void stateClosed() {
        stateOpen = false;
    }

    /** Two environments of one name in a process would share a lock file. */
    void requireStateClosed() {
        if (stateOpen) {
            throw new IllegalStateException(stateFile() + " is open");
        }
    }

    DataDirectoryException unusable(String doing, IOException e) {
        return unusable("dataDir", held, doing, e);
    }

    static DataDirectoryException unusable(String key, Path directory, String doing, IOException e) {
        if (LmdbEnv.isSpaceLow(directory)) {
            return new DataDirectoryException(Kind.DISK_FULL, doing + ": " + LmdbEnv.fullDisk(directory), e);
        }
        return new DataDirectoryException(Kind.UNUSABLE, doing + ": " + reason(e)
                + "; give this server's user the right to write there, or set " + key + " to another directory", e);
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

    static DataDirectoryException foreignFile(Path file) {
        return new DataDirectoryException(Kind.FOREIGN_FORMAT, file + " belongs to another data directory than the FORMAT file"
                + " next to it; nothing was changed: restore the whole directory from one backup");
    }

    @Override
    public void close() {
        release(lock, logLock);
    }
}
