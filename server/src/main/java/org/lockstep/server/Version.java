package org.lockstep.server;

/** What this server calls itself. */
public final class Version {
    /** The ZooKeeper release whose behaviour is reproduced; monitoring tools parse it. */
    public static final String ZOOKEEPER = "3.9.5";

    private Version() {}

    /** Lockstep's own version, from the jar's manifest; {@code dev} when run from class files. */
    public static String lockstep() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    /** The version line of srvr and mntr: ZooKeeper's first, so that tools which parse it see a release they know. */
    public static String line() {
        return ZOOKEEPER + "-lockstep-" + lockstep() + ", built on the log of view-synchronous Paxos";
    }
}
