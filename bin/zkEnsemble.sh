#!/usr/bin/env bash
# A local ensemble, for trying out: all servers on this machine, on the loopback address. For real servers see docs/operations.md.
# Each server has a directory DIR/N with its zoo.cfg, its data and its logs, and is run by bin/zkServer.sh.
set -u
export LC_ALL=C

LOCKSTEP_HOME=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=bin/zkEnv.sh
. "$LOCKSTEP_HOME/bin/zkEnv.sh"

readonly SERVER_SCRIPT=$LOCKSTEP_HOME/bin/zkServer.sh
readonly HOST=127.0.0.1
readonly SERVERS_MAX=9
readonly SERVE_TENTHS=${ZK_ENSEMBLE_WAIT_TENTHS:-300}
readonly KILL_TENTHS=50
readonly PORT_STEP=10
readonly PORT_TRIES=100

usage() {
    cat >&2 <<'TEXT'
Usage: zkEnsemble.sh COMMAND [OPTION...] [DIR]
  start     make the ensemble if DIR has none, start what does not run, wait until every server serves
  stop      stop every server
  restart   stop, then start
  status    show each server: id, pid, ports, mode, view
  kill N    end server N as a power switch would (SIGKILL); start brings it back
  logs      show the last lines of each server's log; with -f, follow them
Options of start, for an ensemble that is not made yet:
  -n COUNT       servers, 1 to 9 (default 3)
  -p PORT        client port of the first server (default 2181, or the next that is free)
  -s KEY=VALUE   one more line for every zoo.cfg; may be repeated
DIR is ensemble-data/ in the installation unless given.
TEXT
}

# Sets COMMAND, VICTIM, COUNT, FIRST_PORT, SETTINGS, FOLLOW and DIR from the command line.
parse_arguments() {
    COMMAND=${1:-} VICTIM='' COUNT='' FIRST_PORT='' FOLLOW='' DIR=''
    SETTINGS=()
    case $COMMAND in
        start | stop | restart | status | kill | logs) shift ;;
        *)
            usage
            exit 1
            ;;
    esac
    if [[ $COMMAND == kill ]]; then
        [[ ${1:-} =~ ^[0-9]+$ ]] || die 1 "Error: kill needs the number of a server, as in: $0 kill 2"
        VICTIM=$1
        shift
    fi
    while (($# > 0)); do
        case $1 in
            -n | -p | -s)
                (($# > 1)) || die 1 "Error: $1 needs a value"
                case $1 in
                    -n) COUNT=$2 ;;
                    -p) FIRST_PORT=$2 ;;
                    -s) SETTINGS+=("$2") ;;
                esac
                shift
                ;;
            -f) FOLLOW=-F ;;
            -*) die 1 "Error: unknown option $1; call $0 without arguments for help" ;;
            *)
                [[ -z $DIR ]] || die 1 "Error: two directories, $DIR and $1; one is enough"
                DIR=$1
                ;;
        esac
        shift
    done
    check_arguments
}

check_arguments() {
    local setting
    [[ -z $COUNT || $COUNT =~ ^[1-$SERVERS_MAX]$ ]] || die 1 "Error: -n $COUNT is not a number of servers from 1 to $SERVERS_MAX"
    [[ -z $FIRST_PORT ]] || { [[ $FIRST_PORT =~ ^[1-9][0-9]{0,4}$ ]] && ((FIRST_PORT + SERVERS_MAX < 65536)); } \
        || die 1 "Error: -p $FIRST_PORT is not a port"
    for setting in "${SETTINGS[@]}"; do
        [[ $setting == ?*=* ]] || die 1 "Error: -s $setting is not of the form KEY=VALUE"
    done
    DIR=$(readlink -m "${DIR:-$LOCKSTEP_HOME/ensemble-data}")
}

# Prints the ids of the servers that DIR holds, in order; nothing when it holds none.
ids() {
    local id
    for ((id = 1; id <= SERVERS_MAX; id++)); do
        [[ ! -f $DIR/$id/zoo.cfg ]] || echo "$id"
    done
}

require_ensemble() {
    [[ -n $(ids) ]] || die 1 "Error: there is no ensemble in $DIR; make one with: $0 start $DIR"
}

# False for a port that somebody listens on, and for one that this ensemble will.
is_free() {
    [[ " $TAKEN " != *" $1 "* ]] && ! (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null
}

# Sets BLOCK to the first port of COUNT free ones in a row, at $1 or behind it, and adds them to TAKEN.
find_ports() {
    local try port
    BLOCK=$1
    for ((try = 0; try < PORT_TRIES; try++)); do
        for ((port = BLOCK; port < BLOCK + COUNT; port++)); do
            if ! is_free "$port"; then
                BLOCK=$((port + PORT_STEP))
                continue 2
            fi
        done
        for ((port = BLOCK; port < BLOCK + COUNT; port++)); do TAKEN+=" $port"; done
        return 0
    done
    die 1 "Error: no $COUNT free ports in a row from $1 on"
}

# Writes the configuration of COUNT servers below DIR, all or nothing: the directories appear when everything is in them.
make_ensemble() {
    local clients quorum election id lines=() made
    COUNT=${COUNT:-3} TAKEN=''
    find_ports "${FIRST_PORT:-2181}"
    clients=$BLOCK
    [[ -z $FIRST_PORT || $clients == "$FIRST_PORT" ]] \
        || die 1 "Error: of the ports $FIRST_PORT to $((FIRST_PORT + COUNT - 1)) not all are free; choose another -p"
    find_ports 2888
    quorum=$BLOCK
    find_ports 3888
    election=$BLOCK
    for ((id = 1; id <= COUNT; id++)); do
        lines+=("server.$id=$HOST:$((quorum + id - 1)):$((election + id - 1));$HOST:$((clients + id - 1))")
    done
    mkdir -p "$DIR" && made=$(mktemp -d "$DIR/.new.XXXXXX") || die 1 "Error: $DIR cannot be written; name another directory"
    for ((id = 1; id <= COUNT; id++)); do
        mkdir -p "$made/$id/data" "$made/$id/logs" \
            && echo "$id" >"$made/$id/data/myid" \
            && print_config "$id" "${lines[@]}" >"$made/$id/zoo.cfg" || die 1 "Error: $made cannot be written"
    done
    mv "$made"/[1-9] "$DIR/" && rmdir "$made" || die 1 "Error: $DIR/1 to $DIR/$COUNT cannot be made"
    echo "made an ensemble of $COUNT in $DIR"
}

# print_config ID SERVER_LINE...
print_config() {
    local id=$1
    shift
    printf '%s\n' "# Server $id of a local ensemble, made by zkEnsemble.sh. It may be edited while the server is stopped." \
        tickTime=2000 initLimit=10 syncLimit=5 "dataDir=$DIR/$id/data" maxClientCnxns=0 '4lw.commands.whitelist=*' \
        ${SETTINGS[@]+"${SETTINGS[@]}"} '' '# The same on every server.' "$@"
}

# server ID COMMAND: bin/zkServer.sh for one server.
server() {
    ZOO_LOG_DIR=$DIR/$1/logs ZOOPIDFILE='' "$SERVER_SCRIPT" "$2" "$DIR/$1/zoo.cfg" 2>&1
}

# Sets PID to the process of server $1; false when it does not run.
find_pid() {
    local file=$DIR/$1/data/zookeeper_server.pid
    [[ -f $file ]] || return 1
    PID=$(<"$file")
    [[ $PID =~ ^[0-9]+$ && -r /proc/$PID/cmdline ]] || return 1
    # After a reboot the number may be somebody else's.
    tr '\0' '\n' <"/proc/$PID/cmdline" 2>/dev/null | grep -qxF "$DIR/$1/zoo.cfg"
}

log_of() {
    local file
    for file in "$DIR/$1/logs/"*.out; do
        [[ ! -f $file ]] || echo "$file"
    done
}

# Sets PORTS to the host:port for servers and CLIENTS to that for clients of server $1.
find_addresses() {
    local line
    line=$(cfg_value "server.$1" "$DIR/$1/zoo.cfg")
    CLIENTS=${line#*;}
    PORTS=${line%%;*}
    PORTS=${PORTS%:participant}
    PORTS=${PORTS%:observer}
    PORTS=${PORTS%:*}
}

start() {
    local id pids=() failed=0 have
    have=$(ids)
    if [[ -z $have ]]; then
        make_ensemble
    elif [[ -n $COUNT$FIRST_PORT || ${#SETTINGS[@]} -gt 0 ]]; then
        if [[ -n $FIRST_PORT || ${#SETTINGS[@]} -gt 0 || $COUNT != "$(wc -l <<<"$have")" ]]; then
            die 1 "Error: $DIR holds an ensemble of $(wc -l <<<"$have") already, and -n, -p and -s are for a new one;" \
                "remove them, or name another directory"
        fi
    fi
    # Builds what is not built, once and not in every server at a time.
    "$SERVER_SCRIPT" version >/dev/null || exit 1
    for id in $(ids); do
        if find_pid "$id"; then
            echo "server $id runs already as process $PID"
        else
            server "$id" start >"$DIR/$id/logs/start.txt" </dev/null &
            pids+=("$id:$!")
        fi
    done
    for id in ${pids[@]+"${pids[@]}"}; do
        if ! wait "${id#*:}"; then
            echo "server ${id%:*} did not start:" >&2
            sed 's/^/    /' "$DIR/${id%:*}/logs/start.txt" >&2
            failed=1
        fi
    done
    ((failed == 0)) || exit 1
    await_serving
    status
}

# Waits until every server serves clients; those that do not are named by status.
await_serving() {
    local id tenth
    for ((tenth = 0; tenth < SERVE_TENTHS; tenth += 2)); do
        for id in $(ids); do
            server "$id" status >/dev/null || {
                sleep 0.2
                continue 2
            }
        done
        return 0
    done
}

stop() {
    local id pids=() failed=0
    for id in $(ids); do
        server "$id" stop >"$DIR/$id/logs/stop.txt" </dev/null &
        pids+=("$id:$!")
    done
    for id in "${pids[@]}"; do
        if wait "${id#*:}"; then
            echo "server ${id%:*} is stopped"
        else
            echo "server ${id%:*}: $(tail -n 1 "$DIR/${id%:*}/logs/stop.txt")" >&2
            failed=1
        fi
    done
    return $failed
}

# Prints the table; false unless every server serves.
status() {
    local id answer mode view pid all='' failed=0
    printf '%-3s %-8s %-21s %-21s %-12s %s\n' id pid clients servers mode view
    for id in $(ids); do
        find_addresses "$id"
        all+=,$CLIENTS mode=down view='' pid=-
        if find_pid "$id"; then
            pid=$PID mode='not serving'
        fi
        if answer=$(server "$id" status); then
            mode=$(sed -n 's/^Mode: //p' <<<"$answer")
            view=$(sed -n 's/^View: //p' <<<"$answer")
        else
            failed=1
        fi
        printf '%-3s %-8s %-21s %-21s %-12s %s\n' "$id" "$pid" "$CLIENTS" "$PORTS" "$mode" "$view" | sed 's/ *$//'
        [[ $mode != 'not serving' ]] || tail -qn 1 "$(log_of "$id" | tail -n 1)" 2>/dev/null | sed 's/^/    last word: /'
    done
    if ((failed == 0)); then
        echo "connect with: bin/zkCli.sh -server ${all#,}"
    else
        echo "not every server serves clients; see: $0 logs $DIR" >&2
    fi
    return $failed
}

kill_server() {
    [[ -f $DIR/$VICTIM/zoo.cfg ]] || die 1 "Error: $DIR has no server $VICTIM; it has: $(ids | tr '\n' ' ')"
    find_pid "$VICTIM" || die 1 "Error: server $VICTIM does not run"
    kill -9 "$PID" || die 1 "Error: process $PID of server $VICTIM cannot be killed"
    local tenth
    for ((tenth = 0; tenth < KILL_TENTHS; tenth++)); do
        kill -0 "$PID" 2>/dev/null || break
        sleep 0.1
    done
    echo "server $VICTIM (process $PID) is killed; bring it back with: $0 start $DIR"
}

logs() {
    local id file files=()
    for id in $(ids); do
        while IFS= read -r file; do files+=("$file"); done < <(log_of "$id")
    done
    ((${#files[@]} > 0)) || die 1 "Error: no server of $DIR was ever started"
    exec tail -vn 20 ${FOLLOW:+"$FOLLOW"} "${files[@]}"
}

parse_arguments "$@"
[[ $COMMAND == start ]] || require_ensemble
case $COMMAND in
    start) start ;;
    stop) stop ;;
    restart)
        stop || exit 1
        start
        ;;
    status) status ;;
    kill) kill_server ;;
    logs) logs ;;
esac
