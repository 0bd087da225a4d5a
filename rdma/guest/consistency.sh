#!/usr/bin/env bash
# Three servers with transport=rdma in the guest, clients at all of them, and a nemesis that kills and stops them: everything that
# the clients saw must be explained by one correct service, and the log must have gone over RDMA. It is ConsistencyTest of
# compat-tests with other settings; nobody is cut off, because Soft-RoCE knows no network namespaces. SECONDS_OF_FAULTS (default
# 60), SEED (default 18: a freeze, then a kill) and POLICY (default durable) say which run; MAVEN_FLAGS and JAVA_HOME are passed on.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
# shellcheck source=rdma/guest/classpath.sh
. rdma/guest/classpath.sh

prepare_tests compat-tests
readonly COUNTER=/sys/class/infiniband/rxe0/ports/1/hw_counters/sent_pkts
readonly ARCHIVE=$OUT/classes
CLASSPATH=$CLASSPATH:$PWD/rdma/target/test-classes:$(<rdma/target/guest.classpath)
# Servers that start from an archive of their classes start in half the time; here it is made in a moment.
rm -rf "$ARCHIVE"
"${JAVA_COMMAND[@]}" -cp "$CLASSPATH" org.lockstep.compat.servers.FastStart "$ARCHIVE"
faults=${SECONDS_OF_FAULTS:-60}
{
    echo 'set -e'
    printf 'export CLASSPATH=%q\n' "$CLASSPATH"
    echo "packets=\$(<$COUNTER)"
    # Clients without a server try again and again: servers that start go first.
    echo '{ while sleep 1; do pgrep -f org.lockstep.server.Main | xargs -r renice -n -15 -p; done; } >/dev/null 2>&1 &'
    printf '%q ' "${JAVA_COMMAND[@]}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Dconsistency.seconds=$faults" \
        "-Dconsistency.seed=${SEED:-18}" "-Dconsistency.policy=${POLICY:-durable}" -Dconsistency.place=loopback \
        -Dconsistency.writes=2 -Dconsistency.pauseMillis=500 -Dconsistency.backSeconds=120 "-Dconsistency.archive=$ARCHIVE" \
        -Dconsistency.zooCfg=transport=rdma,rdma.device=rxe0,rdma.ringBytes=1m,tickTime=1000,rdma.polling=event,failureTimeout=2500 \
        "-Dconsistency.jvmFlags=-Dlockstep.rdma.bridge=$BRIDGE" "$TESTS.GuestTests" \
        org.lockstep.compat.consistency.ConsistencyTest
    echo
    echo "packets=\$((\$(<$COUNTER) - packets))"
    # Two writes a second are the least that the test takes, each of them is a slot to two servers, a slot is two packets or more.
    echo "((packets >= 8 * $faults)) || { echo \"FAILED: the device has sent \$packets packets only\"; exit 1; }"
    echo 'echo "the device has sent $packets packets"'
} >"$OUT/consistency.sh"
GUEST_OUT=$OUT rdma/guest/run.sh -m 3072 -t "${GUEST_SECONDS:-360}" bash "$OUT/consistency.sh"
