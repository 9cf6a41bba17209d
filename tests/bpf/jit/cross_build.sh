#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Builds the BPF engine and its test programs for another CPU: build/cross-ARCH, shared by all presets (what is up to
# date is not built again). Exit 77 where the cross compiler is missing.
#     cross_build.sh SOURCE_FOLDER ARCH
set -e
source=$1 arch=$2
if ! command -v "$arch-linux-gnu-gcc" >/dev/null; then
    echo "skipped: $arch-linux-gnu-gcc (Debian: gcc-$arch-linux-gnu) is not installed"
    exit 77
fi
mkdir -p "$source/build"
cd "$source"
exec flock "build/cross-$arch.lock" sh -c "cmake --preset cross-$arch >/dev/null && cmake --build build/cross-$arch -j2 | tail -n 1"
