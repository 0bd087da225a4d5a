#!/usr/bin/env bash
# In the guest: three servers as users run them, with transport=rdma; see rdma/guest/servers.sh.
set -euo pipefail

# shellcheck source=rdma/guest/server-start.sh
. rdma/guest/server-start.sh

readonly COUNTERS=/sys/class/infiniband/rxe0/ports/1/hw_counters
readonly SERVERS=('server.1=127.0.0.1:2888:3888;127.0.0.1:2181' 'server.2=127.0.0.1:2889:3889;127.0.0.1:2182'
    'server.3=127.0.0.1:2890:3890;127.0.0.1:2183')

start() {
    local id
    for id in "$@"; do start_server "$id" rdma.device=rxe0; done
}

# at ID: the command for zkCli that connects it to that server.
at() {
    echo "connect $(address "$1")"
}

sent_packets() {
    cat "$COUNTERS/sent_pkts"
}

start 1 2 3
await_lanes 2 1 2 3
echo "ok: after $SECONDS s: three servers, all with lanes to each other"
packets=$(sent_packets)
begin_cli 1
commands=("create /a one")
for i in {1..10}; do commands+=("set /a $(printf 'x%.0s' {1..4000})$i"); done
cli "${commands[@]}" "create /b two" >/dev/null
cli "$(at 2)" "sync /b" "get /b" | shows two || fail "server 2 does not show what server 1 was told"
cli "set /b three" "$(at 3)" "sync /b" "get /b" | shows three || fail "server 3 does not show what server 2 was told"
sent=$(metric 1 lockstep_rdma_bytes_sent) slots=$(metric 1 lockstep_rdma_slots_sent)
((slots >= 22 && sent > 2 * 10 * 4000)) || fail "server 1 has sent $slots slots, $sent bytes over RDMA"
(($(sent_packets) - packets > sent / 4096)) || fail "the device has not sent them"
echo "ok: after $SECONDS s: zkCli on three servers; server 1 has sent $slots slots in $sent bytes over RDMA"

kill_server 1
await_lanes 1 2 3
cli "set /b four" >/dev/null
start 1
await_lanes 2 1 2 3
cli "$(at 1)" "sync /b" "get /b" | shows four || fail "server 1 does not show what it has missed"
echo "ok: after $SECONDS s: server 1 was killed and has come back"

for id in 1 2 3; do kill_server "$id"; done
rm -r "$WORK"/3/data/lockstep* || fail "no data of server 3"
start 1 2 3
await_lanes 2 1 2 3
cli "$(at 3)" "sync /b" "get /b" | shows four || fail "server 3 does not show what was before its disk was wiped"
counts=$(for id in 1 2 3; do metric "$id" znode_count; done | sort | uniq -c)
[[ $counts =~ ^\ *3\ [0-9]+$ ]] || fail "the servers differ in the number of znodes: $counts"
echo "ok: after $SECONDS s: all were killed, one of them wiped, and all have come back"
