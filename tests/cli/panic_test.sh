#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel panics in the middle of a recorded run: the last words lead back to the place, the recording is whole up to
# it, and replaying that recording comes to the same panic. The command is the product's with a faulty driver linked in.
. "$(dirname "$0")/lib.sh"
csv=$source_dir/examples/button_led/button.csv
bad_axiom=$build/tests/cli/axiom_with_trouble
arguments=(run --quiet "$csv" --bind button=gpio/chip0/26 --bpf "$examples/button_led.bpf.o" --seed 4711)

cp "$build/boards/sim-rpi5.dtb" calm.dtb
chmod u+w calm.dtb
fdtput -c calm.dtb /trouble
fdtput -t s calm.dtb /trouble compatible axiom,test-trouble
cp calm.dtb panics.dtb
fdtput -t i panics.dtb /trouble panic-after-ms 2000

check "a panic has its exit code" 5 "kernel panic at .*trouble_driver.c:[0-9]+: BUG_ON" \
    "$bad_axiom" "${arguments[@]}" --board panics.dtb --record panic.mcap
# Trace position 8: the eighth edge after the initial level, 0.742350 s, one second after power-on; the next is at 1.25 s.
for words in "seed 4711" "virtual time 2.0000000" "event [0-9]+" "trace position 8 \(input [0-9]+, source time 742350000" \
    "trouble_panics\+0x" "trouble_comes\+0x" "the log's last lines" "recorded in panic.mcap"; do
    grep -qE -- "$words" output
    is "the panic says: $words" $? 0
done
check "without a recording, too" 5 "kernel panic" "$bad_axiom" "${arguments[@]}" --board panics.dtb

# What is in the file is what a run that does not panic put out until then.
check "the recording is whole" 0 "axiom.end: reason=kernel panic at .*trouble_driver.c" "$axiom" trace info panic.mcap
check "the same without the trouble" 0 "" "$bad_axiom" "${arguments[@]}" --board calm.dtb --record calm.mcap
check "exported" 0 "records" "$axiom" trace export panic.mcap panic.csv
check "exported" 0 "records" "$axiom" trace export calm.mcap calm.csv
before() { grep -v ",end$" "$1" | tr -d "# " | awk -F, "NR > 1 && \$1 < 2000000000"; }
is "the events of both until then" "$(before panic.csv | sha256sum)" "$(before calm.csv | sha256sum)"
is "they are many" "$(($(before panic.csv | wc -l) > 60))" 1
before panic.csv | grep -q "^17423500.*,/gpio/chip0/26,"
is "the last edge is among them" $? 0

check "its replay panics again" 5 "kernel panic at .*trouble_driver.c" "$bad_axiom" replay panic.mcap
grep -q "ended early (kernel panic at .*trouble_driver.c" output
is "and the replay says how the recorded run ended" $? 0
check "where the driver is mended it goes on" 0 "equal" "$axiom" replay panic.mcap
finish
