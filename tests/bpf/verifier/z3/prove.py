#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Are the verifier's operators on numbers sound, for all values of 64 bits?

The obligations are C (obligation.h), beside the operators' own sources: nothing is copied by hand. clang compiles
both, with its checks for undefined behaviour, into LLVM IR; execute.py turns an obligation into bit-vector formulas,
and z3 looks for values that refute one. A table says what was proved, at which width, in what time; exit status 1 if
anything is refuted or not decided.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import z3

import execute
import ir
import laws

# Those that take more than some seconds each, or are not decided: not for every run of the tests.
SLOW = re.compile(r"range_mul|mul_bits|range_sdiv|range_(lsh|rsh|arsh)|range_assume_(ne|set|not_set)|deduce_once_(8|16)$")

HERE = os.path.dirname(os.path.abspath(__file__))
SANITIZE = "shift,signed-integer-overflow,integer-divide-by-zero,builtin,bounds"
# Nothing that needs to know of undefined behaviour to be right: only what takes memory and calls away.
PASSES = ("always-inline,function(sroa,sccp,simplifycfg,loop-simplify,lcssa,loop(loop-rotate,loop-unroll-full),sroa,"
          "early-cse,sccp,instcombine<no-verify-fixpoint>,simplifycfg,adce,loop-simplify,lcssa)")


def tool(name):
    for candidate in (name + "-19", name):
        for folder in os.environ["PATH"].split(":"):
            if os.access(os.path.join(folder, candidate), os.X_OK):
                return candidate
    sys.exit(77)


def compile_ir(source_file, root, verifier):
    command = [tool("clang"), "-std=gnu11", "-O0", "-Xclang", "-disable-O0-optnone", "-emit-llvm", "-S", "-w",
               "-ffreestanding", "-DFOR_EACH_WIDTH=static", f"-fsanitize={SANITIZE}", f"-fsanitize-trap={SANITIZE}", "-fno-discard-value-names",
               f"-I{HERE}", f"-iquote{verifier}", f"-I{root}/include/base", "-o", "-", source_file]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def with_contracts(text):
    """Calls of X go to X__contract where there is one."""
    names = set(re.findall(r"^define .*@([\w.]+)__contract\(", text, re.M))
    out, inside = [], ""
    for line in text.splitlines():
        define = re.match(r"^define .*?@([\w.]+)\(", line)
        if define:
            inside = define.group(1)
        elif re.search(r"\bcall\b", line):
            for name in names:
                if not re.match(rf"prove_{name}(_\w+)?$|{name}__contract$", inside):
                    line = re.sub(rf"@{name}\(", f"@{name}__contract(", line)
        out.append(line)
    unknown = [n for n in names if not re.search(rf"^define .*@{n}\(", text, re.M)]
    if unknown:
        sys.exit(f"contracts of functions that are not there: {unknown}")
    return "\n".join(out)


def for_analysis(text):
    text = re.sub(r"^(define (?!.*@prove_))(?:dso_local |internal )*", r"\1internal ", text, flags=re.M)
    text = re.sub(r"\bnoinline\b ?", "", text)
    text = re.sub(r"^(define internal .*?)( #\d+)? \{$", r"\1 alwaysinline {", text, flags=re.M)
    result = subprocess.run([tool("opt"), "-S", f"-passes={PASSES}"], input=text, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"opt: {result.stderr[:2000]}")
    return result.stdout


class Outcome:
    def __init__(self, name, verdict, seconds, detail=""):
        self.name, self.verdict, self.seconds, self.detail = name, verdict, seconds, detail


# Ways to decide a formula, with the share of the time that each may take: which is best differs by orders of magnitude.
TACTICS = (
    (0.1, lambda: z3.Then("simplify", "propagate-values", "solve-eqs", "simplify", "smt")),
    (0.1, lambda: z3.Then("simplify", "smt")),
    (0.1, lambda: z3.Then(z3.With("simplify", elim_and=True), "propagate-values", "solve-eqs", "elim-uncnstr",
                          z3.With("simplify", local_ctx=True), "bit-blast", "sat")),
    (0.3, lambda: z3.Then("simplify", "propagate-values", "solve-eqs", "simplify", "bit-blast", "sat")),
    (0.4, lambda: z3.Then("simplify", "propagate-values", "solve-eqs", "simplify", "smt")),
)


def ask(timeout_s, *conditions):
    """z3's answer, and values if there are any."""
    for share, tactic in TACTICS:
        solver = tactic().solver()
        solver.set("timeout", max(1, int(timeout_s * share * 1000)))
        solver.add(*conditions)
        answer = solver.check()
        if answer != z3.unknown:
            return answer, solver.model() if answer == z3.sat else None
    return z3.unknown, None


def each_case(cases):
    if not cases:
        yield []
        return
    for rest in each_case(cases[1:]):
        yield [cases[0]] + rest
        yield [z3.Not(cases[0])] + rest


def decide(function, arguments):
    begin = time.time()
    name = function.name[len("prove_"):]
    run = execute.Executor(function, arguments.unroll, ir.Loops(function)).run()
    if all(o.what != "prove" for o in run.obligations):
        return Outcome(name, "EMPTY", 0, "no prove() is reached")
    if ask(arguments.timeout, *run.reached_end())[0] == z3.unsat:
        return Outcome(name, "EMPTY", time.time() - begin, "its assumptions contradict each other")
    for o in run.obligations:
        refuted = o.refuted()
        for case in each_case(run.cases) if refuted is not None else []:
            left = arguments.timeout - (time.time() - begin)
            answer, model = ask(left, *case, *run.laws.instances(), *refuted) if left > 0 else (z3.unknown, None)
            if answer == z3.sat and run.laws.used():
                return Outcome(name, "UNDECIDED", time.time() - begin, "the laws of products do not suffice")
            if answer == z3.sat:
                values = ", ".join(f"{d.name()} = {model[d]}" for d in sorted(model.decls(), key=str))
                return Outcome(name, "REFUTED", time.time() - begin, f"{o.what}: {values[:400]}")
            if answer == z3.unknown:
                return Outcome(name, "UNDECIDED", time.time() - begin)
    return Outcome(name, "proved", time.time() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only obligations whose name contains one of these")
    parser.add_argument("--verifier", help="folder of the operators' sources")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for each obligation")
    parser.add_argument("--unroll", type=int, default=70, help="turns of a loop")
    parser.add_argument("--dump", help="write the IR there")
    parser.add_argument("--all", action="store_true", help="those that take minutes too, or are not decided")
    parser.add_argument("--file", action="append", help="only obligations of this file, without prove_ and .c")
    arguments = parser.parse_args()
    root = os.path.realpath(os.path.join(HERE, "../../../.."))
    verifier = os.path.realpath(arguments.verifier or os.path.join(root, "bpf/verifier"))
    bad = proved = 0
    total = time.time()
    for file in sorted(os.listdir(HERE)):
        if not re.fullmatch(r"prove_\w+\.c", file) or (arguments.file and file[6:-2] not in arguments.file):
            continue
        text = for_analysis(with_contracts(compile_ir(os.path.join(HERE, file), root, verifier)))
        if arguments.dump:
            with open(arguments.dump, "w", encoding="utf-8") as f:
                f.write(text)
        functions = ir.parse(text)
        for name, function in functions.items():
            if not name.startswith("prove_") or (arguments.names and not any(n in name for n in arguments.names)):
                continue
            if not (arguments.all or arguments.names) and SLOW.match(name[len("prove_"):]):
                continue
            outcome = decide(function, arguments)
            proved += outcome.verdict == "proved"
            bad += outcome.verdict != "proved"
            print(f"{outcome.name:<32} {outcome.verdict:<9} {outcome.seconds:7.2f} s  {outcome.detail}", flush=True)
    for law, answer in laws.prove_laws(lambda f: ask(arguments.timeout, f)[0]) if arguments.all else []:
        bad += answer != z3.unsat
        print(f"law: {law:<34} {'proved' if answer == z3.unsat else answer}", flush=True)
    print(f"{proved} proved, {bad} not, in {time.time() - total:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
