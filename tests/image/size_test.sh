#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel's image has less than 1 MB in memory, what is zero at first included.
#
# usage: size_test.sh ARCH IMAGE_BUILD
elf=$2/axiom-$1.elf
total=$(size "$elf" | awk 'NR == 2 { print $4 }')
size -A "$elf" | awk '$1 ~ /^\.(text|rodata|symbols|data|bss)$/ { print $1, $2 }'
[[ -n $total && $total -lt 1000000 ]]
status=$?
echo "$([[ $status == 0 ]] && echo 100 || echo 0)%: Checks: 1, Failures: $status, Errors: 0 ($total bytes)"
exit $status
