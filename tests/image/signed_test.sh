#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An image that is given a keyring and told to take signed programs only: which of three it takes, and which it runs.
#
# usage: signed_test.sh ARCH IMAGE_BUILD BUILD
here=$(cd "$(dirname "$0")" && pwd)
. "$here/qemu.sh"
qemu_use "$1"
axiom=$3/tools/axiom/axiom object=$3/tests/image/ticks.bpf.o
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
checks=0 failures=0

# has WHAT TEXT: a line of what was said last has it;  lacks WHAT TEXT: none has
has() {
    checks=$((checks + 1))
    grep -qF -- "$2" output || { echo "FAILED: $1"; cat output; failures=$((failures + 1)); }
}
lacks() {
    checks=$((checks + 1))
    ! grep -qF -- "$2" output || { echo "FAILED: $1"; cat output; failures=$((failures + 1)); }
}
# ends STATUS WHAT COMMAND...
ends() {
    local expected=$1 what=$2 status
    shift 2
    checks=$((checks + 1))
    "$@" > output 2>&1 < /dev/null
    status=$?
    [[ $status == "$expected" ]] || { echo "FAILED: $what: $status, not $expected"; cat output; failures=$((failures + 1)); }
}

"$axiom" bpf keygen team > output 2>&1
if grep -q "without libsodium" output; then
    echo "skipped: axiom was built without libsodium"
    exit 77
fi
"$axiom" bpf keygen other > output 2>&1
for name in unsigned signed foreign changed; do cp "$object" $name.o; done
"$axiom" bpf sign --key team.key signed.o changed.o > output 2>&1
"$axiom" bpf sign --key other.key foreign.o > output 2>&1
printf '\x01' | dd of=changed.o bs=1 seek=100 conv=notrunc status=none
qemu=("$axiom" qemu "$arch" --headless --mem 128 --stop-after 50)
programs=(--bpf unsigned.o --bpf foreign.o --bpf changed.o --bpf signed.o)

ends 0 "signed ones only" "${qemu[@]}" --require-signed --keyring team.pub "${programs[@]}"
for name in unsigned foreign changed; do has "$name.o is taken" "bpf: $name.o is left out"; lacks "$name.o is attached" "$name.o: tick"; done
has "signed.o is not taken" "bpf: signed.o: tick"
ends 0 "without a keyring nobody is trusted" "${qemu[@]}" --require-signed "${programs[@]}"
has "signed.o is taken" "bpf: signed.o is left out"
lacks "signed.o is attached" "signed.o: tick"
ends 0 "an unsigned one where that is not asked for" "${qemu[@]}" --keyring team.pub --bpf unsigned.o
has "unsigned.o is not taken" "bpf: unsigned.o: tick"
ends 3 "a keyring that is none" "${qemu[@]}" --keyring signed.o --bpf signed.o
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
