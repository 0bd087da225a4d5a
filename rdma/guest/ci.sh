#!/usr/bin/env bash
# The tests that need an RDMA device, in the guest: builds the bridge and the module, then runs, in one boot, the leak check of
# the bridge and the tests of rdma/src/test/java/.../guest. Nothing is skipped: fails where the guest cannot run. MAVEN_FLAGS and
# JAVA_HOME are passed on. Prints the runners' closing lines; the rest is in rdma/target/guest-out.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

readonly OUT=$PWD/rdma/target/guest-out
readonly ADDRESS=10.9.9.1
readonly BRIDGE=$PWD/rdma/native/build/linux-$(uname -m)/liblockstep-rdma.so
readonly TESTS=org.lockstep.rdma.guest

rdma/guest/prepare.sh
make -s -C rdma/native all checks
mkdir -p "$OUT"
# shellcheck disable=SC2086
mvn -q -B --no-transfer-progress ${MAVEN_FLAGS:-} -pl rdma -am test-compile dependency:build-classpath \
    -Dmdep.outputFile=target/guest.classpath -Dmdep.includeScope=test >"$OUT.maven.log" 2>&1 \
    || { tail -n 40 "$OUT.maven.log" >&2; exit 1; }
classpath=$PWD/rdma/target/test-classes:$PWD/rdma/target/classes:$(<rdma/target/guest.classpath)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
{
    echo 'set -e'
    echo "rdma/target/native/cycles $ADDRESS 20"
    printf 'export CLASSPATH=%q\n' "$classpath"
    printf '%q ' "$java" -Xmx768m -XX:TieredStopAtLevel=1 -Xcheck:jni -XX:ErrorFile=/run/guest/crash.log \
        --add-opens java.base/sun.nio.ch=ALL-UNNAMED "-Dlockstep.rdma.bridge=$BRIDGE" "$TESTS.GuestTests"
    for test in ${GUEST_CLASSES:-rdma/src/test/java/org/lockstep/rdma/guest/*InGuest.java}; do
        printf '%s.%s ' "$TESTS" "$(basename "$test" .java)"
    done
    echo
} >"$OUT/tests.sh"
GUEST_OUT=$OUT rdma/guest/run.sh -t "${GUEST_SECONDS:-360}" bash "$OUT/tests.sh"
