package org.lockstep.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.lockstep.log.DataDirectoryException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a directory for one process, and for one user within it. Released by {@link #close}, or when the process ends. */
final class DirectoryLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);
    /** Held by this process: opening the lock file again and closing it would drop the process's lock. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Makes {@code directory} if it is missing, and locks it.
     *
     * @param key the configuration key that names the directory, for messages
     */
    static DirectoryLock take(String key, Path directory) {
        Path real;
        try {
            Files.createDirectories(directory);
            real = directory.toRealPath();
        } catch (IOException e) {
            throw DataDirectory.unusable(key, directory, "cannot create " + key + " " + directory, e);
        }
        if (!HELD.add(real)) {
            throw inUse(key, real, "this process (pid " + ProcessHandle.current().pid() + ")");
        }
        try {
            return new DirectoryLock(real, lock(key, real));
        } catch (RuntimeException e) {
            HELD.remove(real);
            throw e;
        }
    }

    /** The directory, free of symbolic links. */
    Path directory() {
        return directory;
    }

    private static FileChannel lock(String key, Path directory) {
        Path file = directory.resolve("lockstep.lock");
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                String holder = Files.readString(file).trim();
                throw inUse(key, directory, holder.isEmpty() ? "another process" : "the process with pid " + holder);
            }
            channel.truncate(0);
            String pid = ProcessHandle.current().pid() + "\n";
            channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.UTF_8)), 0);
            return channel;
        } catch (IOException e) {
            release(channel, file);
            throw DataDirectory.unusable(key, directory, "cannot lock " + file, e);
        } catch (RuntimeException e) {
            release(channel, file);
            throw e;
        }
    }

    private static DataDirectoryException inUse(String key, Path directory, String holder) {
        return new DataDirectoryException(Kind.IN_USE, key + " " + directory + " is in use by " + holder
                + ": stop that server first, or set " + key + " to another directory");
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

    @Override
    public void close() {
        release(channel, directory);
        HELD.remove(directory);
    }
}
