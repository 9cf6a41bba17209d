#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# trace_test.sh BUILD: the card's image on the simulated board. Its own tests pass, on the small tree with one CPU and on the
# board's own with four; and a trace's edges give what sim gives, in the same order (the board's code takes time, so the times
# differ): levels and PWM registers, as the machine saw them, and runs of programs with their returns, PWM settings and the maps'
# final contents, as the kernel itself recorded them on the board's time.
set -u
build=$1 top=$(cd "$(dirname "$0")/../.." && pwd)
axiom=$build/tools/axiom/axiom board=$build/tools/rpi5board/rpi5board
dtb=${AXIOM_SHARED:-$top/../shared}/boards/bcm2712-rpi-5-b.dtb
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() { # TEXT COMMAND...
    checks=$((checks + 1))
    "${@:2}" || { failures=$((failures + 1)); echo "FAILED: $1"; tail -40 "$work/log"; }
}

"$axiom" image rpi5 "$work/tests" --test > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
passes() { # ARGUMENT...: every test of the kernel, on this board
    "$board" "$work/tests" "$@" > "$work/log" 2>&1 && grep -q '^# 0 of [0-9]* failed' "$work/log" && ! grep -q '^not ok' "$work/log"
}
check "the kernel's tests on one CPU" passes --smp 1
if [[ -f $dtb ]]; then
    check "the kernel's tests on four CPUs, with the board's own device tree" passes --dtb "$dtb"
else
    echo "skipped: ../shared/boards is missing"
fi

# outputs RECORDING CHANNEL UNTIL: the values of one channel, in order. What sim's kernel does when it stops is left out: the board's
# power is cut.
outputs() {
    "$axiom" trace export "$1" "$work/out.csv" > /dev/null 2>> "$work/log" || return 1
    awk -F, -v channel="$2" -v until="$3" '$2 == channel && $1 < until { print $3 }' "$work/out.csv"
}
# What the board's kernel recorded, again on the desk: all outputs, maps with times in them too.
replays() {
    check "$1: its recording replays on the desk" "$axiom" replay --quiet "$work/kernel.mcap" > "$work/log" 2>&1
    echo "$1: its recording on the desk: $(cat "$work/log")"
}
# same NAME TRACE CHANNELS MAP ARGUMENT...: `axiom run` and the board. MAP has a time in it, and is not compared.
same() {
    local name=$1 trace=$2 channels=$3 map=$4 objects=() binds=()
    shift 4
    while [[ $# -gt 0 ]]; do
        [[ $1 == --bpf ]] && objects+=("$1" "$2") || binds+=("$1" "$2")
        shift 2
    done
    "$axiom" run "$trace" --quiet --board "$build/boards/rpi5-board.dtb" "${binds[@]}" "${objects[@]}" --record "$work/sim.mcap" \
        > "$work/log" 2>&1 || { cat "$work/log"; failures=$((failures + 1)); return; }
    "$axiom" image rpi5 "$work/$name" "${objects[@]}" >> "$work/log" 2>&1
    local until=$(($(tail -n 1 "$trace" | cut -d, -f1) + 1200000000)) # inputs begin after a second
    check "$name: the board runs" "$board" "$work/$name" --smp 1 --trace "$trace" "${binds[@]}" --record "$work/board.mcap" \
        --kernel-record "$work/kernel.mcap" --stop-after $((until / 1000000)) >> "$work/log"
    check "$name: the kernel's own recording" "$axiom" diff --order --without "/bpf/map/$map" "$work/sim.mcap" "$work/kernel.mcap" > "$work/log"
    echo "$name: the kernel's own recording: $(cat "$work/log")"
    replays "$name"
    "$axiom" run "$work/kernel.mcap" --quiet --board "$build/boards/rpi5-board.dtb" "${objects[@]}" --record "$work/desk.mcap" > "$work/log" 2>&1
    check "$name: its recording as a trace" "$axiom" diff --order --without "/bpf/map/$map" "$work/desk.mcap" "$work/kernel.mcap" > "$work/log"
    for channel in $channels; do
        outputs "$work/sim.mcap" "$channel" "$until" > "$work/sim.txt"
        outputs "$work/board.mcap" "$channel" "$until" > "$work/board.txt"
        check "$name: $channel has values" test -s "$work/sim.txt"
        check "$name: $channel is equal" cmp "$work/sim.txt" "$work/board.txt"
        echo "$name: $channel: $(wc -l < "$work/board.txt") values"
    done
}
same button_led "$top/examples/button_led/button.csv" "/gpio/chip0/16 /gpio/chip0/26" button \
    --bind button=gpio/chip0/26 --bpf "$build/examples/button_led.bpf.o"

# 2.5 s of a line that rises 200 times a second, for some 2 ms.
awk 'BEGIN { print "time_ns,channel,value"; for (i = 0; i < 500; i++) {
    printf "%.0f,gpio/chip0/17,1\n%.0f,gpio/chip0/17,0\n", i * 5000000 + i % 7 * 1000, i * 5000000 + 2000000 + i % 11 * 3000 } }' > "$work/edges.csv"
same edges "$work/edges.csv" "/gpio/chip0/17 /gpio/chip0/16 /pwm/chip0/0" none --bpf "$build/tests/rpi5board/edges.bpf.o"

# The same recording with a program that gives back something else once.
checks=$((checks + 1))
"$axiom" replay --quiet "$work/kernel.mcap" --bpf "$build/tests/rpi5board/edges_other.bpf.o" > "$work/log" 2>&1
[[ $? == 1 ]] && grep -q "now .*returned 301" "$work/log" || { failures=$((failures + 1)); echo "FAILED: the other program's replay"; cat "$work/log"; }

# What --order finds, seen on that recording: a trace without one pulse, and programs that give back something else. Another time of
# an edge it does not see.
differs() { # TEXT TRACE OBJECT: the kernel's recording against sim's of another trace or program
    "$axiom" run "$2" --quiet --board "$build/boards/rpi5-board.dtb" --bpf "$3" --record "$work/other.mcap" > "$work/log" 2>&1
    checks=$((checks + 1))
    "$axiom" diff --order "$work/other.mcap" "$work/kernel.mcap" > "$work/log" 2>&1
    [[ $? == 1 ]] && grep -q "$1" "$work/log" || { failures=$((failures + 1)); echo "FAILED: $1 is not found"; cat "$work/log"; }
}
sed '602,603d' "$work/edges.csv" > "$work/less.csv"
differs "first difference: output number 199" "$work/less.csv" "$build/tests/rpi5board/edges.bpf.o"
differs "returned 301" "$work/edges.csv" "$build/tests/rpi5board/edges_other.bpf.o"
sed '603s/^[0-9]*/1503900000/' "$work/edges.csv" > "$work/late.csv"
"$axiom" run "$work/late.csv" --quiet --board "$build/boards/rpi5-board.dtb" --bpf "$build/tests/rpi5board/edges.bpf.o" \
    --record "$work/other.mcap" > "$work/log" 2>&1
check "a late edge is in order" "$axiom" diff --order "$work/other.mcap" "$work/kernel.mcap" > "$work/log"

# An interrupt that is lost and one that is late: the kernel finds the one and merges edges by the other; so does the replay.
printf 'at 1.5s lost-irq gpio@d0000 output=0\nat 2s late-irq gpio@d0000 delay=7ms\n' > "$work/faults.txt"
head -401 "$work/edges.csv" > "$work/two_seconds.csv"
"$board" "$work/edges" --smp 1 --trace "$work/two_seconds.csv" --fault "$work/faults.txt" --kernel-record "$work/kernel.mcap" \
    --stop-after 2200 > "$work/log" 2>&1
check "faults: the kernel finds the lost interrupt" grep -q "rp1_gpio: interrupt lost" "$work/log"
check "faults: edges are missing" test "$("$axiom" trace info "$work/kernel.mcap" | awk '$1 == "/bpf/run" { print $2 }')" -lt 399
replays faults

# Edges of one direction, a timer among them, and a sensor that is measured each second: all must come back from the kernel's recording.
awk 'BEGIN { print "time_ns,channel,value"; for (i = 0; i < 140; i++) { t = i * 13000000 + i % 7 * 100000
    printf "%.0f,gpio/chip0/17,1\n", t; if (i % 15 == 0) printf "%.0f,temp,%.1f\n", t, 20 + i / 20
    printf "%.0f,gpio/chip0/17,0\n", t + 3000000 } }' > "$work/mixed.csv"
"$axiom" image rpi5 "$work/mixed" --bpf "$build/tests/rpi5board/mixed.bpf.o" > "$work/log" 2>&1
check "mixed: the board runs, on four CPUs" "$board" "$work/mixed" --trace "$work/mixed.csv" --bind temp=iio/sht31/temp \
    --kernel-record "$work/kernel.mcap" --stop-after 3100 >> "$work/log"
"$axiom" replay --quiet "$work/kernel.mcap" --record "$work/desk.mcap" > "$work/log" 2>&1
check "mixed: the replay's own recording replays, to the nanosecond" "$axiom" replay --quiet "$work/desk.mcap" > "$work/log" 2>&1
replays mixed

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
