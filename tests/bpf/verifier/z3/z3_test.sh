#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The obligations of prove.py that take seconds, and whether it can fail: with a wrong operator it must say so.
#   tests/bpf/verifier/z3/prove.py --all         those that take minutes too, or are not decided
set -u
here=$(cd "$(dirname "$0")" && pwd)
verifier=$here/../../../../bpf/verifier
for need in /usr/bin/python3 clang-19 opt-19; do
    command -v "$need" >/dev/null || { echo "skipped: $need is not installed"; exit 77; }
done
/usr/bin/python3 -c 'import z3' 2>/dev/null || { echo "skipped: python3-z3 is not installed"; exit 77; }
/usr/bin/python3 "$here/prove.py" --timeout 300 || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# mutant FILE OBLIGATION SED-EXPRESSION
mutant() {
    rm -rf "$work/verifier" && cp -r "$verifier" "$work/verifier"
    sed -i "$3" "$work/verifier/$1"
    if cmp -s "$verifier/$1" "$work/verifier/$1"; then
        echo "STALE     $2: '$3' changes nothing"
        exit 1
    fi
    if /usr/bin/python3 "$here/prove.py" --verifier "$work/verifier" --timeout 60 "$2" >"$work/log"; then
        echo "SURVIVED  $2: $3"
        exit 1
    fi
    grep -q REFUTED "$work/log" || { cat "$work/log"; exit 1; }
    echo "found     $2: $3"
}
mutant tnum.h tnum_add_64 's/least + (a.mask + b.mask)/least + (a.mask | b.mask)/'
mutant tnum.h tnum_sub_64 's/difference - b.mask/difference/'
mutant tnum.c tnum_arsh_32 's/unsigned up = 64 - bits;/unsigned up = 1;/'
mutant range.c range_assume_lt_64 's/b->umax - gap/b->umax - 2 * gap/'
mutant range.c range_zext_32 's/out.smax = (int64_t)r->umax/out.smax = r->smax/'
mutant range_alu.c range_add_64 's/b <= width_mask(bits) - a;/true;/'
mutant range_alu.c set_signed_32 's/span <= (room \& width_mask(bits))/span <= width_mask(bits)/'
mutant range.c deduce_once_64 's/r->umax = p.high;/r->umax = p.high - 1;/'
