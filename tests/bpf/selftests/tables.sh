#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Linux's table tests of its verifier (tools/testing/selftests/bpf/verifier/*.c of Debian's linux-source-6.12) as a
# judge of ours.
#
#   tables.sh JUDGE CACHE [--linux]     JUDGE: bpf-selftest-tables; CACHE: build/selftests, as for judge.sh
#
# The tables are compiled with the package's own headers and written to CACHE/tables.bin once. With --linux the running
# kernel judges them too (root). Exit 77: something is missing, said on stdout.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
judge=$1
mkdir -p "$2"
cache=$(cd "$2" && pwd)
shift 2
bin=$cache/tables.bin
if [ ! -s "$bin" ] || [ "$here/tables.h" -nt "$bin" ] || [ "$here/tables_dump.c" -nt "$bin" ]; then
    "$here/compile.sh" "$cache" 'verifier_and.c' >"$cache/tables.log" || { cat "$cache/tables.log"; exit 77; }
    tree=$cache/source-a-l
    tests=$tree/tools/testing/selftests/bpf
    work=$cache/tables
    mkdir -p "$work/verifier"
    # The table's declaration and the functions that fill in long programs; the types of the maps' values.
    {
        sed -n '/^#define MAX_INSNS/,/^static int probe_filter_length/p' "$tests/test_verifier.c" | sed '$d'
        sed -n '/^static const char btf_str_sec\[\]/,/^};/p' "$tests/test_verifier.c"
    } >"$work/tables_extract.h"
    for file in "$tests"/verifier/*.c; do
        printf '{ .descr = "@%s" },\n#include "%s"\n' "$(basename "$file" .c)" "$file"
    done >"$work/verifier/tests.h"
    # The rest of the package's headers wants the kernel's build; the C library has its own.
    mkdir -p "$work/linux"
    for header in uapi/linux/bpf.h uapi/linux/bpf_common.h uapi/linux/bpf_perf_event.h uapi/linux/btf.h linux/filter.h; do
        cp "$tree/tools/include/$header" "$work/linux/"
    done
    gcc -w -O0 -std=gnu11 -I"$work" -I"$here" -I"$tests" \
        -o "$work/tables-dump" "$here/tables_dump.c" 2>"$work/log" ||
        { echo "skipped: the tables cannot be compiled: $(grep -m1 error "$work/log")"; exit 77; }
    "$work/tables-dump" >"$bin.new"
    mv "$bin.new" "$bin"
fi
exec "$judge" "$bin" "$@"
