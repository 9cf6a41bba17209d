#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the objects of the replay path want from outside: nothing but memory and string functions, the compiler's and
# sanitizers' own calls, libfdt, and the host contract. No clock, no chance, no thread, no libc.
#
# usage: symbols_test.sh HOST_ARCHIVE ARCHIVE...
set -u
host=$1
shift
bad=0

defined=$(nm --defined-only -g "$@" 2> /dev/null | awk 'NF == 3 { print $3 }' | sort -u)
[[ $(wc -l <<< "$defined") -gt 100 ]] || { echo "FAILED: nm finds no symbols in $*"; exit 1; }

# Compiler runtime: libgcc's integer helpers (__popcountdi2, __udivti3), the linker's tables.
allowed='^(mem(cpy|move|set|cmp|chr)|str(len|nlen|cmp|ncmp|chr|rchr)|fdt_.*|host_.*|driver_table|model_table'
allowed+='|__asan_.*|__ubsan_.*|__sanitizer_.*|__[a-z]+[sdt]i[234]|_GLOBAL_OFFSET_TABLE_|__sancov_.*|__start___sancov.*|__stop___sancov.*)$'
for archive in "$@"; do
    wanted=$(nm -u "$archive" 2> /dev/null | awk 'NF == 2 { print $2 }' | sort -u)
    strange=$(comm -23 <(echo "$wanted") <(echo "$defined") | grep -Ev "$allowed")
    if [[ -n $strange ]]; then
        echo "FAILED: $archive wants: $(tr '\n' ' ' <<< "$strange")"
        bad=1
    fi
done

# The host edge may use libc, yet only the pacer, which the deterministic path never needs, may know the time.
forbidden='^(time|clock|clock_gettime|gettimeofday|clock_nanosleep|nanosleep|usleep|sleep|rand|random|rand_r|drand48|getrandom|getentropy|arc4random|pthread_create|thrd_create|clone|fork|signal|sigaction|timer_create|setitimer|alarm)(@.*)?$'
for member in $(ar t "$host"); do
    [[ $member == pace.c.o ]] && continue
    found=$(ar p "$host" "$member" > "${TMPDIR:-/tmp}/member.$$.o" && nm -u "${TMPDIR:-/tmp}/member.$$.o" | awk '{ print $2 }' | grep -E "$forbidden")
    rm -f "${TMPDIR:-/tmp}/member.$$.o"
    if [[ -n $found ]]; then
        echo "FAILED: $host($member) wants: $(tr '\n' ' ' <<< "$found")"
        bad=1
    fi
done

echo "$# archives looked at"
exit $bad
