package org.lockstep.server.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Which Lockstep this is, and which ZooKeeper it stands for. */
public final class Version {
    private static final Properties VERSIONS = load();

    private Version() {}

    /** Lockstep's own version, as in its pom. */
    public static String lockstep() {
        return VERSIONS.getProperty("lockstep.version");
    }

    /** The ZooKeeper release whose behaviour clients find here. */
    public static String zooKeeper() {
        return VERSIONS.getProperty("zookeeper.version");
    }

    /** For {@code srvr}, {@code mntr} and {@code envi}: starts with ZooKeeper's number, which clients and monitors parse. */
    public static String full() {
        return zooKeeper() + "-lockstep-" + lockstep();
    }

    /** What {@code zkServer.sh version} prints. */
    public static void main(String[] arguments) {
        System.out.println("Lockstep, version " + lockstep() + ", serving clients of Apache ZooKeeper " + zooKeeper());
    }

    private static Properties load() {
        Properties versions = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("/lockstep-version.properties")) {
            if (in == null) {
                throw new IllegalStateException("lockstep-version.properties is not on the class path");
            }
            versions.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return versions;
    }
}
