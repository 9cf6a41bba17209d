#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Whatever comes in broken: a message with its place and the way out, exit code 3 (4 for a refused program, 6 for a full
# disk), and what was recorded is a valid file.
. "$(dirname "$0")/lib.sh"
csv=$source_dir/examples/button_led/button.csv
object=$examples/button_led.bpf.o
run=("$axiom" run --quiet)
good=("${run[@]}" "$csv" --bind button=gpio/chip0/26 --bpf "$object")
head -c 5000 /dev/urandom > garbage

# Traces.
check "missing trace" 3 "cannot be opened" "${run[@]}" nosuch.csv
check "garbage trace" 3 "no trace of a known kind" "${run[@]}" garbage
check "endless trace" 3 "not a regular file" "${run[@]}" /dev/zero
check "a folder" 3 "" "${run[@]}" /
: > empty.csv
check "empty trace" 3 "" "${run[@]}" empty.csv
printf 'time_ns,channel,value\n10,a,1\n5,a,0\n' > back.csv
check "time runs backwards" 3 "back.csv:3:1: time runs backwards" "${run[@]}" back.csv --bind a=gpio/chip0/4
printf 'time_ns,channel,value\n10,a,1\n20,a,maybe\n' > word.csv
check "no number" 3 "word.csv:3:" "${run[@]}" word.csv --bind a=gpio/chip0/4
check "unknown channel" 3 "no channel 'nosuch'" "${run[@]}" "$csv" --bind nosuch=gpio/chip0/4
check "unknown device" 3 "this board has: .*iio/imu0" "${run[@]}" "$csv" --bind button=gpio/chip0/99
check "a line is no sensor" 3 "the device a sensor" "${run[@]}" "$csv" --bind button=iio/imu0
check "unbound channels are listed" 0 "not bound .*button" "${run[@]}" "$csv"

# What came before the bad place is recorded, and the file is whole.
{ cat "$csv"; echo "2600000000,button,oops"; } > late.csv
check "broken late" 3 "late.csv:20:" "${run[@]}" late.csv --bind button=gpio/chip0/26
if have_shared traces/sigrok_smoothieware/smoothieware.sr; then
    cp "$shared/traces/sigrok_smoothieware/smoothieware.sr" damaged.sr
    chmod u+w damaged.sr
    printf 'XXXXXXXX' | dd of=damaged.sr bs=1 seek=120000 conv=notrunc 2> /dev/null
    check "broken half way" 3 "damaged.sr" "${run[@]}" damaged.sr --bind 5=gpio/chip0/17 --record half.mcap
    check "recorded until there" 0 "MCAP" "$axiom" trace info half.mcap
fi

# Programs.
check "garbage object" 3 "not an ELF file" "${run[@]}" "$csv" --bpf garbage
head -c 500 "$object" > cut.o
check "cut object" 3 "cut.o: offset" "${run[@]}" "$csv" --bpf cut.o
check "missing object" 3 "nosuch.o" "${run[@]}" "$csv" --bpf nosuch.o
check "refused program" 4 "unsafe.bpf.c:[0-9]+" "${run[@]}" "$csv" --bpf "$build/tests/cli/unsafe.bpf.o"
check "verify says so too" 4 "REFUSED" "$axiom" bpf verify "$build/tests/cli/unsafe.bpf.o"
check "a map that only Linux has" 3 "arena: type 33 is not one that this library has" "$axiom" bpf verify "$build/tests/cli/arena.bpf.o"
check "Linux has it" 0 "accepted  address" "$axiom" bpf verify --linux "$build/tests/cli/arena.bpf.o"
check "no such pin on this board" 3 "no gpio/chip3" "${run[@]}" "$csv" --bpf "$build/tests/cli/elsewhere.bpf.o"
check "levels are no attach points" 3 "levels are not attach points yet" "${run[@]}" "$csv" --bpf "$build/tests/replay/level.bpf.o"

# Boards.
check "garbage board" 3 "dtc" "${run[@]}" "$csv" --board garbage
board=$build/boards/sim-rpi5.dtb
for size in 0 3 40 700 3000 $(($(stat -c %s "$board") - 1)); do
    head -c $size "$board" > cut.dtb
    check "board cut at $size" 3 "" "${run[@]}" "$csv" --board cut.dtb
done
printf '/dts-v1/; / { #address-cells=<2>; #size-cells=<2>; compatible="x"; thing { compatible = "nobody,knows"; }; };' > odd.dts
dtc -q -I dts -O dtb -o odd.dtb odd.dts
check "unknown compatible, and no memory" 0 "1 without a driver" "${run[@]}" "$csv" --board odd.dtb --verbose

# Expectations and faults.
echo "sometimes /x" > bad.expect
check "expectation" 3 "bad.expect:1: " "${good[@]}" --expect bad.expect
echo "at noon nack i2c@74000" > bad.fault
check "fault script" 3 "line 1" "${good[@]}" --fault bad.fault

# The host.
check "nowhere to record" 6 "No such file" "${good[@]}" --record /nosuch/x.mcap
check "limit" 6 "limit.mcap" "${good[@]}" --record limit.mcap --record-limit 30000
check "limited file is valid" 0 "MCAP" "$axiom" trace info limit.mcap
if [[ $(id -u) == 0 ]] && mkdir full && mount -t tmpfs -o size=200k tmpfs full 2>/dev/null; then
    printf 'time_ns,channel,value\n' > long.csv
    for ((i = 1; i <= 20000; i++)); do echo "$((i * 1000)),a,$((i % 2))"; done >> long.csv
    check "full disk" 6 "full/x.mcap" "${run[@]}" long.csv --bind a=gpio/chip0/26 --bpf "$object" --record full/x.mcap
    check "what fitted is valid" 0 "MCAP" "$axiom" trace info full/x.mcap
    umount full
else
    echo "skipped: a full disk: only root can mount a small one here"
fi

# Recordings.
check "replay of a CSV" 3 "" "$axiom" replay "$csv"
check "a good run" 0 "" "${good[@]}" --record good.mcap
head -c 20000 good.mcap > cut.mcap
check "replay of a cut file" 3 "cut.mcap" "$axiom" replay cut.mcap
check "diff with a cut file" 3 "cut.mcap" "$axiom" diff good.mcap cut.mcap
check "a run of many chunks" 0 "" "${good[@]}" --hash 50us --record many.mcap
head -c $(($(stat -c %s many.mcap) * 2 / 3)) many.mcap > late.mcap
check "report of a cut file" 3 "late.mcap" "$axiom" report late.mcap --output cut.html
check "the page has what there is" 0 "" grep -q "the recording was cut" cut.html
check "report of what is no recording" 3 "" "$axiom" report "$csv" --output none.html
is "makes no page" "$(ls none.html 2> /dev/null)" ""
finish
