#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Compiles the Linux kernel's verifier tests and lets judge.c compare its verdicts with ours.
#
#   judge.sh JUDGE CACHE [--least PERCENT] [--linux PEER] [GLOB...]     default verifier_a* to verifier_l*; others for acceptance
#
# GLOB: files of tools/testing/selftests/bpf/progs, 'iters*.c', or of ours, /.../programs/*.c. With --linux (PEER: bpf_object_peer) the running kernel
# is asked too; it needs root, and is another version than the tests are of.
#
# Fails where a program is accepted that Linux refuses, where more runs than `wrong_values` return something else, and
# where fewer verdicts agree than `least` says: move both when they can be moved.
set -eu
least=98
wrong_values=0
here=$(cd "$(dirname "$0")" && pwd)
judge=$1 cache=$2
shift 2
ask=() named_least=0
if [ "${1:-}" = --least ]; then
    named_least=$2
    shift 2
fi
if [ "${1:-}" = --linux ]; then
    ask=(--linux "$2")
    shift 2
fi
"$here/compile.sh" "$cache" "$@" || exit $?
if [ -s "$cache/not-compiled.txt" ]; then
    echo "not compiled:"
    sed 's/^/  /' "$cache/not-compiled.txt"
fi
mapfile -t objects <"$cache/objects.txt"
[ ${#objects[@]} -gt 0 ] || { echo "skipped: nothing could be compiled"; exit 77; }
[ $# -eq 0 ] || least=$named_least wrong_values=0
exec "$judge" --least $least --wrong-values $wrong_values --list "$cache/disagreements.txt" "${ask[@]}" "${objects[@]}"
