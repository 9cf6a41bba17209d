#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The image entered by Limine's boot protocol, spoken by a loader of ours (tests/image/limine): another physical address,
# another direct map, a module. Limine itself is not packaged.
#
# usage: limine_test.sh ARCH IMAGE_BUILD BUILD
here=$(cd "$(dirname "$0")" && pwd)
. "$here/qemu.sh"
qemu_use "$1"
images=$2 build=$3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() {
    checks=$((checks + 1))
    "${@:2}" || { echo "FAILED: $1"; failures=$((failures + 1)); }
}

strip -o "$work/kernel.elf" "$(image_of "$images" -test)"
check "the loader compiles" gcc -m64 -O2 -Wall -Wextra -ffreestanding -fno-pic -fno-pie -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
    -fcf-protection=none -fno-asynchronous-unwind-tables -mcmodel=large -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
    -Wl,--no-warn-rwx-segments -Wl,-T,"$here/limine/loader.lds" -DKERNEL="\"$work/kernel.elf\"" \
    -DMODULE="\"$build/examples/button_led.bpf.o\"" "$here/limine/loader.S" "$here/limine/loader.c" -o "$work/loader.elf"
SECONDS_MAX=60 MEMORY=256 boot "$work/loader.elf" q35 2 "ktest=sched_every_cpu_runs_threads" > "$work/out"
status=$?
check "it ends with $status" test $status = 33
check "the loader, or what it gave, is another" grep -q "^boot: Limine, .* MiB of RAM, 1 module, ACPI" "$work/out"
check "not every CPU ran" grep -q "^ok 1 - sched_every_cpu_runs_threads" "$work/out"
check "the program does not reach the kernel" grep -q "button_led" "$work/out"
[[ $failures == 0 ]] || cat "$work/out"
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
