#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# axiom bpf init, build, info, btf, keygen, sign; and a kernel that takes only what its keys signed.
. "$(dirname "$0")/lib.sh"

check "a project" 0 "now: make -C led" "$axiom" bpf init led
check "is made once" 6 "led cannot be made" "$axiom" bpf init led
check "with a plain name" 2 "wants a name" "$axiom" bpf init ../led
check "builds" 0 "" "$axiom" bpf build led/led.bpf.c
check "verifies" 0 "accepted  button" "$axiom" bpf verify led/led.o
check "tells what is in it" 0 "map presses +array" "$axiom" bpf info led/led.o
for words in "signature: none" "at worst [0-9,]+ instructions" "types: [0-9]+"; do
    grep -qE "$words" output
    is "and says '$words'" $? 0
done
check "and by make" 0 "accepted  button" make -B -C led AXIOM="$axiom"
check "a broken file is refused by the compiler" 3 "error:" bash -c "echo 'int x = ;' > bad.bpf.c; '$axiom' bpf build bad.bpf.c"
check "its types" 0 "STRUCT 'axiom_gpio_ctx'" "$axiom" bpf btf led/led.o
if command -v bpftool > /dev/null; then
    bpftool btf dump file led/led.o format raw > theirs
    is "as bpftool prints them" "$("$axiom" bpf btf led/led.o | cmp - theirs 2>&1)" ""
else
    echo "skipped: bpftool is not installed"
fi

if command -v pahole > /dev/null; then
    check "the kernel's own types" 0 "STRUCT 'runqueue'" "$axiom" bpf btf --kernel
else
    echo "skipped: pahole (dwarves) is not installed"
fi

run=("$axiom" run --for 10ms --quiet)
check "unsigned is taken by default" 0 "" "${run[@]}" --bpf led/led.o
check "and refused where signatures are required" 4 "not signed" "${run[@]}" --bpf led/led.o --require-signed
"$axiom" bpf keygen team > output 2>&1
code=$?
if grep -q "without libsodium" output; then
    echo "skipped: axiom was built without libsodium"
    finish
fi
is "a key" $code 0
is "is its owner's alone" "$(stat -c %a team.key)" 600
check "and never overwritten" 6 "never overwritten" "$axiom" bpf keygen team
check "another key" 0 "" "$axiom" bpf keygen other
cp led/led.o signed.o
check "signed" 0 "signed.o: signed" "$axiom" bpf sign --key team.key signed.o
check "is good" 0 "'team': good" "$axiom" bpf info --keyring team.pub signed.o
echo text > text.o
check "no text" 3 "offset 0: this is not an ELF file" "$axiom" bpf sign --key team.key text.o
is "which stays as it was" "$(cat text.o)" text
check "still an object" 0 "accepted  button" "$axiom" bpf verify signed.o
check "by another key" 4 "REFUSED: .*not in the keyring" "$axiom" bpf info --keyring other.pub signed.o
check "taken" 0 "" "${run[@]}" --bpf signed.o --require-signed --keyring team.pub
check "not by who does not know the key" 4 "not in the keyring" "${run[@]}" --bpf signed.o --require-signed --keyring other.pub
cat team.pub other.pub > both.pub
check "by who knows both" 0 "" "${run[@]}" --bpf signed.o --require-signed --keyring both.pub
check "not mixed with unsigned" 4 "led.o: .*not signed" "${run[@]}" --bpf signed.o --bpf led/led.o --require-signed --keyring team.pub
check "unsigned is taken where keys are known but not required" 0 "" "${run[@]}" --bpf led/led.o --keyring team.pub
cp signed.o changed.o
printf '\x00' | dd of=changed.o bs=1 seek=9 conv=notrunc status=none
printf 'X' | dd of=changed.o bs=1 seek=200 conv=notrunc status=none
check "changed afterwards" 4 "is wrong" "${run[@]}" --bpf changed.o --keyring team.pub
check "signed once more" 0 "in place of an older signature" "$axiom" bpf sign --key other.key signed.o
is "replaces the signature" "$(($(stat -c %s signed.o) - $(stat -c %s led/led.o)))" 96
check "a keyring of nonsense" 3 "keyring's lines" bash -c "echo hello > no.pub; '$axiom' run --for 1ms --keyring no.pub"
check "a key of nonsense" 3 "no secret key" "$axiom" bpf sign --key led/Makefile signed.o
check "no key" 2 "wants --key" "$axiom" bpf sign signed.o
finish
