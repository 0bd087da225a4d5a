package org.lockstep.compat.diff;

import org.lockstep.compat.servers.ServerOptions;

/** How both servers of a pair are configured. */
enum Profile {
    /** As ZooKeeper comes. */
    STOCK,
    /** TTL nodes, and quotas that refuse. */
    EXTENDED,
    /** No ACL is checked. */
    SKIP_ACL;

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

    /** Session timeouts are long and nothing is reaped, so that only steps change the state. */
    void configure(ServerOptions options) {
        options.tickTimeMillis(10_000).heapMegabytes(256).logLevel("ERROR");
        options.set("forceSync", "no");
        options.set("DigestAuthenticationProvider.superDigest", SUPER_DIGEST);
        options.jvmFlag("-Dznode.container.checkIntervalMs=3600000").jvmFlag("-XX:+UseSerialGC").jvmFlag("-XX:TieredStopAtLevel=1");
        switch (this) {
            case STOCK -> { }
            case EXTENDED -> options.set("extendedTypesEnabled", "true").set("enforceQuota", "true");
            case SKIP_ACL -> options.set("skipACL", "yes");
        }
    }
}
