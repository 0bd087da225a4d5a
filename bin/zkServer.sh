#!/usr/bin/env bash
# Starts, stops and asks a Lockstep server; commands, variables, messages and exit codes are those of ZooKeeper's script.
# docs/operations.md has the table of exit codes.
set -u
export LC_ALL=C

LOCKSTEP_HOME=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
if (($# > 1)) && [[ $1 == --config ]]; then
    [[ -d $2 ]] || { echo "Error: --config $2 is not a directory" >&2; exit 1; }
    ZOOCFGDIR=$2
    shift 2
fi
# shellcheck source=bin/zkEnv.sh
. "$LOCKSTEP_HOME/bin/zkEnv.sh"

readonly MAIN=org.lockstep.server.Main
readonly SEEN_MILLIS=1000    # as ZooKeeper's script: a server that lives so long counts as started
readonly START_TENTHS=100    # but wait up to this long for it to answer
readonly STOP_TENTHS=300

usage() {
    echo "Usage: $0 [--config <conf-dir>]" \
        "{start|start-foreground|stop|version|restart|status|print-cmd|print-classpath} [zoo.cfg]" >&2
}

# Sets CFG. Without any zoo.cfg the sample is used, so that a fresh clone starts.
find_config() {
    local given=${1:-}
    if [[ -n $given ]]; then
        if [[ $given == */* ]]; then CFG=$given; else CFG=$ZOOCFGDIR/$given; fi
        # A file of the current directory, named without a slash, is taken when the configuration directory has none of that name.
        [[ -e $CFG || ! -f $given ]] || CFG=$given
    else
        CFG=$ZOOCFGDIR/${ZOOCFG:-zoo.cfg}
        [[ ${ZOOCFG:-} != /* ]] || CFG=$ZOOCFG
        if [[ ! -e $CFG && -z ${ZOOCFG:-} && -f $ZOOCFGDIR/zoo_sample.cfg ]]; then
            echo "No $CFG: using the sample; its data goes to $LOCKSTEP_HOME/data" >&2
            CFG=$ZOOCFGDIR/zoo_sample.cfg
        fi
    fi
    echo "Using config: $CFG" >&2
}

# Sets DATA_DIR, absolute, from CFG; empty when it has none.
find_data_dir() {
    DATA_DIR=$(cfg_value dataDir "$CFG")
    if [[ -n $DATA_DIR && $DATA_DIR != /* ]]; then
        DATA_DIR=$LOCKSTEP_HOME/${DATA_DIR#./}
    fi
}

# Sets PID_FILE.
find_pid_file() {
    find_data_dir
    if [[ -n ${ZOOPIDFILE:-} ]]; then
        PID_FILE=$ZOOPIDFILE
    else
        [[ -n $DATA_DIR ]] || die 1 "Error: $CFG gives no dataDir, so there is no place for the pid file; add dataDir=/path."
        PID_FILE=$DATA_DIR/zookeeper_server.pid
    fi
}

# True when PID_FILE names a process that is a Lockstep server: after a reboot its number may be somebody else's.
is_running() {
    [[ -f $PID_FILE ]] || return 1
    PID=$(<"$PID_FILE")
    [[ $PID =~ ^[0-9]+$ ]] && kill -0 "$PID" 2>/dev/null || return 1
    [[ ! -r /proc/$PID/cmdline ]] || tr '\0' ' ' <"/proc/$PID/cmdline" | grep -q "$MAIN"
}

# Sets CMD, the server's whole command line.
build_command() {
    local log_file=zookeeper-${USER:-$(id -un)}-server-${HOSTNAME:-$(uname -n)}.log
    local -a flags=("${OPENS[@]}" "-Xmx${ZK_SERVER_HEAP:-1000}m" -XX:+HeapDumpOnOutOfMemoryError "-XX:HeapDumpPath=$ZOO_LOG_DIR"
        "-XX:OnOutOfMemoryError=kill -9 %p" "-Dlockstep.home=$LOCKSTEP_HOME" "-Dzookeeper.log.dir=$ZOO_LOG_DIR"
        "-Dzookeeper.log.file=$log_file")
    if [[ -n $ARCHIVE ]]; then
        flags+=("-XX:SharedArchiveFile=$ARCHIVE" -Xshare:auto -Xlog:cds=off -Xlog:class+path=off)
    fi
    if [[ -f $ZOOCFGDIR/logback.xml ]]; then
        flags+=("-Dlogback.configurationFile=$ZOOCFGDIR/logback.xml")
    fi
    if [[ ${ZOO_DATADIR_AUTOCREATE_DISABLE:-} ]]; then
        flags+=(-Dzookeeper.datadir.autocreate=false)
    fi
    if [[ -n ${JMXPORT:-} ]]; then
        flags+=("-Dcom.sun.management.jmxremote.port=$JMXPORT" "-Dcom.sun.management.jmxremote.authenticate=${JMXAUTH:-false}"
            "-Dcom.sun.management.jmxremote.ssl=${JMXSSL:-false}"
            "-Dcom.sun.management.jmxremote.local.only=${JMXLOCALONLY:-false}")
        [[ -z ${JMXHOSTNAME:-} ]] || flags+=("-Djava.rmi.server.hostname=$JMXHOSTNAME")
    fi
    # The user's flags are split at blanks, as in ZooKeeper, and come last: the JVM takes the last of two that contradict.
    # shellcheck disable=SC2206
    local -a users=(${SERVER_JVMFLAGS:-} ${JVMFLAGS:-})
    CLASSPATH=$SERVER_JAR${CLASSPATH:+:$CLASSPATH}
    CMD=("$JAVA" "${flags[@]}" "${users[@]}" -cp "$CLASSPATH" "$MAIN" "$CFG")
}

require_server() {
    [[ -f $SERVER_JAR ]] || build "the server" -pl server -am
    find_java
    find_opens
    find_archive
    [[ -n $ARCHIVE || -n ${LOCKSTEP_SERVER_JAR:-} ]] || make_archive
}

# Sets ARCHIVE to the file that spares the JVM half of its start: the server's classes, already parsed and verified. It belongs to
# one JVM and one build; the JVM itself checks that, and starts without if it does not fit. Empty when there is none that fits.
find_archive() {
    ARCHIVE=$LOCKSTEP_HOME/server/target/lockstep-server-$JAVA_VERSION.jsa
    local lib=$LOCKSTEP_HOME/server/target/lib
    if [[ -n ${LOCKSTEP_SERVER_JAR:-} || ! -f $ARCHIVE ]] \
        || [[ -n $(find "$SERVER_JAR" "$lib" -newer "$ARCHIVE" -name '*.jar' -print -quit) ]]; then
        ARCHIVE=
    fi
}

# Writes that file in a trial start on a directory that is thrown away. Without it the server runs just as well, only later.
make_archive() {
    local dir target=$LOCKSTEP_HOME/server/target pid tenth
    [[ -w $target ]] && dir=$(mktemp -d) || return 0
    echo "preparing a faster start for Java $JAVA_VERSION once ..." >&2
    printf 'dataDir=%s/data\nclientPort=0\nclientPortAddress=127.0.0.1\n' "$dir" >"$dir/zoo.cfg"
    "$JAVA" "${OPENS[@]}" -XX:ArchiveClassesAtExit="$dir/classes.jsa" \
        -Dlogback.configurationFile="$LOCKSTEP_HOME/conf/logback.xml" -cp "$SERVER_JAR" "$MAIN" "$dir/zoo.cfg" >"$dir/out" 2>&1 &
    pid=$!
    for ((tenth = 0; tenth < START_TENTHS; tenth++)); do
        ! grep -q 'serves ZooKeeper clients' "$dir/out" || break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    [[ ! -f $dir/classes.jsa ]] || mv -f "$dir/classes.jsa" "$target/lockstep-server-$JAVA_VERSION.jsa"
    rm -rf "$dir"
    find_archive
}

start() {
    find_pid_file
    if is_running; then
        echo "Starting zookeeper ... already running as process $PID."
        exit 1
    fi
    require_server
    build_command
    mkdir -p "$ZOO_LOG_DIR" || die 1 "Error: $ZOO_LOG_DIR cannot be made; set ZOO_LOG_DIR to a directory that can be written."
    if [[ ! ${ZOO_DATADIR_AUTOCREATE_DISABLE:-} ]]; then
        mkdir -p "$(dirname "$PID_FILE")" || die 1 "FAILED TO WRITE PID"
    fi
    local out=$ZOO_LOG_DIR/zookeeper-${USER:-$(id -un)}-server-${HOSTNAME:-$(uname -n)}.out
    # The last words of the run before are often the reason for this one.
    [[ ! -s $out ]] || mv "$out" "$out.1"
    echo -n "Starting zookeeper ... "
    nohup "${CMD[@]}" >"$out" 2>&1 </dev/null &
    PID=$!
    echo "$PID" >"$PID_FILE" || { kill "$PID"; die 1 "FAILED TO WRITE PID"; }
    if await_start; then
        echo STARTED
        exit 0
    fi
    rm -f "$PID_FILE"
    echo "FAILED TO START"
    tail -n 5 "$out" >&2
    exit 1
}

# Waits until the server answers; false when its process ends first.
await_start() {
    local tenth
    for ((tenth = 0; tenth < START_TENTHS; tenth++)); do
        sleep 0.1
        kill -0 "$PID" 2>/dev/null || return 1
        ((tenth * 100 >= SEEN_MILLIS)) || continue
        # Port 0 means any free one: there is nobody to ask.
        if ! find_client_port || ((CLIENT_PORT == 0)) || srvr >/dev/null; then
            return 0
        fi
    done
    return 0
}

stop() {
    find_pid_file
    echo -n "Stopping zookeeper ... "
    if [[ ! -f $PID_FILE ]]; then
        echo "no zookeeper to stop (could not find file $PID_FILE)"
        return 0
    fi
    if ! is_running; then
        rm -f "$PID_FILE"
        echo "STOPPED (no such process any more)"
        return 0
    fi
    kill "$PID"
    local tenth
    for ((tenth = 0; tenth < STOP_TENTHS; tenth++)); do
        if ! kill -0 "$PID" 2>/dev/null; then
            rm -f "$PID_FILE"
            echo STOPPED
            return 0
        fi
        sleep 0.1
    done
    echo "process $PID still runs after $((STOP_TENTHS / 10)) s"
    return 1
}

# Prints what follows the first semicolon in this server's line: that of myid, or the only one. Nothing when there is none.
own_client_address() {
    local id='' line='' file dynamic
    find_data_dir
    [[ ! -r $DATA_DIR/myid ]] || read -r id <"$DATA_DIR/myid"
    dynamic=$(cfg_value dynamicConfigFile "$CFG")
    for file in "$CFG" "$dynamic"; do
        [[ -n $line || -z $id ]] || line=$(cfg_value "server.${id//[!0-9]/}" "$file")
    done
    if [[ -z $line ]]; then
        line=$(grep -hE '^[[:space:]]*server\.[0-9]+[[:space:]]*=.*;' "$CFG" "$dynamic" 2>/dev/null | head -n 1)
    fi
    [[ $line == *';'* ]] || return 0
    line=${line#*;}
    echo "${line%%;*}"
}

# Sets CLIENT_PORT and CLIENT_HOST from CFG; false when it has neither clientPort nor a client port in the server line.
find_client_port() {
    local line
    line=$(own_client_address)
    CLIENT_PORT=$(cfg_value clientPort "$CFG")
    CLIENT_HOST=$(cfg_value clientPortAddress "$CFG")
    CLIENT_PORT=${CLIENT_PORT:-${line##*:}}
    if [[ -z $CLIENT_HOST && $line == *:* ]]; then
        CLIENT_HOST=${line%:*}
    fi
    CLIENT_HOST=${CLIENT_HOST#[}
    CLIENT_HOST=${CLIENT_HOST%]}
    case $CLIENT_HOST in
        '' | 0.0.0.0 | ::) CLIENT_HOST=localhost ;;
    esac
    [[ $CLIENT_PORT =~ ^[0-9]+$ ]]
}

# Prints the answer to the four-letter word srvr; false without one.
srvr() {
    local answer
    answer=$(
        exec 2>/dev/null
        exec 3<>"/dev/tcp/$CLIENT_HOST/$CLIENT_PORT" || exit 1
        printf srvr >&3
        while IFS= read -r -t 5 -u 3 answer_line; do echo "$answer_line"; done
    )
    [[ $answer == *Mode:* ]] && echo "$answer"
}

status() {
    local answer
    find_client_port || die 1 "Client port not found in $CFG. Terminating."
    echo "Client port found: $CLIENT_PORT. Client address: $CLIENT_HOST. Client SSL: false."
    if ! answer=$(srvr); then
        echo "Error contacting service. It is probably not running."
        exit 1
    fi
    grep Mode <<<"$answer"
    # Who is there, and whether acknowledged writes may be forgotten, is what one looks for.
    grep -iE '^(view|fsync policy):' <<<"$answer"
    exit 0
}

command=${1:-}
case $command in
    start | start-foreground | stop | restart | status | print-cmd) find_config "${2:-}" ;;
    version | print-classpath) ;;
    *)
        usage
        exit 1
        ;;
esac
case $command in
    start) start ;;
    start-foreground)
        require_server
        build_command
        mkdir -p "$ZOO_LOG_DIR" 2>/dev/null
        if [[ -n ${ZOO_NOEXEC:-} ]]; then
            "${CMD[@]}"
            exit $?
        fi
        exec "${CMD[@]}"
        ;;
    stop) stop ;;
    restart)
        stop || exit 1
        start
        ;;
    status) status ;;
    print-cmd)
        find_java
        find_opens
        find_archive
        build_command
        printf '%q ' "${CMD[@]}"
        echo
        ;;
    print-classpath) echo "$SERVER_JAR${CLASSPATH:+:$CLASSPATH}" ;;
    version)
        require_server
        exec "$JAVA" -cp "$SERVER_JAR" org.lockstep.server.admin.Version
        ;;
esac
