#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Help teaches, and what is typed wrong ends with exit code 2 and a way out.
. "$(dirname "$0")/lib.sh"
csv=$source_dir/examples/button_led/button.csv
check "no command" 2 "usage: axiom" "$axiom"
check "help" 0 "Exit codes" "$axiom" --help
for command in run replay diff view report trace bpf qemu image; do
    check "help of $command" 0 "usage: axiom $command" "$axiom" $command --help
done
check "unknown command" 2 "no command 'frob'" "$axiom" frob
check "unknown option" 2 "axiom run --help" "$axiom" run --frob
check "no trace" 2 "wants a trace" "$axiom" run
check "two traces" 2 "one trace" "$axiom" run "$csv" "$csv"
check "CPUs" 2 "1 to 8" "$axiom" run "$csv" --cpus 9
check "no CPU" 2 "1 to 8" "$axiom" run "$csv" --cpus 0
check "seed" 2 "number" "$axiom" run "$csv" --seed x
check "speed" 2 "factor" "$axiom" run "$csv" --speed -1
check "duration" 2 "duration" "$axiom" run --for soon
check "binding without a device" 2 "CHANNEL=DEVICE" "$axiom" run "$csv" --bind button
check "CPU model" 2 "none or rpi5" "$axiom" run "$csv" --cpu-model z80
check "replay without a file" 2 "one recording" "$axiom" replay
check "gdb without an event" 2 "needs --at" "$axiom" replay x.mcap --gdb
check "diff wants two" 2 "two recordings" "$axiom" diff x.mcap
check "trace verb" 2 "info FILE" "$axiom" trace frob x
check "bpf verb" 2 "no 'bpf frob'" "$axiom" bpf frob x.o
check "bpf verb without what" 2 "bpf verify wants" "$axiom" bpf verify
check "version" 0 "^axiom [0-9]" "$axiom" --version
check "help by the word" 0 "usage: axiom bpf" "$axiom" help bpf
check "help of nothing" 2 "no command 'frob'" "$axiom" help frob
check "types without Linux" 2 "wants --linux" "$axiom" bpf verify --btf x y
check "a run of nothing" 2 "would run nothing" "$axiom" bpf run --repeat 0 x
check "a limit of nothing" 2 "--insn-limit 0" "$axiom" bpf verify --insn-limit 0 x
check "no memory at all" 2 "--memory 0" "$axiom" bpf verify --memory 0 x
# An option is not ignored where it means nothing: each verb has those that its usage line says.
while read -r verb option; do
    check "bpf $verb has no $option" 2 "bpf $verb has no option ${option%%=*}" "$axiom" bpf "$verb" "$option" x
    grep -q "^usage: axiom bpf $verb" output
    is "bpf $verb: its usage" $? 0
done << 'END'
verify --jit
verify --key=x
disasm --json
run --linux
run --json
info --log
btf --linux
init --kernel
build --json
keygen --key=x
sign --keyring=x
END
check "trace info has no --bind" 2 "trace info has no option --bind" "$axiom" trace info --bind 1=gpio/chip0/1 x
check "trace export has no --json" 2 "usage: axiom trace export" "$axiom" trace export --json x y.csv
check "both --kernel and a file" 2 "files with types, or --kernel" "$axiom" bpf btf --kernel x
check "Linux has no budget" 2 "no budget" "$axiom" bpf verify --linux --ignore-budget x
check "a binding without a trace" 2 "there is no trace" "$axiom" run --for 1s --bind button=gpio/chip0/26
check "a limit without a recording" 2 "wants --record" "$axiom" run "$csv" --record-limit 1000
check "a window's option without one" 2 "wants --view" "$axiom" run "$csv" --view-option --theme
check "a disc that is a folder" 2 "is a folder" "$axiom" image iso "$work"
check "a disc nowhere" 6 "No such file" "$axiom" image iso nowhere/out.iso
check "a card that is a file" 2 "is a file" "$axiom" image rpi5 "$csv"
# What is read is not written over.
cp "$csv" own.csv
cp "$examples/button_led.bpf.o" own.o
check "a recording over its trace" 2 "own.csv is what is read" "$axiom" run own.csv --bind button=gpio/chip0/26 --record own.csv
check "a recording over its program" 2 "own.o is what is read" "$axiom" run "$csv" --bpf own.o --record own.o
check "a recording" 0 "" "$axiom" run --quiet own.csv --bind button=gpio/chip0/26 --bpf own.o --record own.mcap
sha256sum own.* > before.sum
ln -s own.mcap link.mcap
check "a replay over itself" 2 "link.mcap is what is read" "$axiom" replay own.mcap --record link.mcap
check "an export over itself" 2 "is what is read" "$axiom" trace export own.mcap own.mcap
check "a report over itself" 2 "is what is read" "$axiom" report own.mcap --output own.mcap
check "nothing was changed" 0 "" sha256sum -c before.sum
check "an event that does not come" 3 "there is no event 1000000" "$axiom" replay own.mcap --at 1000000
check "a topic that is none" 2 "topics begin with /" "$axiom" diff --without hash own.mcap own.mcap
check "no time at all" 2 "would run nothing" "$axiom" run own.csv --for 0
check "an import that is no MCAP" 2 "must end in .mcap" "$axiom" trace import own.csv other.csv
check "a verb's own usage" 2 "usage: axiom trace info FILE" "$axiom" trace info
check "a limit below a frame" 2 "holds not even" "$axiom" run own.csv --record tiny.mcap --record-limit 10
check "a word of nothing" 2 "word 2 is empty" "$axiom" replay ""
check "a folder" 3 "is a folder" "$axiom" bpf verify "$source_dir"
"$axiom" bpf verify --json nowhere.o "$source_dir" 2>/dev/null > wrong.json
check "JSON of what cannot be opened" 0 "nowhere.o True False" python3 -c 'import json, sys
a = json.load(open("wrong.json")); print(a[0]["object"], "No such" in a[0]["message"] and len(a) == 2, a[1]["accepted"])'
check "export by suffix" 2 "must end in" "$axiom" trace export "$csv" out.pdf
check "qemu without an architecture" 2 "one architecture" "$axiom" qemu
check "qemu for another" 2 "no image for 'z80'" "$axiom" qemu z80
check "qemu CPUs" 2 "1 to 8" "$axiom" qemu x86_64 --smp 9
check "qemu memory" 2 "number" "$axiom" qemu x86_64 --mem 1T
check "qemu no memory" 2 "no memory" "$axiom" qemu x86_64 --mem 0G
check "qemu too little memory" 2 "x86_64 needs 4 MiB" "$axiom" qemu x86_64 --mem 3
check "qemu too little memory elsewhere" 2 "riscv64 needs 5 MiB" "$axiom" qemu riscv64 --mem 4M
check "qemu without the program" 3 "nowhere.o: No such" "$axiom" qemu x86_64 --mem 1G --bpf nowhere.o
check "qemu with a folder" 3 "is no file" "$axiom" qemu x86_64 --trace /tmp
check "a card without the keyring" 3 "nowhere.pub" "$axiom" image rpi5 out --keyring nowhere.pub
check "a disc with a board's tree" 2 "goes with rpi5" "$axiom" image iso out.iso --dtb x
check "qemu without the trace" 3 "nowhere.mcap" "$axiom" qemu x86_64 --trace nowhere.mcap
finish
