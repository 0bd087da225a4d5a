#!/usr/bin/env bash
# Three servers as users run them, with transport=rdma, in the guest: zkCli on each, kill -9 and return, a restart of all with a
# wiped disk; the device's counters show what went over RDMA. Takes the server and zkCli as they are built.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

# shellcheck source=rdma/guest/server-start.sh
. rdma/guest/server-start.sh

prepare_servers
exec rdma/guest/run.sh -m 3072 -t "${GUEST_SECONDS:-400}" env "${SERVER_ENVIRONMENT[@]}" bash rdma/guest/servers-in-guest.sh
