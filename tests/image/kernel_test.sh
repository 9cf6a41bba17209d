#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel's own test suite (tests/kernel) in an image under QEMU.
#
# usage: kernel_test.sh ARCH IMAGE_BUILD MACHINE CPUS
here=$(dirname "$0")
. "$here/qemu.sh"
qemu_use "$1"
run() {
    local more=()
    # A line that nobody serves, to storm (tests/kernel/storm_x86_64.c).
    [[ $1 != x86_64 ]] || more=(-chardev null,id=com2 -device isa-serial,index=1,chardev=com2)
    boot "$(image_of "$2" -test)" "$3" "$4" "" "${more[@]}"
    local status=$?
    [[ $status == 33 ]] || echo "Bail out! the image ended with status $status"
}
if [[ ${5:-} == inside ]]; then
    run "$@"
else
    exec bash "$here/../kernel/tap.sh" bash "$0" "$@" inside
fi
