#!/usr/bin/env bash
# The simulator of the ensemble's core: replays a seed, or runs many.
# simulate.sh --seed N [--trace] | --from N --count N | --hours H   [--seconds N] [--bug NAME [--focus]] [--stop]
# Exit code 1 when a seed fails.
set -u

LOCKSTEP_HOME=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=bin/zkEnv.sh
. "$LOCKSTEP_HOME/bin/zkEnv.sh"

find_java
classes=
for part in ensemble/target/test-classes ensemble/target/classes fsync-policy/target/classes; do
    classes+=$LOCKSTEP_HOME/$part:
done
if [[ ! -d $LOCKSTEP_HOME/ensemble/target/test-classes/org/lockstep/ensemble/sim ]]; then
    command -v mvn >/dev/null || die 1 "Error: the simulator is not built and mvn is not in PATH; install Maven."
    (cd "$LOCKSTEP_HOME" && mvn -q -B test-compile -pl ensemble -am >&2) || die 1 "Error: the simulator does not build."
fi
exec "$JAVA" -XX:+UseSerialGC -Xmx"${ZK_SIMULATOR_HEAP:-512}"m -cp "$classes" org.lockstep.ensemble.sim.SimulatorMain "$@"
