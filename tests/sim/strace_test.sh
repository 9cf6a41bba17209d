#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the process asks of its kernel between power-on and power-off of a whole simulated image: memory, and nothing that
# gives time, chance, threads or signals.
#
# usage: strace_test.sh PROBE   (tests/sim/strace_probe.c: it marks begin and end by writes to descriptor -1)
set -u
probe=$1
if ! command -v strace > /dev/null || ! strace -o /dev/null true 2> /dev/null; then
    echo "skipped: strace is not installed or may not trace here"
    exit 77
fi
log=$(mktemp) && trap 'rm -f "$log"' EXIT
# AddressSanitizer asks for the signal stack before functions that do not return. vDSO calls do not show; the symbol test covers them. LeakSanitizer cannot work under a tracer.
if ! ASAN_OPTIONS=detect_leaks=0 strace -f -o "$log" "$probe"; then
    echo "FAILED: the probe failed"
    exit 1
fi
phase=$(sed -n '/replay begins/,/replay ends/p' "$log" | sed 's/^[0-9]* *//')
lines=$(wc -l <<< "$phase")
if [[ $phase != *"replay begins"* || $phase != *"replay ends"* ]]; then
    echo "FAILED: the probe's marks are not in the log"
    exit 1
fi
strange=$(grep -Ev '^(write\(-1|mmap\(|munmap\(|mremap\(|mprotect\(|madvise\(|brk\(|memfd_create\(|ftruncate\(|close\(|sigaltstack\(NULL,)' <<< "$phase")
if [[ -n $strange ]]; then
    echo "FAILED: in the replay phase:"
    sort <<< "${strange//(*/}" | uniq -c
    exit 1
fi
echo "$lines calls in the replay phase, all for memory"
