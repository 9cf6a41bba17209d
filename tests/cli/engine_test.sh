#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Compiled or interpreted: no recording tells which, not by one byte.
. "$(dirname "$0")/lib.sh"
# same NAME COMMAND...: the command records the same bytes with both engines, and with the default
same() {
    local name=$1 engine
    shift
    for engine in jit interp best; do
        check "$name, $engine" 0 "" "$@" --engine $engine --record $engine.mcap
    done
    cmp jit.mcap interp.mcap && cmp jit.mcap best.mcap
    is "$name: equal bytes" $? 0
}
run=("$axiom" run --quiet)
button=("${run[@]}" "$source_dir/examples/button_led/button.csv" --bind button=gpio/chip0/26 --bpf "$examples/button_led.bpf.o")
same "button" "${button[@]}"
check "replayed by the other engine" 0 "equal" "$axiom" replay jit.mcap --engine interp
# Which allocation is the nth depends on the engine: without a word it is the interpreter's, and a recording tells.
for engine in jit best interp; do
    check "the last allocation fails, $engine" 0 "" "${button[@]}" --engine $engine --fail-allocation 350 --record $engine.mcap
    check "and again" 0 "equal" "$axiom" replay $engine.mcap
done
cmp best.mcap interp.mcap
is "a failing allocation: equal bytes" $? 0
check "no such engine" 2 "best, jit or interp" "${button[@]}" --engine turbo
binds=()
while read -r bind; do binds+=(--bind "$bind"); done < "$source_dir/examples/gantry/bindings"
"$build/tools/gantry/gantry" --out gantry.mcap --seed 1
gantry=("${run[@]}" gantry.mcap "${binds[@]}" --bpf "$examples/position.bpf.o" --bpf "$examples/temperature.bpf.o"
    --bpf "$examples/vibration.bpf.o")
same "gantry" "${gantry[@]}"
same "gantry, costs of a Pi 5" "${gantry[@]}" --cpu-model rpi5
same "gantry, four CPUs" "${gantry[@]}" --cpus 4 --seed 7
if have_shared traces/sigrok_smoothieware/smoothieware.sr; then
    same "smoothieware" "${run[@]}" "$shared/traces/sigrok_smoothieware/smoothieware.sr" --bind 5=gpio/chip0/17 \
        --bind 6=gpio/chip0/27 --bind 3=gpio/chip0/5 --bind 4=gpio/chip0/6 --bpf "$examples/position_150mm.bpf.o"
fi
finish
