#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel's recorder on a board's own time: a program on a timer runs on four CPUs for half a second, and the file that
# comes out of RAM says so.
#
# usage: record_test.sh ARCH IMAGE_BUILD BUILD
here=$(cd "$(dirname "$0")" && pwd)
. "$here/qemu.sh"
qemu_use "$1"
axiom=$3/tools/axiom/axiom object=$3/tests/image/ticks.bpf.o
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0

# check WHAT PATTERN COMMAND...: succeeds, and a line of what it says matches
check() {
    local what=$1 pattern=$2
    shift 2
    checks=$((checks + 1))
    "$@" > "$work/out" 2>&1 && grep -qE "$pattern" "$work/out" && return
    echo "FAILED: $what"; cat "$work/out"; failures=$((failures + 1))
}

fails() {
    "${@:2}"
    [[ $? == "$1" ]]
}

check "the image records" "^recorded " \
    "$axiom" qemu "$arch" --headless --smp 4 --mem 256 --bpf "$object" --record "$work/board.mcap" --stop-after 500
check "the file reads back, complete" "reason=complete .*dropped_messages=0 " "$axiom" trace info "$work/board.mcap"
cp "$work/out" "$work/info"
for line in "attached: bpf/ticks.bpf.o" "/bpf/run +[4-5][0-9] messages +output" "/bpf/map/ticks +1 message" "/log "; do
    check "the file has $line" "$line" cat "$work/info"
done
check "it is equal to itself" "^equal: 4[0-9]|^equal: 5[0-9]" "$axiom" diff "$work/board.mcap" "$work/board.mcap"
check "it replays on the desk" "^equal: [4-6][0-9] outputs in the board's order" "$axiom" replay --quiet "$work/board.mcap"
# For a board whose RAM nobody can read: the file on the console.
"$axiom" qemu "$arch" --headless --mem 128 --bpf "$object" --record "$work/ram.mcap" --stop-after 100 --append record.print > "$work/console" 2>&1
sed -n '/BEGIN AXIOM RECORDING/,/END AXIOM RECORDING/{//!p}' "$work/console" | tr -d '\r' | base64 -d > "$work/printed.mcap"
check "the console's file is that in RAM" "^same" bash -c "cmp '$work/ram.mcap' '$work/printed.mcap' && echo same"
check "it has runs" "/bpf/run" "$axiom" trace info "$work/printed.mcap"
# The same from there on: the desk's recording of that replay is replayed by an image on the simulated machine.
check "the desk records it" "^equal: " "$axiom" replay --quiet "$work/board.mcap" --record "$work/desk.mcap"
check "an image replays that" "^recorded " "$axiom" qemu "$arch" --headless --trace "$work/desk.mcap" --record "$work/image.mcap"
check "desk and image agree" "^equal: " "$axiom" diff "$work/desk.mcap" "$work/image.mcap"

# The least memory that the command takes is enough for the kernel's own word, and what QEMU complains of is told.
least=$("$axiom" qemu "$arch" --mem 1 2>&1 | grep -oE "needs [0-9]+" | tr -dc 0-9)
check "it boots in $least MiB" "boot: complete" "$axiom" qemu "$arch" --headless --mem "$least" --stop-after 10
check "QEMU's complaint is passed on" "^axiom: QEMU ended with 1: unsupported machine" \
    fails 6 "$axiom" qemu "$arch" --headless --machine nonesuch
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
