#!/usr/bin/env bash
# What a stable slot takes over RDMA and over TCP, in the guest, with the device's own latency beside it. Everything is emulated:
# the figures compare with each other only. SLOTS (default 4000) says how many are measured for each line, ROUNDS (3) how often,
# WAYS which of tcp, event, adaptive and busy, GUEST_SECONDS how long it may take. JVM_FLAGS what else the JVM gets. After each
# round the JVM is stopped, and the device's latency taken anew: the machine beneath is not the same from one minute to the next.
# With SYSTEM_CALLS=1 it counts, with strace, those of the event loops during 2000 slots under busy, one at a time. MAVEN_FLAGS and
# JAVA_HOME are passed on. One compiler only: with two the JVM replaces code while it runs, at which QEMU's threads crash it. And
# checksums in Java: the processor's instruction for them is emulated bit by bit.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
# shellcheck source=rdma/guest/classpath.sh
. rdma/guest/classpath.sh

readonly JVM="-XX:+UseSerialGC -XX:-TieredCompilation -XX:+UnlockDiagnosticVMOptions -XX:-UseCRC32CIntrinsics \
-XX:ErrorFile=/run/guest/crash.log"

prepare_tests
cat >"$OUT/bench.sh" <<EOF
set -eo pipefail
rm -f /run/guest/bench.log
write_lat() {
    ib_write_lat -d rxe0 -s 64 -n 4000 -F >/run/guest/lat.server 2>&1 &
    local server=\$!
    sleep 3
    ib_write_lat -d rxe0 -s 64 -n 4000 -F $ADDRESS | awk '/^ *64 /{print "ib_write_lat 64 B, one way: typical " \$5 " us, average " \$6 " us"}'
    wait \$server
}
echo "clock: \$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
write_lat
export CLASSPATH=$(printf %q "$CLASSPATH")
[[ -z "${SYSTEM_CALLS:-}" ]] || {
    $(printf '%q ' "${JAVA_COMMAND[@]}") $JVM -Dbench.pauseMillis=5000 $TESTS.TransportBench 2000 \
        ${WARM_SECONDS:-20} busy >/run/guest/bench.log 2>&1 &
    bench=\$!
    until grep -qs '^one at a time' /run/guest/bench.log; do sleep 0.2; kill -0 \$bench; done
    loops=(\$(grep -l multiThreadIoEv /proc/\$bench/task/*/comm | cut -d/ -f5))
    strace -c "\${loops[@]/#/-p}" & tracer=\$!
    until grep -q alone /run/guest/bench.log; do sleep 0.2; done
    kill -INT \$tracer
    wait \$tracer || true
    kill \$bench
    grep alone /run/guest/bench.log
    exit
}
for way in ${WAYS:-tcp event adaptive busy}; do
    measured=0
    rm -f /tmp/bench
    mkfifo /tmp/bench
    $(printf '%q ' "${JAVA_COMMAND[@]}") $JVM ${JVM_FLAGS:-} \
        -Dbench.rounds=${ROUNDS:-3} -Dbench.pauseMillis=500 $TESTS.TransportBench ${SLOTS:-4000} ${WARM_SECONDS:-20} \$way >/tmp/bench 2>&1 &
    bench=\$!
    exec 5</tmp/bench
    while read -r line <&5; do
        echo "\$line" >>/run/guest/bench.log
        [[ \$line != *p50* ]] || echo "\$line"
        [[ \$line == *"under way"* ]] || continue
        measured=1
        kill -STOP \$bench
        write_lat
        kill -CONT \$bench
    done
    wait \$bench || true
    ((measured)) || { tail -n 30 /run/guest/bench.log; exit 1; }
done
EOF
GUEST_OUT=$OUT rdma/guest/run.sh -t "${GUEST_SECONDS:-600}" bash "$OUT/bench.sh"
