#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# `axiom image rpi5`: what is on the card, and that its kernel, command line and initramfs work where QEMU has the part of the
# firmware. The board itself is tests/rpi5board's.
#
# usage: sdcard_test.sh ARCH IMAGE_BUILD BUILD
. "$(dirname "$0")/qemu.sh"
qemu_use "$1"
build=$3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() {
    checks=$((checks + 1))
    "${@:2}" || { echo "FAILED: $1"; failures=$((failures + 1)); }
}
axiom=$build/tools/axiom/axiom card=$work/card

printf '\xd0\x0d\xfe\xeda tree' > "$work/tree.dtb" # begins as a tree does (DTSpec section 5.2); more is the kernel's to judge
printf 'no tree' > "$work/no_tree.dtb"
checks=$((checks + 1))
"$axiom" image rpi5 "$work/refused" --dtb "$work/no_tree.dtb" 2> "$work/err" &&
    { echo "FAILED: a file that is no tree"; failures=$((failures + 1)); }
check "axiom image rpi5" "$axiom" image rpi5 "$card" --append "ktest=sched_every_cpu_runs_threads" --test \
    --dtb "$work/tree.dtb" --bpf "$build/examples/button_led.bpf.o"
for line in arm_64bit=1 kernel=kernel_2712.img os_check=0 pciex4_reset=0 device_tree=bcm2712-rpi-5-b.dtb; do
    check "config.txt has no $line" grep -qx "$line" "$card/config.txt"
done
check "config.txt has no initramfs" grep -qxE 'initramfs initramfs.cpio 0x[0-9a-f]+' "$card/config.txt"
check "the tree is another" cmp -s "$work/tree.dtb" "$card/bcm2712-rpi-5-b.dtb"
check "the header's magic" test "$(tail -c +57 "$card/kernel_2712.img" | head -c 4)" = "ARMd"
check "no button_led.bpf.o in the archive" grep -qa "button_led.bpf.o" "$card/initramfs.cpio"

MEMORY=256 CPU=cortex-a76 boot "$card/kernel_2712.img" virt,virtualization=on 4 "$(cat "$card/cmdline.txt")" \
    -initrd "$card/initramfs.cpio" > "$work/out"
status=$?
check "it ends with $status" test $status = 33
check "not every CPU ran" grep -q "^ok 1 - sched_every_cpu_runs_threads" "$work/out"
check "the program does not reach the kernel" grep -q "button_led" "$work/out"
check "a second time, without a tree and programs" "$axiom" image rpi5 "$work/other"
check "an initramfs that nobody asked for" test ! -e "$work/other/initramfs.cpio"
check "a tree that nobody gave" test -z "$(grep device_tree "$work/other/config.txt")"
checks=$((checks + 1))
"$axiom" image rpi5 "$work/tree.dtb" 2> "$work/err" && { echo "FAILED: a file as folder"; failures=$((failures + 1)); }
[[ $failures == 0 ]] || cat "$work/out"
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
