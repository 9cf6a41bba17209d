#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel's own test suite (tests/kernel) in an image under QEMU.
#
# usage: kernel_test.sh IMAGE_BUILD MACHINE CPUS
here=$(dirname "$0")
. "$here/qemu.sh"
run() {
    boot "$1/axiom-x86_64-test.elf" "$2" "$3" ""
    local status=$?
    [[ $status == 33 ]] || echo "Bail out! the image ended with status $status"
}
if [[ ${4:-} == inside ]]; then
    run "$@"
else
    exec bash "$here/../kernel/tap.sh" bash "$0" "$@" inside
fi
