# SPDX-License-Identifier: Apache-2.0 OR MIT
# The fuzz targets as tools/test runs them. Sourced, after common.sh.
#
# By default a target's run is the same each time: a fixed seed, a fixed number of runs (tests/fuzz/runs), the committed
# files in a fixed order, and nothing in it that depends on time or addresses. So CI fails for what a change does, not
# by luck or because its machine is busy. With FUZZ_SECONDS it is an open search, with another seed each time.
#
# Uses of tools/test: PASSED, FAILED, FAILURES.

FUZZ_SEED=1
FUZZ_LIMIT_SECONDS=120 # the fixed runs end here at the latest, on a machine that is too slow or busy for them
FUZZ_UNIT_SECONDS=60   # one input; the slowest known takes half a second
FUZZ_SHOW_BYTES=65536  # artifacts up to this size are printed

fuzz_targets() { (cd build/dev-clang/tests/fuzz && ls fuzz_* 2>/dev/null | grep -v '\.' | sed 's/^fuzz_//'); }
fuzz_runs() { awk -v name="$1" '$1 == name { print $2 }' tests/fuzz/runs; }
fuzz_stat() { sed -n "s/^stat::$2: *//p" "build/fuzz/$1.log"; }

# fuzz_seeds NAME: the committed files, in one order on every file system.
fuzz_seeds() { find tests/fuzz/corpus tests/fuzz/crashes -type f -path "*/$1/*" | LC_ALL=C sort; }

# Addresses reach libFuzzer through the comparisons that it watches and the depth of the stack that it measures: without
# randomisation (where the machine lets us) and without the former (-use_cmp=0) a run repeats itself.
fuzz_fixed() {
    local name=$1 same_addresses=() seeds=()
    setarch "$(uname -m)" -R true 2>/dev/null && same_addresses=(setarch "$(uname -m)" -R)
    fuzz_seeds "$name" | paste -sd, | tr -d '\n' > "build/fuzz/$name.seeds"
    [[ -s build/fuzz/$name.seeds ]] && seeds=("-seed_inputs=@build/fuzz/$name.seeds")
    "${same_addresses[@]}" "build/dev-clang/tests/fuzz/fuzz_$name" -seed=$FUZZ_SEED -runs="$(fuzz_runs "$name")" \
        -max_total_time=$FUZZ_LIMIT_SECONDS -timeout=$FUZZ_UNIT_SECONDS -use_cmp=0 -reload=0 -rss_limit_mb=4096 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" "${seeds[@]}"
}

# New inputs that reach new code stay in build/fuzz/NAME for the next search.
fuzz_search() {
    local name=$1 dirs=("build/fuzz/$1") dir
    mkdir -p "build/fuzz/$name"
    for dir in tests/fuzz/{corpus,crashes}/"$name"; do [[ -d $dir ]] && dirs+=("$dir"); done
    "build/dev-clang/tests/fuzz/fuzz_$name" -seed="$FUZZ_SEED" -max_total_time="$FUZZ_SECONDS" \
        -timeout=$FUZZ_UNIT_SECONDS -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
        "${dirs[@]}"
}

# fuzz_show NAME: the inputs that made it fail, so that a log alone reproduces them.
fuzz_show() {
    local name=$1 artifact size
    for artifact in build/fuzz/"$name"-{crash,leak,oom,timeout}-*; do
        [[ -f $artifact ]] || continue
        size=$(stat -c %s "$artifact")
        printf '    input %s, %s bytes' "$artifact" "$size"
        if [[ $size -ge $FUZZ_SHOW_BYTES ]]; then
            printf ' (too many to print)\n'
            continue
        fi
        printf '; again: base64 -d > input; build/dev-clang/tests/fuzz/fuzz_%s input\n' "$name"
        base64 -w2000 "$artifact"
    done
}

# fuzz_one NAME HOW: leaves its log and its status. The status in a file, because the shell forgets that of a process
# whose number another one gets, and on a busy machine numbers come round.
fuzz_one() {
    local status=0
    "$2" "$1" > "build/fuzz/$1.log" 2>&1 || status=$?
    printf '%s\n' "$status" > "build/fuzz/$1.status"
}

# fuzz_judge NAME: one line for a good run, the end of the log and the inputs for a bad one.
fuzz_judge() {
    local name=$1 runs wanted note=''
    if [[ $(cat "build/fuzz/$name.status") != 0 ]]; then
        FAILED=$((FAILED + 1)) FAILURES+=("fuzz $name: see build/fuzz/$name.log; the input is printed above")
        tail -30 "build/fuzz/$name.log"
        fuzz_show "$name"
        return
    fi
    PASSED=$((PASSED + 1))
    runs=$(fuzz_stat "$name" number_of_executed_units) wanted=$(fuzz_runs "$name")
    if [[ -z $FUZZ_SECONDS && $runs -lt $wanted ]]; then
        note=", of $wanted: cut short after $FUZZ_LIMIT_SECONDS s"
    fi
    printf '    %-14s %s runs%s\n' "$name" "$runs" "$note"
}

run_fuzzers() {
    local name names=() how=fuzz_fixed
    mkdir -p build/fuzz
    if [[ -n $FUZZ_SECONDS ]]; then
        how=fuzz_search FUZZ_SEED=$((1 + RANDOM * 32768 + RANDOM))
        say "fuzzing, $FUZZ_SECONDS s each, seed $FUZZ_SEED"
    else
        say "fuzzing, the fixed runs of tests/fuzz/runs"
    fi
    for name in $(fuzz_targets); do
        if [[ -z $(fuzz_runs "$name") ]]; then
            FAILED=$((FAILED + 1)) FAILURES+=("fuzz $name: no row in tests/fuzz/runs")
            continue
        fi
        rm -f build/fuzz/"$name"-* "build/fuzz/$name.status"
        while [[ $(jobs -rp | wc -l) -ge 2 ]]; do wait -n || true; done
        fuzz_one "$name" $how &
        names+=("$name")
    done
    wait
    for name in "${names[@]}"; do fuzz_judge "$name"; done
}
