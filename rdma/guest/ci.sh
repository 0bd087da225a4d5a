#!/usr/bin/env bash
# The tests that need an RDMA device, in the guest: builds the bridge and the module, then runs, in one boot, the leak check of
# the bridge and the tests of rdma/src/test/java/.../guest. Nothing is skipped: fails where the guest cannot run. MAVEN_FLAGS and
# JAVA_HOME are passed on. Prints the runners' closing lines; the rest is in rdma/target/guest-out.
#
#   rdma/guest/ci.sh [CLASS...]     # of org.lockstep.rdma.guest; all *InGuest unless given
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
# shellcheck source=rdma/guest/classpath.sh
. rdma/guest/classpath.sh

prepare_tests
(($# > 0)) || set -- $(basename -a -s .java rdma/src/test/java/org/lockstep/rdma/guest/*InGuest.java)
{
    echo 'set -e'
    echo "rdma/target/native/cycles $ADDRESS 20"
    printf 'export CLASSPATH=%q\n' "$CLASSPATH"
    printf '%q ' "${JAVA_COMMAND[@]}" -XX:TieredStopAtLevel=1 -Xcheck:jni -XX:ErrorFile=/run/guest/crash.log "$TESTS.GuestTests" \
        "${@/#/$TESTS.}"
    echo
} >"$OUT/tests.sh"
GUEST_OUT=$OUT rdma/guest/run.sh -t "${GUEST_SECONDS:-360}" bash "$OUT/tests.sh"
