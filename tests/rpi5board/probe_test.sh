#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# probe_test.sh RPI5BOARD SOURCE-FOLDER: the board against a program of one page (probe.S), which knows no driver of ours: EL2
# entry, PSCI, a second CPU, the counter, an interrupt through the GIC, a pin of RP1, a translation fault. Then: the same run
# twice, broken cards, another libunicorn.
set -u
board=$1 source=$2
assembler=aarch64-linux-gnu-gcc
command -v $assembler > /dev/null || { echo "skipped: $assembler is missing (gcc-aarch64-linux-gnu)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() { # TEXT COMMAND...
    checks=$((checks + 1))
    "${@:2}" || { failures=$((failures + 1)); echo "FAILED: $1"; }
}

$assembler -nostdlib -Wl,-Ttext=0x80000 -Wl,--build-id=none -o "$work/probe.elf" "$source/tests/rpi5board/probe.S" || exit 1
mkdir "$work/card"
aarch64-linux-gnu-objcopy -O binary -j .text "$work/probe.elf" "$work/card/kernel_2712.img"
printf 'arm_64bit=1\nkernel_address=0x80000\n' > "$work/card/config.txt"
echo 'time_ns,channel,value
0,gpio/chip0/17,1
1000000000,gpio/chip0/17,0' > "$work/pins.csv"

run() { "$board" "$work/card" --trace "$work/pins.csv" --stats "$@" 2> "$work/stats"; }
dtb=${AXIOM_SHARED:-$source/../shared}/boards/bcm2712-rpi-5-b.dtb
check "the self-test" "$board" --self-test > /dev/null
check "all letters are capitals" test "$(run | tr -d '\n')" = E1FSTLMP
check "switched off, not timed out" test "$(run > /dev/null; echo $?)" = 0
cp "$work/stats" "$work/first"
run > /dev/null
check "the same instructions and hash again" cmp -s "$work/first" "$work/stats"
check "one CPU: the second is not there" test "$(run --smp 1 | tr -d '\n')" = E1FsTLMP
if [[ -f $dtb ]]; then
    check "with the board's own device tree" test "$(run --dtb "$dtb" | tr -d '\n')" = E1FSTLMP
else
    echo "skipped: ../shared/boards is missing"
fi

refused() { # EXPECTED-TEXT ARGUMENT...
    "$board" "${@:2}" > /dev/null 2> "$work/error"
    [[ $? == 3 ]] && grep -q "$1" "$work/error"
}
check "no card" refused "config.txt" "$work/none"
printf 'kernel=gone.img\n' > "$work/card/config.txt"
check "no kernel" refused "gone.img" "$work/card"
printf 'kernel_address=0x1000\n' > "$work/card/config.txt"
check "a kernel where the firmware is" refused "kernel_address" "$work/card"
printf 'kernel_address=0x80000\n' > "$work/card/config.txt"
head -c 100 /dev/urandom > "$work/card/bcm2712-rpi-5-b.dtb"
check "a broken tree" refused "damaged" "$work/card"
rm "$work/card/bcm2712-rpi-5-b.dtb"
head -c 20000000 /dev/zero >> "$work/card/kernel_2712.img"
check "a kernel that does not fit" refused "bytes of RAM" "$work/card" --mem 8

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
