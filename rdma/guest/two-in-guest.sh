#!/usr/bin/env bash
# In one of two guests: servers 1 and 2, or server 3; see rdma/guest/two.sh.
set -euo pipefail

# shellcheck source=rdma/guest/server-start.sh
. rdma/guest/server-start.sh

readonly WORK=/tmp/servers

fail() {
    echo "FAILED: $*"
    tail -n 25 "$WORK"/*/logs/* 2>/dev/null || true
    exit 1
}

# start ID ADDRESS
start() {
    mkdir -p "$WORK/$1/data" "$WORK/$1/logs"
    echo "$1" >"$WORK/$1/data/myid"
    printf '%s\n' tickTime=2000 initLimit=10 syncLimit=5 "dataDir=$WORK/$1/data" '4lw.commands.whitelist=*' \
        'server.1=10.9.9.1:2888:3888;10.9.9.1:2181' 'server.2=10.9.9.1:2889:3889;10.9.9.1:2182' \
        'server.3=10.9.9.2:2888:3888;10.9.9.2:2181' "${SERVER_SETTINGS[@]}" "rdma.address=$2" >"$WORK/$1/zoo.cfg"
    ZOO_LOG_DIR=$WORK/$1/logs bin/zkServer.sh start-foreground "$WORK/$1/zoo.cfg" >"$WORK/$1/logs/out" 2>&1 &
}

# lanes SERVER COUNT: whether it sends to so many others over RDMA.
lanes() {
    exec 3<>"/dev/tcp/10.9.9.1/$((2180 + $1))" || return 1
    printf mntr >&3
    awk -v count="$2" '$1 == "zk_lockstep_rdma_lanes" {have = $2} END {exit have != count}' <&3
}

# await WHAT COMMAND...: until the command succeeds.
await() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 150; tries++)); do
        ! "$@" 2>/dev/null || return 0
        sleep 1
    done
    fail "waited in vain for $what"
}

if [[ $1 == 2 ]]; then
    start 3 10.9.9.2
    wait
    fail "server 3 has ended"
fi
start 1 10.9.9.1
start 2 10.9.9.1
for id in 1 2; do await "the lanes of server $id" lanes "$id" 2; done
bin/zkCli.sh -server 10.9.9.1:2181 create /a before >/dev/null 2>&1 || fail "create"
echo "ok: three servers in two guests, over RDMA"
touch "$GUEST_OUT/ready"
for id in 1 2; do await "the view of the survivors, at server $id" lanes "$id" 1; done
# One client goes from server to server: each start of one takes seconds here.
printf '%s\n' 'set /a after' 'connect 10.9.9.1:2182' 'sync /a' 'get /a' | bin/zkCli.sh -server 10.9.9.1:2181 2>&1 \
    | grep -qx after || fail "server 2 does not show what server 1 was told"
echo "ok: the other guest is gone, and the survivors go on"
