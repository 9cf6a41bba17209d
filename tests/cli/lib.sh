# SPDX-License-Identifier: Apache-2.0 OR MIT
# What tests of the command share. A script sources this with the build folder as its first argument, calls `check`s, and
# ends with `finish`. Works in a folder of its own.
set -u
build=$(cd "$1" && pwd)
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
shared=${AXIOM_SHARED:-$source_dir/../shared}
axiom=$build/tools/axiom/axiom
examples=$build/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
checks=0 failures=0

# check NAME EXIT_CODE TEXT COMMAND...: the command ends with that code and says TEXT (a regular expression; "" for any).
check() {
    local name=$1 code=$2 text=$3 got
    shift 3
    checks=$((checks + 1))
    timeout 100 "$@" > output 2>&1 < /dev/null
    got=$?
    if [[ $got != "$code" ]]; then
        failures=$((failures + 1))
        echo "FAILED: $name: exit code $got, not $code: $*"
        tail -12 output
    elif [[ -n $text ]] && ! grep -qE -- "$text" output; then
        failures=$((failures + 1))
        echo "FAILED: $name: does not say '$text': $*"
        tail -12 output
    fi
}

# is NAME GOT WANTED
is() {
    checks=$((checks + 1))
    if [[ $2 != "$3" ]]; then
        failures=$((failures + 1))
        echo "FAILED: $1: '$2', not '$3'"
    fi
}

# have_shared NAME: whether that material is there; says the skip.
have_shared() {
    [[ -r $shared/$1 ]] && return 0
    echo "skipped: shared/$1 is not there (set AXIOM_SHARED to the folder that has it)"
    return 1
}

finish() {
    echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
    [[ $failures == 0 ]]
    exit
}
