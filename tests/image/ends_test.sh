#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# How an image ends: off, reboot, and all the ways in which a kernel can be wrong, each with its message, registers and a
# backtrace with names. The cases of an architecture are in ends_ARCH.sh.
#
# usage: ends_test.sh ARCH IMAGE_BUILD
here=$(dirname "$0")
. "$here/qemu.sh"
qemu_use "$1"
image=$(image_of "$2" -test)
output=$(mktemp) && trap 'rm -f "$output"' EXIT
checks=0 failures=0

# ends STATUS COMMAND-LINE CPUS TEXT...: each text must be on the console
ends() {
    local expected=$1 line=$2 cpus=$3 status
    shift 3
    boot "$image" "${MACHINE:-$machine}" "$cpus" "$line" > "$output"
    status=$?
    checks=$((checks + 1))
    if [[ $status != "$expected" ]]; then
        echo "FAILED: \"$line\" ended with $status, not $expected"; cat "$output"; failures=$((failures + 1))
        return
    fi
    for text in "$@"; do
        checks=$((checks + 1))
        grep -qF -- "$text" "$output" || {
            echo "FAILED: \"$line\" says nothing of: $text"; cat "$output"; failures=$((failures + 1))
        }
    done
}

# plain COMMAND-LINE: without a test bench's way out, by the machine's own registers
plain() {
    checks=$((checks + 1))
    timeout 60 $qemu -accel tcg -M "$machine" -cpu "$cpu" -m 128 -nic none -display none -serial stdio -monitor none \
        -no-reboot -kernel "$image" -append "$1" < /dev/null > "$output" 2>&1 || {
        echo "FAILED: $1 by the machine's own registers"; cat "$output"; failures=$((failures + 1))
    }
}

ends 33 "ktest=off foo=1" 1 "command line: 'foo=1' is not known"
ends 39 ktest=reboot 1
ends 37 ktest=panic 1 "kernel panic at" "asked to by the command line" " panic_at+0x" " run_all+0x" " thread_main+0x"
# Every CPU spins with interrupts masked but one: the watchdog there reports them all.
ends 37 ktest=hang 4 "watchdog:" "CPU 0:" "CPU 1:" "CPU 2:" "CPU 3:" " bark+0x" " arch_cpu_relax+0x"
plain ktest=off
plain ktest=reboot
. "$here/ends_$arch.sh"

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
