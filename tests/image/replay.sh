#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Replays a recording of `axiom run --record` in the image that has the simulated machine linked in, and fetches the
# recording that it makes: QEMU's RAM is a file, and the image says where in it. The console goes to stderr.
#
# usage: replay.sh ARCH IMAGE_BUILD RECORDING OUT
. "$(dirname "$0")/qemu.sh"
qemu_use "$1"
ram=$(mktemp "${TMPDIR:-/tmp}/axiom-ram.XXXXXX") && trap 'rm -f "$ram"' EXIT
console=$(MEMORY=${MEMORY:-512} boot "$(image_of "$2" -machine)" "$machine,memory-backend=ram" 1 "" \
    -object memory-backend-file,id=ram,share=on,mem-path="$ram",size="${MEMORY:-512}M" -initrd "$3")
status=$?
printf '%s\n' "$console" >&2
read -r size at <<< "$(printf '%s\n' "$console" | tr -d '\r' | sed -n 's/^machine: recorded \([0-9]*\) bytes at \(0x[0-9a-f]*\)$/\1 \2/p')"
[[ $status == 33 && -n ${at:-} ]] || { echo "FAILED: the image ended with status $status" >&2; exit 1; }
tail -c +$((at - ram_base + 1)) "$ram" | head -c "$size" > "$4"
