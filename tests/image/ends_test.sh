#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# How an image ends: off, reboot, and all the ways in which a kernel can be wrong, each with its message, registers and a
# backtrace with names.
#
# usage: ends_test.sh IMAGE_BUILD
. "$(dirname "$0")/qemu.sh"
image=$1/axiom-x86_64-test.elf
output=$(mktemp) && trap 'rm -f "$output"' EXIT
checks=0 failures=0

# ends STATUS COMMAND-LINE CPUS TEXT...: each text must be on the console
ends() {
    local expected=$1 line=$2 cpus=$3 status
    shift 3
    boot "$image" "${MACHINE:-q35}" "$cpus" "$line" > "$output"
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

ends 33 ktest=off 1
ends 39 ktest=reboot 1
ends 37 ktest=panic 1 "kernel panic at" "asked to by the command line" " panic_at+0x" " run_all+0x" " thread_main+0x"
ends 37 ktest=null 1 "page fault: write at 0x0000000000000008: a NULL pointer" " rip " " ktest_port_end+0x"
ends 37 ktest=text 1 "page fault: write at 0xffffffff80200000: not allowed there" " ktest_port_end+0x"
ends 37 ktest=nx 1 "page fault: execution at" "not allowed there"
ends 37 ktest=overflow 1 "double fault" " recurse"
# Every CPU spins with interrupts masked but one: the watchdog there reports them all.
ends 37 ktest=hang 4 "watchdog:" "CPU 0:" "CPU 1:" "CPU 2:" "CPU 3:" " bark+0x" " arch_cpu_relax+0x"

# Without a test bench's port: power off and reset by the machine's own registers.
plain() {
    timeout 60 qemu-system-x86_64 -accel tcg -M q35 -cpu max -m 128 -display none -serial stdio -monitor none -no-reboot \
        -kernel "$image" -append "$1" < /dev/null > "$output" 2>&1
    checks=$((checks + 1))
    [[ $? == 0 ]] || { echo "FAILED: $1 by the machine's own registers"; cat "$output"; failures=$((failures + 1)); }
}
plain ktest=off
plain ktest=reboot

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
