#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Run, record, replay, compare: equal configuration gives equal bytes; a changed program or a changed recording is found
# at the first output that differs.
. "$(dirname "$0")/lib.sh"
csv=$source_dir/examples/button_led/button.csv
object=$examples/button_led.bpf.o
run=("$axiom" run --quiet "$csv" --bind button=gpio/chip0/26 --bpf "$object")
sum() { sha256sum < "$1" | cut -d' ' -f1; }

check "run" 0 "button_led .* 8 runs" "${run[@]}" --record a.mcap
check "again" 0 "" "${run[@]}" --record b.mcap
is "equal bytes" "$(sum a.mcap)" "$(sum b.mcap)"
check "replay" 0 "equal: [0-9]+ outputs" "$axiom" replay a.mcap
check "replay records the same outputs" 0 "" "$axiom" replay a.mcap --record c.mcap
check "diff" 0 "equal" "$axiom" diff a.mcap c.mcap

# A loaded host changes nothing.
(for ((i = 0; i < 4; i++)); do (while :; do :; done) & done; sleep 30; kill $(jobs -p)) 2>/dev/null &
load=$!
check "under load" 0 "" "${run[@]}" --record loaded.mcap
pkill -P $load 2>/dev/null
kill $load 2>/dev/null
is "equal bytes under load" "$(sum a.mcap)" "$(sum loaded.mcap)"
check "in real time, fast" 0 "" "${run[@]}" --speed 20 --record paced.mcap
is "equal bytes when paced" "$(sum a.mcap)" "$(sum paced.mcap)"

# CPUs, seeds and allocators do not reach the outputs.
for cpus in 2 4 8; do
    for seed in 1 99; do
        check "$cpus CPUs, seed $seed" 0 "" "${run[@]}" --cpus $cpus --seed $seed --record smp.mcap
        check "same outputs with $cpus CPUs, seed $seed" 0 "equal" "$axiom" diff a.mcap smp.mcap
    done
done

# Yesterday's recording against today's program.
check "a changed program" 1 "DIFFERS at output" "$axiom" replay a.mcap --bpf "$build/tests/cli/inverted.bpf.o"
grep -q "^- recorded .*/gpio/chip0/16\|^- recorded .*/bpf/" output
is "it names the output" $? 0
cat > other.bpf.c << 'END'
#include <axiom/bpf.h>
char LICENSE[] SEC("license") = "Dual MIT/GPL";
SEC("gpio/chip0/line26/falling")
int button_led(struct axiom_gpio_ctx *ctx)
{
    return bpf_gpio_set(0, 16, 1) == 0 ? 0 : 1;
}
END
check "a program that nothing wakes is named" 0 "^program +button_led +gpio/chip0/line26/falling +never ran" \
    "$axiom" run --quiet "$csv" --bind button=gpio/chip0/20 --bpf "$object"
check "a program without maps: built" 0 "" "$axiom" bpf build other.bpf.c
check "its first other output is what it did, not what the kernel is like" 1 "^- recorded .*(/gpio/|/bpf/|/kernel/gpio)" \
    "$axiom" replay a.mcap --bpf other.o
"${run[@]/$object/$build/tests/cli/inverted.bpf.o}" --record other.mcap > /dev/null
check "diff finds the same" 1 "first difference" "$axiom" diff a.mcap other.mcap
check "as JSON" 1 '"equal": false' "$axiom" diff --json a.mcap other.mcap

# One recorded output is corrupted: the payload of the third LED change.
offset=$(grep -abo "press 3: LED 1" a.mcap | head -1 | cut -d: -f1)
cp a.mcap corrupt.mcap
printf 'X' | dd of=corrupt.mcap bs=1 seek="$offset" conv=notrunc 2> /dev/null
check "a corrupted recording" 1 "recorded .*Xress 3: LED 1" "$axiom" replay corrupt.mcap
grep -q "now .*press 3: LED 1" output
is "it says what comes now" $? 0

check "stops at an event" 0 "stopped at event 100" "$axiom" replay a.mcap --at 100
if command -v gdb > /dev/null; then
    line=$(sed -n 's/^stopped at event 100: //p' output)
    echo backtrace | "$axiom" replay a.mcap --at 100 --gdb > output 2>&1
    grep -q "SIGTRAP" output
    is "stops in gdb" $? 0
    grep -qF "axiom: at event 100: $line" output
    is "at the event" $? 0
    grep -q "in event_emit " output
    is "and gdb sees the kernel that emits it" $? 0
else
    echo "skipped: gdb is not installed"
fi
check "expectations hold" 0 "assertions hold" "${run[@]}" --expect "$source_dir/examples/button_led/expect.txt"
echo "count /gpio/chip0/16: == 4" > wrong.txt
check "expectations fail" 1 "NOT MET.*line 1" "${run[@]}" --expect wrong.txt
check "JSON" 0 '"runs": 8' "${run[@]}" --json

# In and out.
check "export" 0 "records" "$axiom" trace export a.mcap a.vcd
check "export" 0 "records" "$axiom" trace export a.mcap a.csv
check "the export is a trace" 0 "CSV" "$axiom" trace info a.csv
check "import" 0 "records" "$axiom" trace import "$csv" in.mcap --bind button=gpio/chip0/26
check "an imported trace binds itself" 0 "8 runs" "$axiom" run --quiet in.mcap --bpf "$object" --record d.mcap
check "and comes to the same" 0 "equal" "$axiom" diff a.mcap d.mcap
if command -v sigrok-cli > /dev/null; then
    check "sigrok reads the VCD" 0 "" sigrok-cli -i a.vcd -I vcd --show
else
    echo "skipped: sigrok-cli is not installed"
fi

# The kernel's allocations fail one by one: an error, or a run; never a crash, never a leak.
for n in 1 2 3 5 8 13 21 34 55 89 144 233 377; do
    "${run[@]}" --fail-allocation $n > output 2>&1
    code=$?
    [[ $code == 0 || $code == 3 ]]
    is "allocation $n fails in good order (exit code $code)" $? 0
done

finish
