#!/usr/bin/env bash
# Checks the model of the ensemble with spin: sound in each configuration, searched to the end; and each planted error is found.
# check.sh [NAME...]: only these configurations, planted errors or goals. Needs spin and gcc. Exit code 1 when anything is not as
# it must be.
set -uo pipefail

MODEL=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lockstep.pml
readonly MODEL
readonly MEGABYTES=${MODEL_MEGABYTES:-4000}

# What is searched to the end. VIEWS, MEMBERS and so on are explained in the model.
readonly SOUND=(
    "steady   -DSLOTS=2 -DINDEXES=2 -DBALLOTS=1 -DCRASHES=1"
    "rivals   -DSLOTS=1 -DINDEXES=2 -DBALLOTS=2 -DCRASHES=2 -DAT_ONCE"
    "pair     -DSLOTS=2 -DINDEXES=2 -DBALLOTS=2 -DCRASHES=2 -DAT_ONCE -DMEMBERS=3"
    "chain    -DSLOTS=1 -DINDEXES=1 -DBALLOTS=1 -DCRASHES=1 -DAT_ONCE -DVIEWS=2"
)

# Each planted error, the configuration in which it shows, and what it breaks.
readonly BUGS=(
    "CLAIM_BEFORE_DATA            steady skipped"
    "SENDS_BELOW_CLAIM            steady lost"
    "STABLE_BY_MAJORITY           rivals lost"
    "COUNTS_OWN_BEFORE_LOG        pair   lost"
    "SECURES_AFTER_REPORT         rivals lost"
    "TRIM_FROM_ROWS               rivals lost"
    "TRIM_MAX_WITHOUT_SHIPPING    rivals base"
    "TRIM_AT_FIRST_HOLE           steady lost"
    "ACCEPTED_IGNORED             rivals successors"
    "PROMISE_NOT_STORED           rivals successors"
    "ACCEPT_NOT_STORED            rivals successors"
    "VOTES_FORGOTTEN              rivals successors"
    "DECIDES_BY_ONE               rivals successors"
    "DECIDES_BEFORE_JOINER_READY  rivals base"
    "STAGING_REPLACES             rivals base -DBALLOTS=3"
    "TRANSFERS_DELIVERED_PART     rivals base"
    "SOURCE_FROM_OUTSIDE          pair   base"
    "KEEPS_SLOTS_ABOVE_TRIM       chain  extra"
)

# What the sound model must be able to reach: else its soundness says nothing.
readonly GOALS=(
    "JOINER                       rivals reached"
    "RESTART                      pair   reached"
    "PROPOSED_AGAIN               rivals reached"
    "CUT                          steady reached"
    "LAST_VIEW                    chain  reached"
)

# What the assertions say, as spin repeats them.
declare -rA BROKEN=(
    [skipped]='^!\(+data\[[^d]*$'
    [lost]='data.*delivered.*trim|decided.*==0\).*<=trim'
    [successors]='value\[.*==value\['
    [base]='staged(Part)?\[|logged\[.*>=trim'
    [reached]='^ *\(goal==0\)'
    [extra]='logged\[.*<=trim'
)

work=
trap '[[ -n $work ]] && rm -rf "$work"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# flags_of CONFIGURATION: leaves its flags in $flags.
flags_of() {
    local row
    for row in "${SOUND[@]}"; do
        if [[ ${row%% *} == "$1" ]]; then
            read -ra flags <<<"${row#* }"
            return
        fi
    done
    fail "no configuration is called $1"
}

# search NAME OPTIMISE FLAG...: leaves the verifier's words in $work/NAME/out. The last of two equal flags counts.
search() {
    local name=$1 optimise=$2 flag
    shift 2
    local -A last=()
    for flag in "$@"; do
        last[${flag%%=*}]=$flag
    done
    mkdir -p "$work/$name"
    cd "$work/$name" || exit 1
    spin -a "${last[@]}" "$MODEL" >spin 2>&1 || fail "$name: spin does not take the model: $(head -n 3 spin)"
    gcc "$optimise" -w -DSAFETY -DNOFAIR -DMEMLIM="$MEGABYTES" -o pan pan.c || fail "$name: the verifier does not compile"
    ./pan -m10000 -w23 >out 2>&1
    cd "$OLDPWD" || exit 1
}

must_be_sound() {
    local name=$1 out=$work/$1/out begun=$SECONDS found flags
    flags_of "$name"
    search "$name" -O2 "${flags[@]}"
    grep -q 'errors: 0' "$out" || fail "$name: $(grep -m1 'pan:1:' "$out" || tail -n 5 "$out")"
    ! grep -qE 'Search not completed|max search depth too small|out of memory' "$out" || fail "$name: not searched to the end"
    found=$(awk '/states, stored/ { print $1 }' "$out")
    printf '%-30s sound: %9d states, %4d s, %s MB\n' "$name" "$found" $((SECONDS - begun)) \
        "$(awk '/total actual memory/ { printf "%d", $1 }' "$out")"
    states=$((states + found))
    configurations=$((configurations + 1))
}

must_be_found() {
    local what=$1 bug=$2 configuration=$3 property=$4 out=$work/$2/out broken flags
    flags_of "$configuration"
    search "$bug" -O0 "${flags[@]}" "${@:5}" -D"$what"_"$bug"
    broken=$(sed -n 's/^pan:1: assertion violated *\(.*\) (at depth.*/\1/p' "$out")
    [[ -n $broken ]] || fail "$bug: not found"
    [[ $broken =~ ${BROKEN[$property]} ]] || fail "$bug: breaks something else than \"$property\": $broken"
    printf '%-30s found: %9d states, %s\n' "$bug" "$(awk '/states, stored/ { print int($1) }' "$out")" "$property"
}

wanted() {
    local name=$1 one
    ((${#only[@]} == 0)) && return 0
    for one in "${only[@]}"; do
        [[ $one == "$name" ]] && return 0
    done
    return 1
}

command -v spin >/dev/null || fail "spin is not installed (apt-get install spin)"
command -v gcc >/dev/null || fail "gcc is not installed (apt-get install gcc libc6-dev)"
only=("$@")
states=0 configurations=0 bugs=0 goals=0
work=$(mktemp -d)
for row in "${SOUND[@]}"; do
    wanted "${row%% *}" && must_be_sound "${row%% *}"
done
for row in "${BUGS[@]}"; do
    # shellcheck disable=SC2086
    wanted "${row%% *}" && must_be_found BUG $row && bugs=$((bugs + 1))
done
for row in "${GOALS[@]}"; do
    # shellcheck disable=SC2086
    wanted "${row%% *}" && must_be_found GOAL $row && goals=$((goals + 1))
done
((configurations + bugs + goals > 0)) || fail "nothing is called ${only[*]}"
printf 'model: %d configurations sound in all their %d states, %d planted errors found, %d goals reached; %d s\n' \
    "$configurations" "$states" "$bugs" "$goals" "$SECONDS"
