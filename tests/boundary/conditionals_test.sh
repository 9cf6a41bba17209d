#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# No conditional on the architecture, and none on being simulated, outside arch/, bpf/jit and sim/host. Their count
# is the result, and it must be 0.
#
# usage: conditionals_test.sh SOURCE_DIR
cd "$1" || exit 2
found=$(grep -rnE --include='*.c' --include='*.h' --include='*.S' \
    '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif).*(__x86_64__|__i386__|__aarch64__|__riscv|CONFIG_SIM|AXIOM_SIM)' \
    include base bpf core drivers hw_models sim traces 2>/dev/null |
    grep -vE '^(bpf/jit|sim/host)/')
[[ -n $found ]] && printf '%s\n' "$found"
count=$(grep -c . <<< "$found")
echo "$count conditionals on the architecture"
[[ $count == 0 ]]
