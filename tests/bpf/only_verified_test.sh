#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# "Verified" is a type: of all libraries that images are linked from, only the verifier makes programs, and none but
# axiom_bpf_unverified itself knows the constructor for unverified ones.
#
# usage: only_verified_test.sh LIBRARY...
failed=0
seen_verifier=0
complain() {
    echo "$1"
    failed=1
}
for library in "$@"; do
    case $library in *libaxiom_bpf_unverified.a) continue ;; esac
    # "archive:member: U symbol"
    nm -A "$library" 2>/dev/null | sed 's/:/ /g' > "${TMPDIR:-/tmp}/only_verified.$$"
    while read -r archive member rest; do
        symbol=${rest##* }
        case $symbol in
        bpf_prog_create_unverified | bpf_prog_run_unverified | bpf_prog_run_checked)
            complain "$archive($member) knows $symbol" ;;
        bpf_prog_create)
            case $member in
            verifier.c.o) seen_verifier=1 ;;
            prog.c.o) ;; # defines it
            *) complain "$archive($member) makes programs without the verifier" ;;
            esac ;;
        esac
    done < "${TMPDIR:-/tmp}/only_verified.$$"
    rm -f "${TMPDIR:-/tmp}/only_verified.$$"
done
[ $seen_verifier = 1 ] || complain "the verifier was not among the libraries: this test looked at the wrong ones"
exit $failed
