#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# absent_test.sh EMBEDDED.a CLOUD.a: no JIT in the one, no static pool in the other; each has its own.
set -u
failures=0
# has LIBRARY PATTERN WANTED: how many symbols there are, and whether that is none or some as WANTED says
has() {
    local count
    count=$(nm --defined-only "$1" 2>/dev/null | grep -cE " [A-Za-z] .*($2)")
    echo "$(basename "$1"): $count symbols like $2, wanted $3"
    if { [ "$3" = none ] && [ "$count" -ne 0 ]; } || { [ "$3" = some ] && [ "$count" -eq 0 ]; }; then
        failures=$((failures + 1))
    fi
}
has "$1" 'bpf_jit|x86_64|aarch64|riscv64' none
has "$2" 'bpf_jit|x86_64|aarch64|riscv64' some
has "$1" 'bpf_static_pool' some
has "$2" 'bpf_static_pool' none
# Nor does the embedded library ask for what only the other has.
asked=$(nm --undefined-only "$1" 2>/dev/null | grep -cE 'jit')
echo "$(basename "$1"): $asked undefined symbols of the JIT, wanted none"
[ "$asked" -eq 0 ] || failures=$((failures + 1))
echo "100%: Checks: 5, Failures: $failures, Errors: 0"
[ "$failures" -eq 0 ]
