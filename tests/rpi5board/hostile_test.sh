#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# hostile_test.sh BUILD: what a board is handed is not what it should be. Each time the kernel says on UART10 what is wrong, or where it
# cannot, the board's watchdog says where it hangs; nothing runs on for ever.
set -u
build=$1
axiom=$build/tools/axiom/axiom board=$build/tools/rpi5board/rpi5board tree=$build/boards/rpi5-board.dtb
command -v fdtput > /dev/null || { echo "skipped: fdtput is missing (device-tree-compiler)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0 failures=0

# says STATUS TEXT ARGUMENT...: how the board ends, and what it or the kernel says before
says() {
    local expected=$1 text=$2 status
    shift 2
    timeout 60 "$board" --smp 1 --stop-after 10 "$@" > "$work/out" 2>&1
    status=$?
    checks=$((checks + 1))
    [[ $status == "$expected" ]] && grep -qF -- "$text" "$work/out" && return
    failures=$((failures + 1))
    echo "FAILED: $* ended with $status, not $expected, or says nothing of: $text"
    tail -20 "$work/out"
}
# tree PROPERTIES...: the board's, changed by fdtput
changed() {
    cp "$tree" "$work/changed.dtb" && fdtput "${@:1:1}" "$work/changed.dtb" "${@:2}"
}

"$axiom" image rpi5 "$work/card" --bpf "$build/tests/rpi5board/edges.bpf.o" > "$work/out" 2>&1 ||
    { cat "$work/out"; exit 1; }
says 0 "kernel: stopping" "$work/card"

# The tree: none, no tree at all, half of one, without memory, with too little, without what a kernel cannot do without.
says 0 "cannot boot: x0 does not lead to a device tree" "$work/card" --kernel-dtb none
head -c 3000 "$board" > "$work/other.dtb"
says 0 "cannot boot: x0 does not lead to a device tree" "$work/card" --kernel-dtb "$work/other.dtb"
head -c 3000 "$tree" > "$work/half.dtb"
says 0 "boot: the device tree is broken: FDT_ERR_" "$work/card" --kernel-dtb "$work/half.dtb"
changed -r /memory@0
says 0 "cannot boot: the device tree names no memory" "$work/card" --kernel-dtb "$work/changed.dtb"
for pair in "0:names no memory" "90000:too little memory" "a0000:too little memory for page tables" "b0000:boot: CPUs failed with error -12"; do
    changed -tx /memory@0 reg 0 0 0 "${pair%%:*}"
    says 0 "${pair#*:}" "$work/card" --smp 4 --kernel-dtb "$work/changed.dtb"
done
says 3 "bytes of RAM, there are 67108864" "$work/card" --mem 64 # the archive's place is beyond
changed -r /soc@107c000000/interrupt-controller@7fff9000
says 0 "gic: the device tree has no interrupt controller that this kernel knows" "$work/card" --kernel-dtb "$work/changed.dtb"
says 0 "CPU 3 does not start" "$work/card" --kernel-dtb "$tree" --smp 2

# RP1: the machine has no bridge; or the way of its messages is left alone, and its pins are polled.
changed -ts /axi/pcie@1000120000 status disabled
says 0 "pcie@1000120000: the link to RP1 is down" "$work/card" --kernel-dtb "$tree" --dtb "$work/changed.dtb"
says 0 "boot: interlock failed with error -22" "$work/card" --kernel-dtb "$tree" --dtb "$work/changed.dtb"
changed -d /axi/pcie@1000120000 dma-ranges
says 0 "RP1's interrupts may not arrive (error 22); gpio.poll_us=100 polls pins" "$work/card" --kernel-dtb "$work/changed.dtb"
changed -tx /axi/pcie@1000120000 dma-ranges 3000000 ff fffff000 10 130000 0 1800
says 0 "dma-ranges has no window for msi-controller@1000130000" "$work/card" --kernel-dtb "$work/changed.dtb"
changed -tx /axi/pcie@1000120000/rp1 ranges c0 40000000 2000000 0 4000 0 410000
says 0 "there is no RP1: CHIP_ID is 0x" "$work/card" --kernel-dtb "$work/changed.dtb"
printf 'time_ns,channel,value\n0,gpio/chip0/17,0\n1000000,gpio/chip0/17,1\n30000000,gpio/chip0/17,0\n' > "$work/pin.csv"
polls() { # RUNS ARGUMENT...: programs that ran at two edges
    checks=$((checks + 1))
    timeout 60 "$board" "$work/card" --smp 1 --trace "$work/pin.csv" --stop-after 1200 --kernel-record "$work/kernel.mcap" \
        --append "$2" > "$work/out" 2>&1
    [[ $("$axiom" trace info "$work/kernel.mcap" | grep -c "/bpf/run  *$1 messages") == 1 ]] && return
    failures=$((failures + 1)); echo "FAILED: $2: not $1 runs"; tail -20 "$work/out"; "$axiom" trace info "$work/kernel.mcap"
}
polls 2 rp1.anything
polls 2 "rp1.keep gpio.poll_us=100"

# The archive of programs: not there, or no archive.
cp "$work/card/initramfs.cpio" "$work/initramfs.cpio"
rm "$work/card/initramfs.cpio"
says 0 "initramfs.cpio cannot be opened, and the kernel gets none" "$work/card"
says 0 "boot: complete" "$work/card"
head -c 3000 "$work/initramfs.cpio" > "$work/card/initramfs.cpio"
says 0 "is a broken archive" "$work/card"
head -c 5000 "$board" > "$work/card/initramfs.cpio"
says 0 "boot: complete" "$work/card"
cp "$work/initramfs.cpio" "$work/card"

# The kernel: cut anywhere, or full of wrong bits. It may not be able to say anything any more.
cp "$work/card/kernel_2712.img" "$work/kernel"
for size in 0 1000 300000; do
    head -c $size "$work/kernel" > "$work/card/kernel_2712.img"
    says 5 "watchdog: no device was touched and no CPU waited" "$work/card" --watchdog 200
done
python3 - "$work/kernel" "$work/card/kernel_2712.img" <<'END'
import sys
image = bytearray(open(sys.argv[1], 'rb').read())
at = 1
for _ in range(2000):
    at = at * 48271 % 0x7fffffff
    image[64 + at % (len(image) - 64)] ^= 1 << at % 7
open(sys.argv[2], 'wb').write(image)
END
timeout 60 "$board" "$work/card" --watchdog 200 > "$work/out" 2>&1
status=$?
checks=$((checks + 1))
[[ $status =~ ^[0-5]$ ]] && ! grep -q Sanitizer "$work/out" || { failures=$((failures + 1)); echo "FAILED: wrong bits end with $status"; tail "$work/out"; }

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
