#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# `axiom image iso`: GRUB loads the image from a disc, on a PC with a BIOS and on one with UEFI; a program on the disc is
# loaded and attached.
#
# usage: iso_test.sh ARCH IMAGE_BUILD BUILD bios|uefi
. "$(dirname "$0")/qemu.sh"
qemu_use "$1"
build=$3 firmware=$4
top=$(cd "$(dirname "$0")/../.." && pwd)
for tool in grub-mkrescue xorriso mformat; do
    command -v $tool > /dev/null || { echo "skipped: $tool is missing (grub-common, xorriso, mtools)"; exit 77; }
done
words=()
case $firmware in
bios)
    [[ -d /usr/lib/grub/i386-pc ]] || { echo "skipped: grub-pc-bin is missing"; exit 77; } ;;
uefi)
    code=/usr/share/OVMF/OVMF_CODE_4M.fd
    [[ -d /usr/lib/grub/x86_64-efi && -e $code ]] || { echo "skipped: grub-efi-amd64-bin or ovmf is missing"; exit 77; }
    words=(-drive "if=pflash,format=raw,readonly=on,file=$code") ;;
esac
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() {
    checks=$((checks + 1))
    "${@:2}" || { echo "FAILED: $1"; failures=$((failures + 1)); }
}

check "axiom image iso" "$build/tools/axiom/axiom" image iso "$work/axiom.iso" --test --append "exit=debug ktest=sched_every_cpu_runs_threads" \
    --bpf "$build/examples/button_led.bpf.o"
timeout 100 $qemu -accel tcg -M q35 -cpu max -m 256 -smp 2 -display none -serial stdio -monitor none -no-reboot -net none \
    "${qemu_words[@]}" "${words[@]}" -cdrom "$work/axiom.iso" < /dev/null > "$work/out" 2>&1
status=$?
check "it ends with $status" test $status = 33
check "the loader is another" grep -q "^boot: multiboot2, .* 1 module, ACPI" "$work/out"
check "not every CPU ran" grep -q "^ok 1 - sched_every_cpu_runs_threads" "$work/out"
check "the program does not reach the kernel" grep -q "button_led" "$work/out"
[[ $failures == 0 ]] || cat "$work/out"
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
