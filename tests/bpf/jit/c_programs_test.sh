#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Random C functions compiled for BPF and natively: interpreter and compiled code of this machine and, through qemu-user,
# of the two others give what the C compiler's own code gives.
#     c_programs_test.sh SOURCE_FOLDER C_PROGRAMS_MAKE C_PROGRAMS_RUN COUNT SEED
source=$1 make=$2 run=$3 count=$4 seed=$5
here=$(dirname "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# clang 19 knows -mcpu=v4: signed division, sign-extending loads and moves, byte swaps, gotol.
if command -v clang-19 >/dev/null; then
    clang="clang-19 -mcpu=v4" option=signed-division
else
    clang="clang -mcpu=v3" option=
fi
"$make" "$count" "$seed" $option >"$folder/programs.c" || exit 1
$clang -target bpf -O2 -g -fwrapv -w -include "$here/c_programs.h" -c "$folder/programs.c" -o "$folder/programs.bpf.o" || exit 1
cc -O1 -fwrapv -w -include "$here/c_programs.h" -include "$folder/programs.c" -o "$folder/native" "$here/c_programs_native.c" || exit 1
"$folder/native" >"$folder/expected" || exit 1
compare() { # NAME COMMAND...
    name=$1
    shift
    "$@" "$folder/programs.bpf.o" >"$folder/$name" 2>"$folder/$name.errors"
    status=$?
    [ $status -eq 77 ] && { cat "$folder/$name"; return; }
    sed "s/^/$name: /" "$folder/$name.errors"
    [ $status -eq 0 ] || { echo "$name: failed"; exit 1; }
    sort -V "$folder/$name" >"$folder/sorted"
    diff "$folder/expected.sorted" "$folder/sorted" >"$folder/diff" || { echo "$name differs from native code (seed $seed):"; head "$folder/diff"; exit 1; }
    echo "$name: $(wc -l <"$folder/$name") results are those of native code"
}
sort -V "$folder/expected" >"$folder/expected.sorted"
compare host "$run"
for arch in aarch64 riscv64; do
    compare "$arch" "$here/qemu_run.sh" "$source" "$arch" tests/bpf/jit/cross/c_programs_run
done
