#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Equal configuration, equal bytes: the same runs by every build that there is (gcc with ASan and UBSan, gcc -O2, clang
# with ASan), from one set of objects, must record the same file. tools/test calls it once all are built.
#
# usage: cross_build.sh BUILD...
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$(cd "$(dirname "$0")/../.." && pwd)
objects=$1/examples
checks=0 failures=0

# same NAME ARGUMENT...: `axiom run ARGUMENT...` of every build
same() {
    local name=$1 first="" build sum
    shift
    for build in "${builds[@]}"; do
        "$build/tools/axiom/axiom" run --quiet "$@" --record "$work/run.mcap" > "$work/out" 2>&1 || {
            echo "FAILED: $name with $build:"; tail -5 "$work/out"; failures=$((failures + 1))
        }
        sum=$(sha256sum < "$work/run.mcap" | cut -c1-16)
        checks=$((checks + 1))
        printf '%s  %-28s %s\n' "$sum" "$name" "$build"
        [[ -z $first ]] && first=$sum
        [[ $sum == "$first" ]] || failures=$((failures + 1))
    done
}

builds=("$@")
"$1/tools/gantry/gantry" --out "$work/gantry.mcap"
binds=()
while read -r bind; do binds+=(--bind "$bind"); done < "$top/examples/gantry/bindings"
programs=(--bpf "$objects/position.bpf.o" --bpf "$objects/temperature.bpf.o" --bpf "$objects/vibration.bpf.o")
button=("$top/examples/button_led/button.csv" --bind button=gpio/chip0/26 --bpf "$objects/button_led.bpf.o")
same "button to LED" "${button[@]}"
same "button to LED, 4 CPUs" "${button[@]}" --cpus 4 --seed 5
same "button to LED, CPU model" "${button[@]}" --cpu-model rpi5
same "gantry" "$work/gantry.mcap" "${binds[@]}" "${programs[@]}"
same "gantry, 2 CPUs, CPU model" "$work/gantry.mcap" "${binds[@]}" "${programs[@]}" --cpus 2 --cpu-model rpi5
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
