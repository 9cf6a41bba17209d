#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Is the soundness test any good? Puts mistakes into the verifier, one after the other, and sees whether bpf-soundness
# finds them: the known unsoundness bugs of Linux's verifier (cve-*.patch, the same mistake in this one's code) and others
# of every file.
#
#   tests/bpf/verifier/mutants.sh [BUILD [NAME...]]    all, or those named; BUILD: build/release
#   tests/bpf/verifier/mutants.sh --short [BUILD]      seven CVEs only, with fewer programs: for ctest
#
# AXIOM_SECONDS (600) is how long each is looked for, AXIOM_SEED (1) where the programs begin. Prints a table; exits with
# 1 if a CVE or another mutant survives, or a patch no longer applies.
set -u
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../.." && pwd)
short=0 programs=0 seconds=${AXIOM_SECONDS:-600}
if [ "${1:-}" = --short ]; then short=1 programs=60000 && shift; fi
build=${1:-$source/build/release}
[ $# -eq 0 ] || shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 count=0 found=0
command -v patch >/dev/null || { echo "skipped: no patch(1)"; exit 77; }

if [ $short -eq 0 ]; then
    [ -f "$build/build.ninja" ] || (cd "$source" && cmake --preset release >/dev/null) || exit 2
    ninja -C "$build" bpf-soundness >/dev/null || exit 2
fi
for part in tests/bpf/verifier/bpf-soundness bpf/libaxiom_bpf.a; do
    [ -f "$build/$part" ] || { echo "skipped: $build/$part is not built"; exit 77; }
done
cc=$(sed -n 's/^CMAKE_C_COMPILER:[^=]*=//p' "$build/CMakeCache.txt")
sanitize=
if grep -q '^AXIOM_SANITIZE:[^=]*=ON' "$build/CMakeCache.txt"; then sanitize=-fsanitize=address,undefined; fi

compile() { # FILE: one of the mutated tree's
    "$cc" -O2 -g -w -std=gnu11 -I"$source/include/base" -I"$source/include/uapi" -I"$work/bpf/include" \
        -I"$work/bpf/internal" -I"$work/bpf/verifier" -I"$work/bpf/jit" -c "$work/$1" -o "$work/$(basename "$1" .c).o"
}

# The mutated objects stand before the library, so that the linker takes them and not its own.
build_mutant() { # PATCH
    files=$(sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$1")
    case "$files" in *.h*) files=$(cd "$work" && ls bpf/verifier/*.c) ;; esac
    for file in $files; do compile "$file" || return 1; done
    "$cc" $sanitize -Wl,-u,panic_at -o "$work/run" \
        "$build/tests/bpf/verifier/CMakeFiles/bpf-soundness.dir/soundness_run.c.o" "$work"/*.o \
        "$build/tests/bpf/verifier/libbpf_soundness.a" "$(find "$build/tests" -name libbpf_generator.a)" \
        "$build/tests/bpf/libbpf_host_env.a" "$build/bpf/linux/libaxiom_bpf_linux.a" "$build/bpf/host/libaxiom_bpf_host.a" \
        "$build/bpf/libaxiom_bpf.a" "$build/base/host/libaxiom_base_host.a" "$build/base/libaxiom_base.a"
}

report() { # NAME WHAT [HOW]
    printf '%-36s %s%s\n' "$1" "$2" "${3:+: $3}"
}

# What stopped it: an escape that bpf-soundness saw, or the verifier's own assertions and sanitizers.
how() {
    if ! grep -q '^found after' "$work/log"; then echo "killed"; fi
    sed -n 's/^found after \([0-9]* programs[^:]*\): \(.*\)/\1: \2/p' "$work/log" | head -1 | cut -c1-110 | tr '\n' ' '
    grep -o 'BUG_ON.*\|SUMMARY: .*\|runtime error.*' "$work/log" | head -1 | cut -c1-90
}

try() { # NAME
    count=$((count + 1))
    rm -rf "$work"/* && mkdir "$work/bpf" &&
        cp -r "$source/bpf/include" "$source/bpf/internal" "$source/bpf/verifier" "$source/bpf/jit" "$work/bpf"
    if ! (cd "$work" && patch -s -p1 <"$here/mutants/$1.patch" >/dev/null); then
        report "$1" "STALE, the patch does not apply"
        failed=1
    elif ! build_mutant "$here/mutants/$1.patch"; then
        report "$1" "STALE, it does not compile"
        failed=1
    elif "$work/run" $programs "$seconds" "${AXIOM_SEED:-1}" >"$work/log" 2>&1; then
        report "$1" "SURVIVED $(sed -n 's/^\([0-9]* programs\),.*/\1/p' "$work/log")"
        failed=1
    else
        report "$1" "$(how)"
        found=$((found + 1))
    fi
}

seven="cve-2020-8835 cve-2020-27194 cve-2021-3490 cve-2021-31440 cve-2021-4204 cve-2022-23222 cve-2023-2163"
if [ $short -eq 1 ]; then
    set -- $seven
elif [ $# -eq 0 ]; then
    set -- $(cd "$here/mutants" && ls | sed 's/\.patch$//')
fi
for name in "$@"; do try "$name"; done
echo "$found of $count mutants found"
exit $failed
