#!/usr/bin/env bash
# Runs a command on a true RDMA stack, on a machine without an RDMA device: boots a small guest (QEMU, Debian's kernel,
# Soft-RoCE), runs the command in it, prints its output and exits with its code.
#
#   rdma/guest/run.sh [-t SECONDS] [-m MEGABYTES] [-n NUMBER,PEER] COMMAND [ARGUMENT...]
#
# The guest sees this machine's files, read-only beneath a layer of its own, so what it runs was built here and it can harm
# nothing. It has one RDMA device, rxe0, at 10.9.9.1 and 10.9.9.2. $GUEST_OUT in it is a directory of this machine, GUEST_OUT here
# or a temporary one, which it may write to; qemu.pid there is the guest's process. rdma/guest/prepare.sh installs what this
# needs.
# With -n it is one of two guests on a network of their own, at 10.9.9.NUMBER; PEER is listen=HOST:PORT for the one that is
# started first, and connect=HOST:PORT for the other, which is started once the file `begun` is in the first one's $GUEST_OUT.
set -euo pipefail

readonly HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
readonly IMAGE=$HERE/../target/guest
readonly TIMED_OUT=124    # as timeout(1)
readonly NO_GUEST=125     # the guest itself failed
readonly BOOT_SECONDS=${BOOT_SECONDS:-90}    # ten times what it takes

seconds=300
megabytes=2048
network=()
number=
boots_more=2
while getopts 't:m:n:' option; do
    case $option in
        t) seconds=$OPTARG ;;
        m) megabytes=$OPTARG ;;
        n)
            number=${OPTARG%%,*}
            network=(-netdev "socket,id=net,${OPTARG#*,}"
                -device "virtio-net-pci,netdev=net,romfile=,mac=52:54:00:09:09:0$number")
            ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
(($# > 0)) || { echo "Usage: $0 [-t seconds] [-m megabytes] command [argument...]" >&2; exit 2; }

"$HERE/prepare.sh" >&2

work=$(mktemp -d)
out=${GUEST_OUT:-$work/out}
mkdir -p "$out"
rm -f "$out/output" "$out/exit" "$out/begun"
: >"$out/output"
{
    printf 'export PATH=%q HOME=/root LC_ALL=C.UTF-8 GUEST_OUT=/run/guest\n' "$PATH"
    printf ': >/run/guest/begun\n'
    printf 'ulimit -l unlimited; ulimit -c 0\ncd %q || exit 125\nexec' "$PWD"
    printf ' %q' "$@"
    echo
} >"$out/command"

boot() {
    qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m "$megabytes" -smp 2 -display none -no-reboot -nodefaults \
        -kernel "$IMAGE/vmlinuz" -initrd "$IMAGE/initramfs.gz" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable clocksource=tsc${number:+ guest=$number}" "${network[@]}" \
        -serial "file:$work/console" \
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
        -virtfs "local,path=$out,mount_tag=out,security_model=none,multidevs=remap" </dev/null &
    qemu=$!
    echo "$qemu" >"$out/qemu.pid"
    tail -n +1 -f --pid="$qemu" -s 0.5 "$out/output" &
    tail=$!
    booted=$SECONDS
}

boot

finish() {
    kill "$qemu" 2>/dev/null || true
    wait "$qemu" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

while kill -0 "$qemu" 2>/dev/null; do
    if [[ ! -e $out/begun ]] && ((SECONDS - booted > BOOT_SECONDS && boots_more > 0)); then
        # Seen once in some hundred: both processors deal with interrupts and get no further, before the kernel says a word.
        echo "guest: not booted after $BOOT_SECONDS s; booting it anew" >&2
        boots_more=$((boots_more - 1))
        kill "$qemu"
        wait "$qemu" "$tail" || true
        boot
    fi
    if ((SECONDS - booted > seconds)); then
        kill "$qemu"
        wait "$tail" || true
        echo "guest: stopped after $seconds s; the end of its console:" >&2
        tail -n 20 "$work/console" >&2
        exit "$TIMED_OUT"
    fi
    sleep 0.2
done
wait "$tail" || true
if [[ ! -s $out/exit ]]; then
    echo "guest: it ended without running the command; the end of its console:" >&2
    tail -n 40 "$work/console" >&2
    exit "$NO_GUEST"
fi
exit "$(<"$out/exit")"
