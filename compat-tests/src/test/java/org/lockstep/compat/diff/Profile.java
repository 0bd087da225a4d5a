package org.lockstep.compat.diff;

import org.lockstep.compat.servers.ServerOptions;

/** How both servers of a pair are configured. */
enum Profile {
    /** As ZooKeeper comes. */
    STOCK,
    /** TTL nodes, and quotas that refuse. */
    EXTENDED,
    /** No ACL is checked. */
    SKIP_ACL,
    /** Short ticks, TTL nodes, and a reaper that looks often: for programs in which time passes. */
    SHORT_LIVED;

    /** Password of the super user on every server. */
    static final String SUPER_AUTH = "super:secret";
    private static final String SUPER_DIGEST = "super:lK75jTNcA+U9vtVEw5vB51mj/w4=";

    /** The profile that a seed's program is meant for. */
    static Profile of(long seed) {
        return switch ((int) Math.floorMod(seed, 10L)) {
            case 3, 6, 8 -> EXTENDED;
            case 9 -> SKIP_ACL;
            default -> STOCK;
        };
    }

    /** But for one profile, session timeouts are long and nothing is reaped, so that only steps change the state. */
    void configure(ServerOptions options) {
        options.tickTimeMillis(this == SHORT_LIVED ? 200 : 10_000).heapMegabytes(256).logLevel("ERROR");
        options.set("forceSync", "no");
        options.set("DigestAuthenticationProvider.superDigest", SUPER_DIGEST);
        options.jvmFlag("-Dznode.container.checkIntervalMs=" + (this == SHORT_LIVED ? 200 : 3_600_000));
        options.jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        switch (this) {
            case STOCK -> { }
            case EXTENDED -> options.set("extendedTypesEnabled", "true").set("enforceQuota", "true");
            case SKIP_ACL -> options.set("skipACL", "yes");
            case SHORT_LIVED -> options.set("extendedTypesEnabled", "true").set("maxSessionTimeout", "60000");
        }
    }
}
