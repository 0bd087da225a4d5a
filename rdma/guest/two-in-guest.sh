#!/usr/bin/env bash
# In one of two guests: servers 1 and 2, or server 3; see rdma/guest/two.sh.
set -euo pipefail

# shellcheck source=rdma/guest/server-start.sh
. rdma/guest/server-start.sh

readonly SERVERS=('server.1=10.9.9.1:2888:3888;10.9.9.1:2181' 'server.2=10.9.9.1:2889:3889;10.9.9.1:2182'
    'server.3=10.9.9.2:2888:3888;10.9.9.2:2181')

if [[ $1 == 2 ]]; then
    start_server 3 rdma.address=10.9.9.2
    tail -n +1 -F "$WORK/3/logs/out" 2>/dev/null &
    wait "${PIDS[3]}" || true
    fail "server 3 has ended"
fi
start_server 1 rdma.address=10.9.9.1
start_server 2 rdma.address=10.9.9.1
await_lanes 2 1 2
begin_cli 1
cli "create /a before" "get /a" | shows before || fail "server 1 does not show what it was told"
echo "ok: after $SECONDS s: three servers in two guests, over RDMA"
touch "$GUEST_OUT/ready"
await_lanes 1 1 2
cli "set /a after" "connect $(address 2)" "sync /a" "get /a" | shows after || fail "server 2 does not show what server 1 was told"
echo "ok: after $SECONDS s: the other guest is gone, and the survivors go on"
