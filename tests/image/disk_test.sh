#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Disks and a console by virtio: the kernel's own test (tests/kernel/disk_tests.c) writes, and the host looks at the files.
#
# usage: disk_test.sh ARCH IMAGE_BUILD MACHINE BLOCK-DEVICE... : QEMU's words for each disk's device, CONSOLE as last
. "$(dirname "$0")/qemu.sh"
qemu_use "$1"
image=$(image_of "$2" -test) on=$3
shift 3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0
check() {
    checks=$((checks + 1))
    "${@:2}" || { echo "FAILED: $1"; failures=$((failures + 1)); }
}

words=(-global virtio-mmio.force-legacy=off -chardev "file,id=console,path=$work/console")
number=0
while [[ $# -gt 1 ]]; do
    { printf 'axiom test disk'; head -c $((256 * 1024 - 15)) /dev/zero; } > "$work/disk$number"
    words+=(-drive "if=none,id=d$number,file=$work/disk$number,format=raw" -device "$1,drive=d$number")
    number=$((number + 1))
    shift
done
words+=(-device "$1" -device virtconsole,chardev=console)

for test in disk_keeps_what_is_written console_sends; do
    SECONDS_MAX=60 boot "$image" "$on" 2 "ktest=$test" "${words[@]}" > "$work/out"
    status=$?
    check "$test: the image ends with $status" test $status = 33
    check "$test: not ok" grep -q "^ok 1 - $test.\?\$" "$work/out"
done
[[ $failures == 0 ]] || cat "$work/out"

# What disk_tests.c's pattern() says of sectors 8 to 103; all else is as it was.
expected() {
    awk 'BEGIN { for (s = 8; s < 104; s++) for (at = 0; at < 512; at++) printf "%02x\n", (s * 7 + at * 3 + int(at / 256)) % 256 }'
}
expected > "$work/expected"
for ((i = 0; i < number; i++)); do
    tail -c +4097 "$work/disk$i" | head -c $((96 * 512)) | od -An -v -tx1 -w1 | tr -d ' ' > "$work/found"
    check "disk $i does not hold what was written" cmp "$work/expected" "$work/found"
    check "disk $i was written elsewhere" cmp -s <(head -c 15 "$work/disk$i"; head -c $((4096 - 15)) /dev/zero) <(head -c 4096 "$work/disk$i")
    check "disk $i was written behind" cmp -s <(tail -c +53249 "$work/disk$i") <(head -c $((256 * 1024 - 53248)) /dev/zero)
done
check "the console's text is another" test "$(grep -c '^axiom test console' "$work/console")" = 50
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
