# Sourced, at the top of the repository, by what runs whole servers in the guest, and there by what does it.
# shellcheck shell=bash disable=SC2034

# One processor or two, emulated, for three JVMs: so servers do not poll, and nobody is suspected for a second of silence.
readonly SERVER_SETTINGS=(transport=rdma rdma.ringBytes=1m rdma.polling=event failureTimeout=4000)
SERVER_ENVIRONMENT=(${JAVA_HOME:+"JAVA_HOME=$JAVA_HOME"} ZK_SERVER_HEAP=256
    "SERVER_JVMFLAGS=-Dlockstep.rdma.bridge=$PWD/rdma/native/build/linux-$(uname -m)/liblockstep-rdma.so -XX:+UseSerialGC \
-XX:TieredStopAtLevel=1")
readonly WORK=/tmp/servers

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

# ---- in the guest: SERVERS holds the server.N lines

declare -A PIDS

fail() {
    exec >&2
    echo "FAILED after $SECONDS s: $*"
    tail -n 25 "$WORK"/*/logs/* 2>/dev/null || true
    exit 1
}

# start_server ID SETTING...: without asking whether it has started, since each look takes processor time from it.
start_server() {
    local id=$1 dir=$WORK/$1
    shift
    mkdir -p "$dir/data" "$dir/logs"
    echo "$id" >"$dir/data/myid"
    printf '%s\n' tickTime=2000 initLimit=10 syncLimit=5 "dataDir=$dir/data" '4lw.commands.whitelist=*' \
        "${SERVERS[@]}" "${SERVER_SETTINGS[@]}" "$@" >"$dir/zoo.cfg"
    ZOO_LOG_DIR=$dir/logs bin/zkServer.sh start-foreground "$dir/zoo.cfg" >>"$dir/logs/out" 2>&1 &
    PIDS[$id]=$!
}

# kill_server ID: outright.
kill_server() {
    kill -9 "${PIDS[$1]}"
    wait "${PIDS[$1]}" 2>/dev/null || true
}

# address ID: the host:port for clients in its line.
address() {
    local line
    for line in "${SERVERS[@]}"; do
        [[ $line != "server.$1="* ]] || echo "${line##*;}"
    done
}

# metric ID NAME: a value of mntr; nothing when the server does not answer.
metric() {
    local at
    at=$(address "$1")
    { exec 3<>"/dev/tcp/${at%:*}/${at#*:}" && printf mntr >&3 && awk -v name="zk_$2" '$1 == name {print $2}' <&3; } 2>/dev/null \
        || true
    exec 3<&- 3>&-
}

# await_lanes COUNT ID...: until each of these servers sends to COUNT others over RDMA.
await_lanes() {
    local count=$1 id tries
    shift
    for ((tries = 0; tries < 180; tries++)); do
        sleep 1
        for id in "$@"; do [[ $(metric "$id" lockstep_rdma_lanes) == "$count" ]] || continue 2; done
        return
    done
    fail "waited in vain for servers $* to have lanes to $count others"
}

# begin_cli ID: starts the one zkCli of the run, at that server; each start of one takes seconds in the guest.
begin_cli() {
    mkfifo "$WORK/cli.in"
    bin/zkCli.sh -server "$(address "$1")" <"$WORK/cli.in" >"$WORK/cli" 2>&1 &
    exec 4>"$WORK/cli.in"
}

# cli COMMAND...: has zkCli run them one after the other, and prints what it answers.
cli() {
    local end=/answer-$SRANDOM from tries
    from=$(wc -c <"$WORK/cli")
    printf '%s\n' "$@" "ls $end" >&4
    for ((tries = 0; tries < 240; tries++)); do
        if grep -q "Node does not exist: $end\$" "$WORK/cli"; then
            tail -c "+$((from + 1))" "$WORK/cli"
            return
        fi
        sleep 0.5
    done
    tail -n 20 "$WORK/cli" >&2
    fail "zkCli does not answer: $*"
}

# shows VALUE: whether that is a line of the input, all of which is read.
shows() {
    grep -x "$1" >/dev/null
}
