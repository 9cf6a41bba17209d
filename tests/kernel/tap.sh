#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs a command that prints TAP among other lines and judges it: all that was planned must have come and be ok. The last
# line counts the cases as Check does, for tools/test.
#
# usage: tap.sh COMMAND [ARGUMENT...]
set -u
"$@" 2>&1 < /dev/null | tr -d '\r' | awk '
    { print }
    /^1\.\.[0-9]+$/  { planned = substr($0, 4) + 0 }
    /^ok [0-9]+/     { ok++; if (/# SKIP/) { name = $0; sub(/^ok [0-9]+ - /, "", name); print "skipped: " name } }
    /^not ok [0-9]+/ { bad++ }
    /^Bail out!/     { bailed = 1 }
    /kernel panic at/ { panicked = 1 }
    END {
        missing = planned - ok - bad
        if (planned == 0) { print "FAILED: no plan"; missing = 1 }
        if (missing > 0) print "FAILED: " missing " planned tests did not report"
        if (panicked) print "FAILED: the kernel panicked"
        total = planned > ok + bad ? planned : ok + bad
        wrong = bad + (missing > 0 ? missing : 0)
        if (wrong == 0 && (bailed || panicked)) wrong = 1
        printf "%d%%: Checks: %d, Failures: %d, Errors: 0\n", total ? (total - wrong) * 100 / total : 0, total, wrong
        exit wrong != 0
    }'
