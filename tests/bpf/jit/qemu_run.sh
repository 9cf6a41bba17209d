#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs a program of the cross build under qemu-user. Exit 77 where something is missing.
#     qemu_run.sh SOURCE_FOLDER ARCH PROGRAM [ARGUMENTS]     PROGRAM is relative to build/cross-ARCH
source=$1 arch=$2 program=$1/build/cross-$2/$3
shift 3
if ! command -v "qemu-$arch-static" >/dev/null; then
    echo "skipped: qemu-$arch-static (Debian: qemu-user-static) is not installed"
    exit 77
fi
if ! [ -x "$program" ]; then
    echo "skipped: $program was not built"
    exit 77
fi
exec "qemu-$arch-static" "$program" "$@"
