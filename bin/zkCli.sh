#!/usr/bin/env bash
# ZooKeeper's own command line (org.apache.zookeeper.ZooKeeperMain), from the jars that Maven puts into cli/target/lib.
# zkCli.sh [-server host:port[,host:port][/chroot]] [-timeout ms] [-waitforconnection] [command arguments ...]
set -u

LOCKSTEP_HOME=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
if (($# > 1)) && [[ $1 == --config ]]; then
    ZOOCFGDIR=$2
    shift 2
fi
# shellcheck source=bin/zkEnv.sh
. "$LOCKSTEP_HOME/bin/zkEnv.sh"

[[ -n $(find "$CLI_LIB" -name 'zookeeper-[0-9]*.jar' 2>/dev/null) ]] || build "the command line" -pl cli
find_java
flags=("-Xmx${ZK_CLIENT_HEAP:-256}m" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "-Dzookeeper.log.dir=$ZOO_LOG_DIR")
if [[ -f $ZOOCFGDIR/logback-cli.xml ]]; then
    flags+=("-Dlogback.configurationFile=$ZOOCFGDIR/logback-cli.xml")
fi
# shellcheck disable=SC2206
users=(${CLIENT_JVMFLAGS:-} ${JVMFLAGS:-})
exec "$JAVA" "${flags[@]}" "${users[@]}" -cp "$CLI_LIB/*${CLASSPATH:+:$CLASSPATH}" org.apache.zookeeper.ZooKeeperMain "$@"
