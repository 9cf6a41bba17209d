#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# libfdt for images, out of Debian's linux-source-6.12 (scripts/dtc/libfdt, BSD-2-Clause side). The package is one
# compressed file of 150 MB, so what is taken out is kept: a second call finds it there.
#
# usage: libfdt_sources.sh FOLDER
set -eu
folder=$1
archive=/usr/src/linux-source-6.12.tar.xz
[[ -e $folder/complete ]] && exit 0
if [[ ! -e $archive ]]; then
    echo "$archive is missing: apt-get install linux-source-6.12" >&2
    exit 1
fi
mkdir -p "$folder"
work=$(mktemp -d "$folder/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xJf "$archive" -C "$work" --strip-components=4 linux-source-6.12/scripts/dtc/libfdt
mv -f "$work"/*.c "$work"/*.h "$folder"
touch "$folder/complete"
