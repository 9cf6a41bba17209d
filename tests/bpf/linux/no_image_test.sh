#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What only Linux has is for judging programs at a desk: of all that a kernel image is made of nothing refers to it.
#
#   no_image_test.sh LINUX_LIBRARY FREESTANDING_LIBRARY...
set -eu
linux=$1
shift
[ $# -gt 5 ] || { echo "no libraries to look at"; exit 1; }
nm "$linux" | grep -q ' bpf_linux_contexts$' || { echo "$linux has no contexts: nm is of no use"; exit 1; }
for library in "$@"; do
    [ -s "$library" ] || { echo "$library is not there"; exit 1; }
    if nm "$library" 2>/dev/null | grep ' bpf_linux_'; then
        echo "$library refers to it"
        exit 1
    fi
done
echo "$# libraries, none refers to Linux's tables"
