#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Every example with its trace and its expectation; the gantry's comes from the physics, here with other seeds too.
. "$(dirname "$0")/lib.sh"
run=("$axiom" run --quiet)
check "button to LED" 0 "5 of 5 assertions hold" "${run[@]}" "$source_dir/examples/button_led/button.csv" \
    --bind button=gpio/chip0/26 --bpf "$examples/button_led.bpf.o" --expect "$source_dir/examples/button_led/expect.txt"
check "rangefinder" 0 "4 of 4 assertions hold" "${run[@]}" "$source_dir/examples/lidar/pulses.csv" \
    --bind pwm=gpio/chip0/4 --bpf "$examples/lidar.bpf.o" --expect "$source_dir/examples/lidar/expect.txt"
binds=()
while read -r bind; do binds+=(--bind "$bind"); done < "$source_dir/examples/gantry/bindings"
for seed in 1 2 3; do
    "$build/tools/gantry/gantry" --out gantry.mcap --seed $seed
    awk -f "$source_dir/examples/gantry/expect.awk" gantry.oracle.txt > expect.txt
    check "gantry, seed $seed" 0 "assertions hold" "${run[@]}" gantry.mcap "${binds[@]}" --expect expect.txt \
        --record run.mcap --bpf "$examples/position.bpf.o" --bpf "$examples/temperature.bpf.o" \
        --bpf "$examples/vibration.bpf.o"
    check "its replay" 0 "equal" "$axiom" replay run.mcap
done
# Edges, IMU and temperature samples, timers and the PWM's guard at once: no number of CPUs and no seed reaches the outputs.
for cpus in 2 4 8; do
    check "gantry, $cpus CPUs" 0 "assertions hold" "${run[@]}" gantry.mcap "${binds[@]}" --expect expect.txt --cpus $cpus \
        --seed $((cpus * 77)) --record smp.mcap --bpf "$examples/position.bpf.o" --bpf "$examples/temperature.bpf.o" \
        --bpf "$examples/vibration.bpf.o"
    check "the same outputs with $cpus CPUs" 0 "equal" "$axiom" diff run.mcap smp.mcap
done
# The generator's bytes are part of what must be equal everywhere.
"$build/tools/gantry/gantry" --out again.mcap --seed 3
cmp gantry.mcap again.mcap
is "the generator repeats itself" $? 0
finish
