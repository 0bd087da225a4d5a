#!/usr/bin/env bash
# Makes what rdma/guest/run.sh boots, in rdma/target/guest: Debian's kernel, unpacked and not installed, and an initramfs of
# busybox, the modules it needs and `init`. Does nothing when they are there. Installs the Debian packages that it takes to build
# the bridge and to run the guest.
set -euo pipefail

readonly HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
readonly IMAGE=$HERE/../target/guest
readonly PACKAGES=(gcc libc6-dev make qemu-system-x86 busybox-static cpio kmod rdma-core librdmacm1 libibverbs1 ibverbs-providers
    ibverbs-utils rdmacm-utils perftest librdmacm-dev libibverbs-dev iproute2)
# crc32_generic: Soft-RoCE asks the kernel for crc32 by name, and says only "failed to add" without it.
readonly MODULES=(crc32_generic virtio_pci 9pnet_virtio 9p overlay rdma_rxe rdma_ucm ib_uverbs dummy veth virtio_net)

as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

install_packages() {
    local -a missing=()
    local package
    for package in "${PACKAGES[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0
    echo "guest: installing ${missing[*]}"
    local -a install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
    as_root "${install[@]}" >/dev/null 2>&1 || { as_root apt-get update -q >/dev/null && as_root "${install[@]}" >/dev/null; }
}

# Unpacks the kernel package that linux-image-amd64 stands for into $1, and prints its version.
unpack_kernel() {
    local package
    package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' | head -n 1)
    [[ -n $package ]] || { as_root apt-get update -q >/dev/null; package=$(apt-cache depends linux-image-amd64 \
        | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' | head -n 1); }
    [[ -n $package ]] || { echo "guest: apt-get knows no kernel package" >&2; return 1; }
    (cd "$1" && apt-get download -q "$package" >/dev/null 2>&1) || { echo "guest: cannot download $package" >&2; return 1; }
    dpkg -x "$1/$package"_*.deb "$1"
    echo "${package#linux-image-}"
}

# Copies the modules and all they need into $3, and writes the order to load them in.
pick_modules() {
    local kernel=$1 version=$2 into=$3 module path
    depmod -b "$kernel" "$version"
    for module in "${MODULES[@]}"; do
        modprobe -d "$kernel" -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" {print $2}'
    done | awk '!seen[$0]++' >"$into/paths"
    while read -r path; do
        cp "$path" "$into/"
        basename "$path"
    done <"$into/paths" >"$into/order"
    rm "$into/paths"
}

install_packages
if [[ -f $IMAGE/vmlinuz && $IMAGE/initramfs.gz -nt $HERE/init && $IMAGE/initramfs.gz -nt $HERE/prepare.sh ]]; then
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/kernel" "$work/tree/modules" "$IMAGE"
version=$(unpack_kernel "$work/kernel")
mkdir -p "$work"/tree/{bin,proc,sys,dev,host,layer,root}
pick_modules "$work/kernel" "$version" "$work/tree/modules"
cp "$(command -v busybox)" "$work/tree/bin/busybox"
install -m 755 "$HERE/init" "$work/tree/init"
(cd "$work/tree" && find . | cpio -o -H newc --quiet) | gzip -1 >"$IMAGE/initramfs.gz"
cp "$work/kernel/boot/vmlinuz-$version" "$IMAGE/vmlinuz"
echo "guest: prepared with Linux $version ($(wc -l <"$work/tree/modules/order") modules)"
