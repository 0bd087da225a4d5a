#!/usr/bin/env bash
# What a stable slot takes over RDMA and over TCP, in the guest, with the device's own latency beside it. Everything is emulated:
# the figures compare with each other only. SLOTS (default 4000) says how many are measured for each line, WAYS which
# of tcp, event, adaptive and busy, GUEST_SECONDS how long it may take. JVM_FLAGS what else the JVM gets. With SYSTEM_CALLS=1 it
# counts, with strace, those of the event loops during 2000 slots under busy, one at a time. MAVEN_FLAGS and JAVA_HOME are passed
# on.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
# shellcheck source=rdma/guest/classpath.sh
. rdma/guest/classpath.sh

prepare_tests
cat >"$OUT/bench.sh" <<EOF
set -eo pipefail
rm -f /run/guest/bench.log
ib_write_lat -d rxe0 -s 64 -n 2000 -F >/run/guest/lat.server 2>&1 &
sleep 3
ib_write_lat -d rxe0 -s 64 -n 2000 -F $ADDRESS | grep -A1 t_typical
wait
export CLASSPATH=$(printf %q "$CLASSPATH")
[[ -z "${SYSTEM_CALLS:-}" ]] || {
    $(printf '%q ' "${JAVA_COMMAND[@]}") -XX:+UseSerialGC -Dbench.pauseMillis=5000 $TESTS.TransportBench 2000 \
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
    $(printf '%q ' "${JAVA_COMMAND[@]}") -XX:+UseSerialGC ${JVM_FLAGS:-} $TESTS.TransportBench ${SLOTS:-4000} \
        ${WARM_SECONDS:-20} \$way 2>&1 | tee -a /run/guest/bench.log | grep --line-buffered p50 \
        || { tail -n 30 /run/guest/bench.log; exit 1; }
done
EOF
GUEST_OUT=$OUT rdma/guest/run.sh -t "${GUEST_SECONDS:-600}" bash "$OUT/bench.sh"
