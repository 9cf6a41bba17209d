#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The UART's driver on QEMU's PL011 or 16550: what the host sends comes by interrupt, all of it and in order, and what the
# kernel sends while its own console prints too is not cut.
#
# usage: uart_test.sh ARCH IMAGE_BUILD MACHINE CPUS
. "$(dirname "$0")/qemu.sh"
qemu_use "$1"
image=$(image_of "$2" -test) on=$3 cpus=$4
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() {
    checks=$((checks + 1))
    "${@:2}" || { echo "FAILED: $1"; failures=$((failures + 1)); }
}

for ((i = 0; i < 40; i++)); do printf "axiom test input %02d\n" $i; done > "$work/input"
for test in console_receives console_sends; do
    INPUT=$work/input SECONDS_MAX=60 boot "$image" "$on" "$cpus" "ktest=$test" > "$work/$test"
    status=$?
    check "$test: the image ends with $status" test $status = 33
    check "$test: not ok" grep -q "^ok 1 - $test.\?\$" "$work/$test"
done
check "the lines that the kernel sent are cut" test "$(grep -c '^axiom test console.\?$' "$work/console_sends")" = 50
[[ $failures == 0 ]] || cat "$work"/console_*
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
