#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Builds the kernel images of an architecture; one caller at a time.
#
# usage: build.sh SOURCE_DIR ARCH
set -eu
cd "$1"
mkdir -p build
exec 9> "build/image-$2.lock"
flock 9
[[ -e build/image-$2/build.ninja ]] || cmake --preset "image-$2"
ninja -C "build/image-$2" images
