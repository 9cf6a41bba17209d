#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Compiles programs of the Linux kernel's own verifier tests out of Debian's linux-source-6.12, for judge.c.
#
#   compile.sh OUT [GLOB...]     e.g. compile.sh build/selftests 'verifier_a*.c'; default verifier_a* to verifier_l*
#                                a GLOB that begins with / names files of ours, which include what the tests do
#
# OUT/objects gets the object files, OUT/not-compiled.txt a line for each file that could not be compiled, with its
# reason. Everything is kept: a second call compiles nothing. Exit 77: something is missing, said on stdout.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift
archive=${AXIOM_LINUX_SOURCE:-/usr/src/linux-source-6.12.tar.xz}
exclude='*/progs/verifier_[m-z]*' part=a-l
[ $# -ne 0 ] || set -- 'verifier_[a-l]*.c'
# The others are kept aside: unpacked only for who names them.
for glob in "$@"; do
    case $glob in verifier_[a-l]* | verifier_\[a-l\]* | [!v]*) ;; *) exclude='-none-' part=all ;; esac
done

skip() { echo "skipped: $*"; exit 77; }
[ -r "$archive" ] || skip "no $archive (Debian package linux-source-6.12)"
for tool in clang-19 python3 xz flock; do command -v $tool >/dev/null || skip "no $tool"; done

exec 9>"$out/.lock"
flock 9

# Only what the tests include; the archive is read once.
tree=$out/source-$part
if [ ! -e "$tree/.done" ]; then
    rm -rf "$tree" && mkdir -p "$tree"
    top=$(basename "$archive" .tar.xz)
    tar -xJf "$archive" -C "$tree" --strip-components=1 --exclude="$exclude" "$top/include/uapi" "$top/tools/include" \
        "$top/tools/lib/bpf" "$top/tools/testing/selftests/bpf" "$top/scripts/bpf_doc.py" || skip "cannot unpack $archive"
    touch "$tree/.done"
fi
tests=$tree/tools/testing/selftests/bpf
include=$out/include
mkdir -p "$include" "$out/objects"
if [ ! -s "$include/bpf_helper_defs.h" ]; then
    python3 "$tree/scripts/bpf_doc.py" --header --file "$tree/include/uapi/linux/bpf.h" >"$include/bpf_helper_defs.h"
fi
# The kernel's types. A machine without them still judges the files that do not need them.
if [ ! -s "$include/vmlinux.h" ] && [ -r /sys/kernel/btf/vmlinux ] && command -v bpftool >/dev/null; then
    bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$include/vmlinux.h.new" 2>/dev/null &&
        mv "$include/vmlinux.h.new" "$include/vmlinux.h"
fi
case $(uname -m) in
x86_64) arch=x86 ;; aarch64) arch=arm64 ;; riscv64) arch=riscv ;; *) arch=$(uname -m) ;;
esac
multiarch=$(gcc -print-multiarch 2>/dev/null || true)

compile_one() {
    source=$1
    name=$(basename "$source" .c)
    object=$out/objects/$name.o
    [ "$object" -nt "$source" ] && [ -s "$object" ] && return 0
    if clang-19 -g -O2 --target=bpf -mcpu=v3 -mlittle-endian -std=gnu11 -fno-strict-aliasing -D__TARGET_ARCH_$arch \
        -I"$include" -I"$tests" -I"$tests/progs" -I"$tree/tools/include/uapi" -I"$tree/tools/lib" -I"$tree/tools/include" \
        -idirafter "/usr/include/$multiarch" -idirafter /usr/include -Wno-compare-distinct-pointer-types -w \
        -c "$source" -o "$object.new" 2>"$object.log"; then
        mv "$object.new" "$object"
        rm -f "$object.log"
    fi
}
export -f compile_one
export out include tests tree arch multiarch

list=()
for glob in "$@"; do
    case $glob in /*) from='' ;; *) from=$tests/progs/ ;; esac
    for source in $from$glob; do [ -e "$source" ] && list+=("$source"); done
done
[ ${#list[@]} -gt 0 ] || skip "no such tests in $archive: $*"
printf '%s\n' "${list[@]}" | xargs -P "$(nproc)" -I{} bash -c 'compile_one {}'
# Objects whose types stand for the kernel's in some tests.
for types in $(grep -aoh 'test_btf_path=[a-z0-9_]*' "$out"/objects/verifier_*.o | sed 's/.*=//' | sort -u); do
    [ ! -e "$tests/progs/$types.c" ] || compile_one "$tests/progs/$types.c"
done
: >"$out/not-compiled.txt"
: >"$out/objects.txt"
for source in "${list[@]}"; do
    name=$(basename "$source" .c)
    if [ -s "$out/objects/$name.o" ]; then
        echo "$out/objects/$name.o" >>"$out/objects.txt"
    else
        echo "$name: $(grep -m1 -E 'error' "$out/objects/$name.o.log" | sed 's/.*error: //')" >>"$out/not-compiled.txt"
    fi
done
