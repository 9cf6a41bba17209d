#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The cases of bpf_conformance through `axiom-bpf-plugin --jit` of another CPU, one process a case, as its runner does it.
#     conformance_qemu_test.sh SOURCE_FOLDER ARCH
source=$1 arch=$2
cases=${AXIOM_SHARED:-$source/../shared}/conformance/cases.txt
if ! [ -r "$cases" ]; then
    echo "skipped: $cases is not there"
    exit 77
fi
count=0 passed=0
while read -r name expected memory program; do
    case $name in '#'* | '') continue ;; esac
    count=$((count + 1))
    [ "$memory" = - ] && memory=
    got=$(echo "$program" | "$(dirname "$0")/qemu_run.sh" "$source" "$arch" tools/axiom-bpf-plugin/axiom-bpf-plugin "$memory" --jit 2>&1)
    status=$?
    [ $status -eq 77 ] && { echo "$got"; exit 77; }
    wanted=$(printf '%x' "$expected")
    if [ $status -eq 0 ] && [ "$got" = "$wanted" ]; then
        passed=$((passed + 1))
    else
        echo "$name: $got, expected $wanted, exit $status"
    fi
done <"$cases"
echo "bpf_conformance on $arch: $count cases, compiled code passes $passed"
[ "$count" -eq 157 ] && [ "$passed" -eq "$count" ]
