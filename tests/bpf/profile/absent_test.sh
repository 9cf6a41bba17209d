#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# absent_test.sh EMBEDDED.a CLOUD.a EMBEDDED_IMAGE CLOUD_IMAGE CPU: no JIT in the one, no static pool in the other, of the
# encoders this CPU's alone; each has its own. Of the libraries, and of whole kernel images.
set -u
failures=0 checks=0
# has FILE PATTERN WANTED: how many symbols there are, and whether that is none or some as WANTED says
has() {
    local count
    count=$(nm --defined-only "$1" 2>/dev/null | grep -cE " [A-Za-z] .*($2)")
    echo "$(basename "$1"): $count symbols like $2, wanted $3"
    checks=$((checks + 1))
    if { [ "$3" = none ] && [ "$count" -ne 0 ]; } || { [ "$3" = some ] && [ "$count" -eq 0 ]; }; then
        failures=$((failures + 1))
    fi
}
jit='bpf_jit_|bpf_prog_compile|ir_form'
declare -A encoder=([x86_64]='bpf_jit_x86_64' [aarch64]='bpf_jit_aarch64|a64_' [riscv64]='bpf_jit_riscv64|rv64_')
for embedded in "$1" "$3"; do
    has "$embedded" "$jit|${encoder[x86_64]}|${encoder[aarch64]}|${encoder[riscv64]}" none
    has "$embedded" 'bpf_static_pool' some
done
for cloud in "$2" "$4"; do
    has "$cloud" "$jit" some
    has "$cloud" 'bpf_static_pool' none
    for cpu in x86_64 aarch64 riscv64; do
        [ "$cpu" = "$5" ] && wanted=some || wanted=none
        has "$cloud" "${encoder[$cpu]}" $wanted
    done
done
# The images are kernels, so that what they lack says something.
has "$3" 'kernel_main$|bpf_glue_init$' some
has "$4" 'kernel_main$|bpf_glue_init$' some
# Nor does the embedded library ask for what only the other has.
asked=$(nm --undefined-only "$1" 2>/dev/null | grep -cE 'jit')
echo "$(basename "$1"): $asked undefined symbols of the JIT, wanted none"
checks=$((checks + 1))
[ "$asked" -eq 0 ] || failures=$((failures + 1))
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[ "$failures" -eq 0 ]
