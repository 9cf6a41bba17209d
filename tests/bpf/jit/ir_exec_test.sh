#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# ir_exec on this machine and, through qemu-user, on the two others: every function runs right, and all three say the
# same digests of what the encoders give.
#     ir_exec_test.sh SOURCE_FOLDER HOST_PROGRAM COUNT
source=$1 host=$2 count=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run() { # NAME COMMAND...
    name=$1
    shift
    "$@" >"$folder/$name"
    status=$?
    [ $status -eq 77 ] && { cat "$folder/$name"; return; }
    sed "s/^/$name: /" "$folder/$name"
    [ $status -eq 0 ] || { echo "$name: failed"; exit 1; }
    grep '^digest' "$folder/$name" >"$folder/$name.digest"
    [ -s "$folder/$name.digest" ] || exit 1
    cmp "$folder/host.digest" "$folder/$name.digest" || exit 1
}
run host "$host" "$count"
for arch in aarch64 riscv64; do
    run "$arch" "$(dirname "$0")/qemu_run.sh" "$source" "$arch" tests/bpf/jit/cross/ir_exec "$count"
done
