#!/usr/bin/env bash
# Three servers in two guests that are wired together, with transport=rdma; one guest, with one of the servers, is killed
# outright: no packet says good-bye. The others must go on. Takes the server and zkCli as they are built.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

# shellcheck source=rdma/guest/server-start.sh
. rdma/guest/server-start.sh

prepare_servers
work=$(mktemp -d)
first= second=
finish() {
    for pid in $first $second; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
    rm -rf "$work"
}
trap finish EXIT

# in_guest NUMBER PEER
in_guest() {
    mkdir -p "$work/$1"
    GUEST_OUT=$work/$1 exec rdma/guest/run.sh -m 1536 -t "${GUEST_SECONDS:-400}" -n "$1,$2" \
        env "${SERVER_ENVIRONMENT[@]}" bash rdma/guest/two-in-guest.sh "$1"
}

# fail_in_second TEXT: says why, and what the second guest has printed, its server's log at the end.
fail_in_second() {
    echo "FAILED: $*; the second guest's last words:" >&2
    tail -n 25 "$work/second" >&2
    exit 1
}

# The second dials the first, so it starts when that has booted; it may be booted anew, for the first listens again.
port=$((20000 + RANDOM % 10000))
in_guest 1 "listen=127.0.0.1:$port" &
first=$!
while [[ ! -e $work/1/begun ]] && kill -0 "$first" 2>/dev/null; do sleep 0.2; done
[[ -e $work/1/begun ]] || wait "$first" # it has said why
in_guest 2 "connect=127.0.0.1:$port" >"$work/second" 2>&1 &
second=$!
while [[ ! -e $work/1/ready ]] && kill -0 "$first" 2>/dev/null; do
    kill -0 "$second" 2>/dev/null || fail_in_second "the second guest has ended"
    sleep 0.5
done
[[ -e $work/1/ready ]] || fail_in_second "the first guest has ended"
kill -9 "$(<"$work/2/qemu.pid")"
code=0
wait "$first" || code=$?
first=
exit "$code"
