# Sourced, at the top of the repository, by what runs Java in the guest: builds the bridge and the module with its tests.
# shellcheck shell=bash disable=SC2034

readonly OUT=$PWD/rdma/target/guest-out
readonly ADDRESS=10.9.9.1
readonly BRIDGE=$PWD/rdma/native/build/linux-$(uname -m)/liblockstep-rdma.so
readonly TESTS=org.lockstep.rdma.guest
JAVA_COMMAND=("${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx768m --add-opens java.base/sun.nio.ch=ALL-UNNAMED
    "-Dlockstep.rdma.bridge=$BRIDGE")

# prepare_tests [MODULE]: sets CLASSPATH to that of the module's tests, rdma's unless given. MAVEN_FLAGS is passed on.
prepare_tests() {
    local module=${1:-rdma}
    rdma/guest/prepare.sh
    make -s -C rdma/native all checks
    mkdir -p "$OUT"
    # shellcheck disable=SC2086
    mvn -q -B --no-transfer-progress ${MAVEN_FLAGS:-} -pl "$module" -am test-compile dependency:build-classpath \
        -Dmdep.outputFile=target/guest.classpath -Dmdep.includeScope=test >"$OUT.maven.log" 2>&1 \
        || { tail -n 40 "$OUT.maven.log" >&2; exit 1; }
    CLASSPATH=$PWD/$module/target/test-classes:$PWD/$module/target/classes:$(<"$module/target/guest.classpath")
}
