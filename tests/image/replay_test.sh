#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Same trace, same result: what `axiom run` records in sim, an image on the simulated machine replays under QEMU with the
# port's own traps, contexts, page tables and JIT. Every output channel must be equal: pins, PWM, BPF runs, maps, hashes. Its
# recording must replay on the desk as well.
#
# usage: replay_test.sh ARCH IMAGE_BUILD BUILD
here=$(cd "$(dirname "$0")" && pwd)
. "$here/qemu.sh"
qemu_use "$1"
images=$2 build=$3 top=$(cd "$here/../.." && pwd)
axiom=$build/tools/axiom/axiom
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0

check() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" > "$work/out" 2>&1 && grep -E '^(equal|machine:)' "$work/out" && return
    echo "FAILED: $what"; cat "$work/out"; failures=$((failures + 1))
}

# same NAME ARGUMENT...: `axiom run ARGUMENT...` in sim, then in the image
same() {
    local name=$1 hash inputs
    shift
    "$axiom" run --quiet "$@" --record "$work/sim.mcap" > "$work/run" 2>&1 || { cat "$work/run"; failures=$((failures + 1)); return; }
    check "$name: the image runs" bash "$here/replay.sh" "$arch" "$images" "$work/sim.mcap" "$work/image.mcap"
    checks=$((checks + 1))
    hash=$(sed -n 's/^state *hash \([0-9a-f]*\),.*/\1/p' "$work/run")
    grep -q "hash $hash" "$work/out" || { echo "FAILED: $name: another state hash than $hash"; failures=$((failures + 1)); }
    # All inputs that the recording has reach the image, and nothing else does.
    checks=$((checks + 1))
    inputs=$("$axiom" trace info "$work/sim.mcap" | awk '$4 == "input" { gsub(",", "", $2); sum += $2 } END { print sum }')
    grep -q "^machine: $inputs inputs," "$work/out" || { echo "FAILED: $name: not $inputs inputs"; cat "$work/out"; failures=$((failures + 1)); }
    check "$name: outputs are equal" "$axiom" diff "$work/sim.mcap" "$work/image.mcap"
    check "$name: the image's recording replays in sim" "$axiom" replay --quiet "$work/image.mcap"
}

objects=$build/examples
same "button to LED" "$top/examples/button_led/button.csv" --bind button=gpio/chip0/26 --bpf "$objects/button_led.bpf.o"
"$build/tools/gantry/gantry" --out "$work/gantry.mcap" > /dev/null
binds=()
while read -r bind; do binds+=(--bind "$bind"); done < "$top/examples/gantry/bindings"
same gantry "$work/gantry.mcap" "${binds[@]}" --bpf "$objects/position.bpf.o" --bpf "$objects/temperature.bpf.o" \
    --bpf "$objects/vibration.bpf.o"
smoothie=${AXIOM_SHARED:-$top/../shared}/traces/sigrok_smoothieware/smoothieware.sr
if [[ -e $smoothie ]]; then
    same smoothieware "$smoothie" --bind 5=gpio/chip0/17 --bind 6=gpio/chip0/27 --bind 3=gpio/chip0/5 \
        --bind 4=gpio/chip0/6 --bpf "$objects/position_150mm.bpf.o"
else
    echo "skipped: $smoothie is missing"
fi
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
