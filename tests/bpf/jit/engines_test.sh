#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# engines_batch on this machine and its accepted programs, through qemu-user, on the two others: engines agree on each, and
# the digest of all results is the same everywhere.
#     engines_test.sh SOURCE_FOLDER ENGINES_BATCH COUNT SEED
source=$1 host=$2 count=$3 seed=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run() { # NAME COMMAND...
    name=$1
    shift
    "$@" >"$folder/$name"
    status=$?
    sed "s/^/$name: /" "$folder/$name"
    [ $status -eq 77 ] && return
    [ $status -eq 0 ] || { echo "$name: failed"; exit 1; }
    grep '^digest' "$folder/$name" >"$folder/$name.digest"
    cmp "$folder/host.digest" "$folder/$name.digest" || exit 1
}
run host "$host" "$count" "$seed" "$folder/programs"
for arch in aarch64 riscv64; do
    run "$arch" "$(dirname "$0")/qemu_run.sh" "$source" "$arch" tests/bpf/jit/cross/engines_batch "$folder/programs"
done
