# Sourced, at the top of the repository, by what runs whole servers in the guest.
# shellcheck shell=bash disable=SC2034

# One processor or two, emulated, for three JVMs: so servers do not poll, and nobody is suspected for a second of silence.
readonly SERVER_SETTINGS=(transport=rdma rdma.ringBytes=1m rdma.polling=event failureTimeout=4000)
SERVER_ENVIRONMENT=(${JAVA_HOME:+"JAVA_HOME=$JAVA_HOME"} ZK_SERVER_HEAP=256 ZK_ENSEMBLE_WAIT_TENTHS=1800
    "SERVER_JVMFLAGS=-Dlockstep.rdma.bridge=$PWD/rdma/native/build/linux-$(uname -m)/liblockstep-rdma.so -XX:+UseSerialGC \
-XX:TieredStopAtLevel=1")

# Builds the bridge, and has a server start once on this machine, because it leaves an archive of its classes then: with it
# servers start in half the time.
prepare_servers() {
    local work
    rdma/guest/prepare.sh
    make -s -C rdma/native all
    work=$(mktemp -d)
    printf '%s\n' "dataDir=$work/data" clientPortAddress=127.0.0.1 "clientPort=$((20000 + RANDOM % 10000))" \
        admin.enableServer=false >"$work/zoo.cfg"
    ZOO_LOG_DIR=$work bin/zkServer.sh start "$work/zoo.cfg" >"$work/out" 2>&1 || cat "$work/out" >&2
    ZOO_LOG_DIR=$work bin/zkServer.sh stop "$work/zoo.cfg" >/dev/null 2>&1 || true
    rm -rf "$work"
}
