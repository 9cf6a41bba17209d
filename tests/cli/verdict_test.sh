#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What a person reads who wrote a wrong program: every message as a whole, and the same as JSON, in the log, for attach points' budgets.
. "$(dirname "$0")/lib.sh"
wrong=$build/tests/cli/wrong.bpf.o
greedy=$build/tests/cli/greedy.bpf.o
mistakes=$build/tests/bpf/verifier/mistakes.bpf.o
# The places of instructions are the compiler's business; AXIOM_WRITE_EXPECTED=1 writes the file anew, to be read before it is committed.
check "wrong programs" 4 "REFUSED" "$axiom" bpf verify "$wrong" "$mistakes"
sed -E '/^ +(at )?insn [0-9]+:/d; s/at insn [0-9]+/at insn N/; s/line ([0-9]+): [wr][0-9]+ = .*/line \1/' output > said
if [[ -n ${AXIOM_WRITE_EXPECTED:-} ]]; then cp said "$source_dir/tests/cli/wrong.expected"; fi
is "as they are to be read" "$(diff "$source_dir/tests/cli/wrong.expected" said)" ""

check "as JSON" 4 '"reason": "may be null"' "$axiom" bpf verify --json "$mistakes"
cat > judge.py << 'END'
import json, sys
verdicts = json.load(open(sys.argv[1]))
assert len(verdicts) >= 10, len(verdicts)
for v in verdicts:
    assert v["accepted"] is False and v["message"] and v["suggestion"] and v["line"] > 0, v
    assert v["at"]["line"] == v["line"] and v["at"]["instruction"] and v["source" if "source" in v else "file"], v
    assert all(s["from"]["insn"] != s["to"]["insn"] or s["times"] > 0 for s in v["path"]), v
    assert all(0 <= r["register"] <= 10 and r["value"] for r in v["registers"]), v
assert any(len(v["path"]) > 1 for v in verdicts) and any(v["registers"] for v in verdicts)
END
cp output verdicts.json
if command -v python3 > /dev/null; then
    check "which another parser reads, whole" 0 "" python3 judge.py verdicts.json
    # A name that is no text, with what would end a string and what a terminal obeys.
    python3 -c 'import sys; b = open(sys.argv[1], "rb").read(); i = b.rindex(b"\0greedy\0"); sys.stdout.buffer.write(b[:i + 1] + b"g\xff\x1b\"\\\n" + b[i + 7:])' \
        "$greedy" > hostile.o
    check "a hostile name as JSON" 4 'g.+xff.+x1b' "$axiom" bpf verify --json hostile.o
    cp output hostile.json
    check "which is JSON" 0 "" python3 -c 'import json; v = json.load(open("hostile.json")); assert len(v) == 1 and v[0]["program"].startswith("g\\xff\\x1b\"\\"), v'
    check "and on the terminal" 4 'REFUSED   g.xff.x1b' "$axiom" bpf verify hostile.o
    is "nothing that it obeys" "$(grep -c $'\033' output)" 0
    check "nor of what was asked for" 3 "no program 'g.x1b'" "$axiom" bpf verify --program $'g\033' "$greedy"
    is "nothing of that either" "$(grep -c $'\033' output)" 0
else
    echo "skipped: python3 is not installed"
fi

check "one program of many" 4 "REFUSED   index_too_large" "$axiom" bpf verify --program index_too_large "$mistakes"
is "and no other" "$(grep -c REFUSED output)" 1
check "one that is not there, as JSON" 3 '"message": ".* has no program .nobody.' "$axiom" bpf verify --json --program nobody "$mistakes"
check "its instructions" 0 "^index_too_large: section" "$axiom" bpf disasm --program index_too_large "$mistakes"
is "and no other's" "$(grep -c ': section ' output)" 1

check "an accepted program's worst case" 0 "one run at most: [0-9,]+ instructions, [0-9]+ helper calls, [0-9,]+ ns \(rpi5\)" \
    "$axiom" bpf verify "$examples/button_led.bpf.o"
check "as JSON too" 0 '"rpi5": [1-9]' "$axiom" bpf verify --json "$examples/button_led.bpf.o"
for member in worst_case_insns worst_case_calls stack_bytes verifier_memory_bytes; do
    is "with $member" "$(grep -c "\"$member\": [0-9]" output)" 1
done

check "a line for each decision" 0 'both ways: [0-9]+ first  ; line 9: if \(ctx->level\)' "$axiom" bpf verify --ignore-budget --log "$greedy"
is "and no more" "$(grep -cE '^ +[0-9]+: ' output | awk '{ print ($1 < 20) }')" 1
check "a line for each instruction" 4 ': r2 = \*\(u64 \*\)\(r1 \+ 32\)  \| r1 is the context \+ 0' "$axiom" bpf verify --log=insns "$greedy"
if [[ -r /sys/kernel/btf/vmlinux ]]; then
    check "with names of Linux's types" 4 'r1 is a kernel object .struct task_struct. .*$' \
        "$axiom" bpf verify --linux --log=insns "$build/tests/cli/task.bpf.o"
    check "what the kernel lacks" 0 "^accepted" "$axiom" bpf verify --linux --program parent "$build/tests/cli/task.bpf.o"
    check "in the instructions" 0 "call unknown#195896080 .not in the kernel's types." "$axiom" bpf disasm --linux --program missing "$build/tests/cli/task.bpf.o"
    check "with its name" 4 "task_struct.no_such_member is not in the target's types" "$axiom" bpf verify --linux --log=insns "$build/tests/cli/task.bpf.o"
    is "and functions" "$(grep -c 'call bpf_task_release#' output)" 1
else
    echo "skipped: this Linux tells no types (/sys/kernel/btf/vmlinux)"
fi
config=$build/tests/cli/config.bpf.o
printf '#\n# Linux/arm64 6.1.76 Kernel Configuration\n#\nCONFIG_HZ=%s\n' 1000 > fast
sed 's/1000/250/' fast | gzip > slow.gz
check "another Linux's configuration" 0 "^accepted" "$axiom" bpf verify --linux --kconfig fast "$config"
check "which may be compressed" 4 "out of bounds" "$axiom" bpf verify --linux --kconfig slow.gz "$config"
sed 's/ 6.1.76/ 6.0.1/' fast > old
check "and tells its version" 4 "out of bounds" "$axiom" bpf verify --linux --kconfig old "$config"
check "none" 3 "nothing: cannot be read" "$axiom" bpf verify --linux --kconfig nothing "$config"
check "without a Linux" 2 "it wants --linux" "$axiom" bpf verify --kconfig fast "$config"
check "no other log" 2 "log=decisions" "$axiom" bpf verify --log=all "$greedy"

check "too complex: the place" 4 "the work went to: +[1-9][0-9] % line 13[0-9]: " \
    "$axiom" bpf verify --insn-limit 400 "$build/tests/bpf/verifier/newcomer.bpf.o"
printf 'time_ns,channel,value\n1000000,button,1\n2000000,button,0\n' > in.csv
check "over its attach point's budget: not run" 4 "one run may take more than 50000 instructions, the budget of 'gpio/'" \
    "$axiom" run in.csv --bind button=gpio/chip0/26 --bpf "$greedy"
is "with the path" "$(grep -c 'line 9: if (ctx->level)' output)" 1
check "unless one says so" 0 "" "$axiom" run --quiet in.csv --bind button=gpio/chip0/26 --bpf "$greedy" --ignore-budget --record out.mcap
check "which its recording knows" 0 "" "$axiom" replay out.mcap
finish
