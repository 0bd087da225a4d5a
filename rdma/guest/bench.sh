#!/usr/bin/env bash
# What a stable slot takes over RDMA and over TCP, in the guest, with the device's own latency beside it. Everything is emulated:
# the figures compare with each other only. SLOTS (default 4000) says how many are measured for each line; GUEST_SECONDS how long
# it may take. MAVEN_FLAGS and JAVA_HOME are passed on.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
# shellcheck source=rdma/guest/classpath.sh
. rdma/guest/classpath.sh

prepare_tests
cat >"$OUT/bench.sh" <<EOF
set -e
ib_write_lat -d rxe0 -s 64 -n 2000 -F >/run/guest/lat.server 2>&1 &
sleep 3
ib_write_lat -d rxe0 -s 64 -n 2000 -F $ADDRESS | grep -A1 t_typical
wait
export CLASSPATH=$(printf %q "$CLASSPATH")
for way in tcp event adaptive busy; do
    $(printf '%q ' "${JAVA_COMMAND[@]}") -XX:+UseSerialGC $TESTS.TransportBench ${SLOTS:-4000} \$way 2>&1 | grep alone
done
EOF
GUEST_OUT=$OUT rdma/guest/run.sh -t "${GUEST_SECONDS:-600}" bash "$OUT/bench.sh"
