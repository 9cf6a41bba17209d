#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# usage: symbols.sh NM IMAGE > TABLE.S
# The image's code starts at image_start; the table counts from there.
start=$("$1" "$2" | awk '$3 == "image_start" { print $1 }')
[ -n "$start" ] || { echo "symbols.sh: $2 has no image_start" >&2; exit 1; }
"$1" -n "$2" | LC_ALL=C awk -v base="$start" -f "$(dirname "$0")/symbols.awk"
