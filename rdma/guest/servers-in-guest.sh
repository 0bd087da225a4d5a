#!/usr/bin/env bash
# In the guest: three servers as users run them, with transport=rdma; see rdma/guest/servers.sh.
set -euo pipefail

# shellcheck source=rdma/guest/server-start.sh
. rdma/guest/server-start.sh

readonly WORK=/tmp/servers
readonly FIRST=2181
readonly COUNTERS=/sys/class/infiniband/rxe0/ports/1/hw_counters

fail() {
    echo "FAILED: $*"
    tail -n 15 "$WORK"/*/logs/*.log "$WORK"/*/logs/*.out 2>/dev/null || true
    exit 1
}

word() {
    exec 3<>"/dev/tcp/127.0.0.1/$((FIRST + $1 - 1))" || return 1
    printf '%s' "$2" >&3
    cat <&3
    exec 3<&- 3>&-
}

# metric SERVER NAME
metric() {
    word "$1" mntr 2>/dev/null | awk -v name="zk_lockstep_$2" '$1 == name {print $2}'
}

# await WHAT COMMAND...: until the command succeeds.
await() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 120; tries++)); do
        "$@" && return
        sleep 1
    done
    fail "waited in vain for $what"
}

# Whether each of these servers sends to COUNT others over RDMA.
have_lanes() {
    local count=$1 server
    shift
    for server in "$@"; do [[ $(metric "$server" rdma_lanes) == "$count" ]] || return 1; done
}

# cli SERVER: runs commands from its input.
cli() {
    timeout 120 bin/zkCli.sh -server "127.0.0.1:$((FIRST + $1 - 1))" 2>&1 || fail "zkCli at server $1"
}

sent_packets() {
    cat "$COUNTERS/sent_pkts"
}

settings=()
for setting in "${SERVER_SETTINGS[@]}" rdma.device=rxe0; do settings+=(-s "$setting"); done
bin/zkEnsemble.sh start -p "$FIRST" "${settings[@]}" "$WORK" || fail "start"
await "the lanes" have_lanes 2 1 2 3
packets=$(sent_packets)
# One client goes from server to server: each start of one takes seconds here.
answers=$({
    echo "create /a one"
    for i in {1..40}; do echo "set /a $(printf 'x%.0s' {1..4000})$i"; done
    printf '%s\n' "create /b two" "connect 127.0.0.1:$((FIRST + 1))" "sync /b" "get /b" "set /b three" \
        "connect 127.0.0.1:$((FIRST + 2))" "sync /b" "get /b"
} | cli 1)
grep -qx two <<<"$answers" || fail "server 2 does not show what server 1 was told"
grep -qx three <<<"$answers" || fail "server 3 does not show what server 2 was told"
sent=$(metric 1 rdma_bytes_sent) slots=$(metric 1 rdma_slots_sent)
((slots >= 82 && sent > 2 * 40 * 4000)) || fail "server 1 has sent $slots slots, $sent bytes over RDMA"
(($(sent_packets) - packets > sent / 4096)) || fail "the device has not sent them"
echo "ok: zkCli on three servers; server 1 has sent $slots slots in $sent bytes over RDMA"

bin/zkEnsemble.sh kill 1 "$WORK" >/dev/null
await "a view of two" have_lanes 1 2 3
printf 'set /b four\n' | cli 2 >/dev/null
bin/zkEnsemble.sh start "$WORK" >/dev/null || fail "server 1 does not come back"
await "the lanes of three" have_lanes 2 1 2 3
printf 'sync /b\nget /b\n' | cli 1 | grep -qx four || fail "server 1 does not show what it has missed"
echo "ok: server 1 was killed and has come back"

for id in 1 2 3; do bin/zkEnsemble.sh kill "$id" "$WORK" >/dev/null; done
rm -r "$WORK"/3/data/lockstep* || fail "no data of server 3"
bin/zkEnsemble.sh start "$WORK" >/dev/null || fail "restart of all"
await "the lanes after the restart of all" have_lanes 2 1 2 3
printf 'sync /b\nget /b\n' | cli 3 | grep -qx four || fail "server 3 does not show what was before its disk was wiped"
digests=$(for id in 1 2 3; do word "$id" mntr | awk '$1 == "zk_znode_count" {print $2}'; done | sort -u | wc -l)
((digests == 1)) || fail "the servers differ"
echo "ok: all were killed, one of them wiped, and all have come back"
bin/zkEnsemble.sh stop "$WORK" >/dev/null || fail "stop"
