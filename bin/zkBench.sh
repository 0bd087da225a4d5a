#!/usr/bin/env bash
# Loads a server that speaks ZooKeeper's protocol, or compares Lockstep with Apache ZooKeeper: zkBench.sh --help
# Builds what is not built. Honours JAVA_HOME, and JVMFLAGS for the JVM of the generator itself.
set -euo pipefail

root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
jar_of() { find "$root/compat-tests/target" -maxdepth 1 -name 'compat-tests-*.jar' 2>/dev/null | head -n 1; }

if [[ -n "${JAVA_HOME:-}" ]]; then
    java="$JAVA_HOME/bin/java"
else
    java="$(command -v java || true)"
fi
if [[ ! -x "$java" ]]; then
    echo "zkBench: no java: put JDK 17 or later on the PATH, or set JAVA_HOME" >&2
    exit 1
fi

if [[ -z "$(jar_of)" || ! -d "$root/compat-tests/target/lib" ]]; then
    echo "zkBench: building once (mvn package) ..." >&2
    (cd "$root" && mvn -q -B -DskipTests -pl compat-tests -am package) >&2
else
    for module in "$root"/*/src/main; do
        built="$({ find "${module%/src/main}/target" -maxdepth 1 -name '*.jar' 2>/dev/null || true; } | head -n 1)"
        if [[ -n "$built" && -n "$(find "$module" -type f -newer "$built" -print -quit)" ]]; then
            echo "zkBench: WARNING: files in ${module#"$root"/} are newer than the jar that is measured now; if they were" \
                "changed: mvn -q -DskipTests -pl compat-tests -am package" >&2
        fi
    done
fi

# One thread works and its garbage is little: the plainest collector takes the least from the server under test.
# shellcheck disable=SC2086  # JVMFLAGS holds several words
exec "$java" -XX:+UseSerialGC -Xms128m -Xmx512m -XX:MaxDirectMemorySize=1g ${JVMFLAGS:-} \
    -cp "$(jar_of):$root/compat-tests/target/lib/*" org.lockstep.compat.bench.ZkBench "$@"
