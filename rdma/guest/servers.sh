#!/usr/bin/env bash
# Three servers as users run them, with transport=rdma, in the guest: zkCli on each, kill -9 and return, a restart of all with a
# wiped disk; the device's counters show what went over RDMA. Takes the server and zkCli as they are built.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

rdma/guest/prepare.sh
make -s -C rdma/native all
# The jar is named so that no archive of classes is made for it: that takes longer here than it spares.
exec rdma/guest/run.sh -m 3072 -t "${GUEST_SECONDS:-400}" env ${JAVA_HOME:+"JAVA_HOME=$JAVA_HOME"} ZK_SERVER_HEAP=256 \
    ZK_ENSEMBLE_WAIT_TENTHS=1200 "LOCKSTEP_SERVER_JAR=$PWD/server/target/lockstep-server.jar" \
    "SERVER_JVMFLAGS=-Dlockstep.rdma.bridge=$PWD/rdma/native/build/linux-$(uname -m)/liblockstep-rdma.so -XX:+UseSerialGC \
-XX:TieredStopAtLevel=1" bash rdma/guest/servers-in-guest.sh
