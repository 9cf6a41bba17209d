#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The BPF objects in Debian's libbpf-tools and xdp-tools, opened, relocated against the running kernel's types and
# verified by us; beside it what libbpf makes of them and, where bpf() is allowed, the kernel's own verdict.
#
#   objects.sh [--short|--time] BUILD_FOLDER_OF_THIS_TEST
#
#   --short: a few of them, for CI      --time: also how long verifying takes, against the kernel's loading
#
# Downloads nothing: uses what is installed. Fails when an object is not opened or an instruction is relocated otherwise
# than by libbpf.
set -eu
short='' time=''
case $1 in
--short) short=1; shift ;;
--time) time=--time; shift ;;
esac
build=$1
packages=$(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' libbpf-tools xdp-tools libxdp1 2>/dev/null |
    awk '$2 == "ii" { print $1 }') || true
[ -n "$packages" ] || { echo "skipped: Debian's libbpf-tools and xdp-tools are not installed"; exit 77; }
carved=$(mktemp -d)
trap 'rm -rf "$carved"' EXIT
# shellcheck disable=SC2086  # a list of words
dpkg -L $packages | grep -E '/s?bin/.|\.o$' | while read -r file; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then "$build/bpf_object_carve" "$file" "$carved"; fi
done
[ -n "$(ls "$carved")" ] || { echo "skipped: no BPF objects in $packages"; exit 77; }
if [ -n "$short" ]; then
    few=
    for name in execsnoop biolatency opensnoop tcpconnect klockstat xdp-bench xdpfilt_alw_all runqlat; do
        for file in "$carved/$name"*-0.o; do [ -f "$file" ] && few="$few $file"; done
    done
    # shellcheck disable=SC2086
    "$build/bpf_object_judge" --quiet $few
else
    "$build/bpf_object_judge" $time "$carved"/*.o
fi
