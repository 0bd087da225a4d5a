#!/usr/bin/env bash
# Sourced by the other scripts, never run: finds the installation, the configuration and the JVM, and builds what is not built.
# Environment (as in ZooKeeper): ZOOCFGDIR, ZOOCFG, ZOO_LOG_DIR, JAVA_HOME, JVMFLAGS, SERVER_JVMFLAGS, CLIENT_JVMFLAGS,
# ZK_SERVER_HEAP, ZK_CLIENT_HEAP (MB); and LOCKSTEP_SERVER_JAR, to run another build. zookeeper-env.sh and java.env in the
# configuration directory are sourced when they exist.
# Expects LOCKSTEP_HOME; a --config DIR has already been taken off the command line and put into ZOOCFGDIR.

if [[ -z ${ZOOCFGDIR:-} ]]; then
    if [[ ! -d $LOCKSTEP_HOME/conf && -d $LOCKSTEP_HOME/etc/zookeeper ]]; then
        ZOOCFGDIR=$LOCKSTEP_HOME/etc/zookeeper
    else
        ZOOCFGDIR=$LOCKSTEP_HOME/conf
    fi
fi
if [[ -f $ZOOCFGDIR/zookeeper-env.sh ]]; then
    # shellcheck disable=SC1091
    . "$ZOOCFGDIR/zookeeper-env.sh"
fi
if [[ -f $ZOOCFGDIR/java.env ]]; then
    # shellcheck disable=SC1091
    . "$ZOOCFGDIR/java.env"
fi
ZOO_LOG_DIR=${ZOO_LOG_DIR:-$LOCKSTEP_HOME/logs}

SERVER_JAR=${LOCKSTEP_SERVER_JAR:-$LOCKSTEP_HOME/server/target/lockstep-server.jar}
CLI_LIB=$LOCKSTEP_HOME/cli/target/lib

# Prints one line for the operator and ends the script.
die() {
    local code=$1
    shift
    echo "$*" >&2
    exit "$code"
}

# Sets JAVA. Exit code 1 as ZooKeeper's scripts have it when there is no JVM.
find_java() {
    if [[ -n ${JAVA_HOME:-} ]]; then
        JAVA=$JAVA_HOME/bin/java
        [[ -x $JAVA ]] || die 1 "Error: JAVA_HOME=$JAVA_HOME has no executable bin/java; point it at a JDK 17 or later."
    elif JAVA=$(command -v java); then
        :
    else
        die 1 "Error: JAVA_HOME is not set and java could not be found in PATH; install a JDK 17 or later."
    fi
    java_major
    ((JAVA_MAJOR >= 17)) || die 1 "Error: $JAVA is Java $JAVA_MAJOR; Lockstep needs 17 or later."
}

# Sets JAVA_VERSION and JAVA_MAJOR, from the release file beside the JVM where there is one: starting a JVM only to ask costs a
# tenth of a second.
java_major() {
    local home
    home=$(readlink -f "$JAVA" 2>/dev/null || echo "$JAVA")
    home=${home%/bin/java}
    if [[ -r $home/release ]]; then
        JAVA_VERSION=$(sed -n 's/^JAVA_VERSION="\([^"]*\)".*/\1/p' "$home/release")
    else
        JAVA_VERSION=$("$JAVA" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p' | head -n 1)
    fi
    JAVA_MAJOR=${JAVA_VERSION#1.}
    JAVA_MAJOR=${JAVA_MAJOR%%[!0-9]*}
    JAVA_MAJOR=${JAVA_MAJOR:-0}
}

# Sets OPENS: what LMDB's Java binding and Netty need of the JDK. The server jar's manifest carries the same for java -jar.
find_opens() {
    OPENS=(--add-opens java.base/java.nio=ALL-UNNAMED --add-opens java.base/sun.nio.ch=ALL-UNNAMED
        --enable-native-access=ALL-UNNAMED)
    if ((JAVA_MAJOR >= 23)); then
        OPENS+=(--sun-misc-unsafe-memory-access=allow)
    fi
}

# build NAME MAVEN_ARGUMENT...: builds a part of the source tree that is not built yet.
build() {
    local name=$1 out
    shift
    command -v mvn >/dev/null || die 1 "Error: $name is not built and mvn is not in PATH; install Maven, or build elsewhere."
    echo "building $name once (mvn package) ..." >&2
    if ! out=$(cd "$LOCKSTEP_HOME" && mvn -q -B -DskipTests package "$@" 2>&1); then
        echo "$out" >&2
        die 1 "Error: building $name failed; see above."
    fi
}

# Value of a key in zoo.cfg as java.util.Properties reads it (the last one wins); empty when absent.
cfg_value() {
    [[ -r $2 ]] || return 0
    awk -v want="$1" '
        {
            sub(/\r$/, "")
            sub(/^[ \t\f]+/, "")
            if ($0 == "" || /^[#!]/ || !match($0, /^[^=: \t\f]+/) || substr($0, 1, RLENGTH) != want) next
            found = substr($0, RLENGTH + 1)
            sub(/^[ \t\f]*[=:]?[ \t\f]*/, "", found)
            sub(/[ \t\f]+$/, "", found)
        }
        END { print found }' "$2"
}
