#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Is the soundness test any good? Puts mistakes into the verifier, one after the other, and sees whether it finds them:
# the known bugs of Linux's verifier (cve-*.patch, adapted to this one) and others of every file.
#
#   tests/bpf/verifier/mutants.sh [NAME...]      AXIOM_PROGRAMS (60000) programs are tried for each
#
# Takes some minutes, so it is run by hand; exits with 1 if a mutant survives or a patch no longer applies.
set -u
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

build_and_run() { # in $work/bpf
    tests=$source/tests/bpf
    ${CC:-cc} -O1 -g -w -std=gnu11 -I"$source/include/base" -I"$source/include/uapi" -I"$source/base/host/include" \
        -I"$work/bpf/include" -I"$work/bpf/internal" -I"$work/bpf/verifier" -I"$work/bpf/jit" -I"$work/bpf/host/include" -I"$work/bpf/linux/include" \
        -I"$tests" -I"$tests/verifier" \
        $(find "$work/bpf" -name '*.c' ! -path '*/unverified/*' ! -path '*/profile/*' \
        ! -path '*/linux/*' ! -path '*/sign/*' ! -path '*/object/*') "$source"/base/*.c "$source/base/host/panic.c" \
        "$tests/host_env.c" "$tests/verifier/soundness_test.c" "$tests/verifier/soundness.c" \
        "$tests/verifier/machine.c" "$tests/verifier/generator.c" \
        -lcheck -lsubunit -lm -lrt -lpthread -o "$work/test" || exit 2
    AXIOM_PROGRAMS=${AXIOM_PROGRAMS:-60000} "$work/test" >"$work/log" 2>&1
}

if [ $# -eq 0 ]; then set -- $(cd "$here/mutants" && ls | sed 's/\.patch$//'); fi
for name in "$@"; do
    rm -rf "$work/bpf" && cp -r "$source/bpf" "$work/bpf"
    if ! (cd "$work" && patch -s -p1 <"$here/mutants/$name.patch" >/dev/null); then
        echo "STALE     $name: the patch does not apply"
        failed=1
    elif build_and_run; then
        echo "SURVIVED  $name"
        failed=1
    else
        echo "found     $name: $(grep -o 'program [0-9]*: .*\|BUG_ON.*\|signal [0-9]*.*' "$work/log" | head -1 | cut -c1-90)"
    fi
done
exit $failed
