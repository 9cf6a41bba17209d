# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Symbolic execution of one function of ir.py: every path at once, values as z3 bit-vectors.

A path is the list of decisions that it took; where paths meet, what they have in common stays, both answers of one
decision cancel out, and values become if-then-else of the rest. What is assumed is a fact of its own, "on this path it
holds": so conditions stay short. Loops are unrolled, one instance of their blocks for each turn. What the function says
by calls:

    uN any_uN(void)        a value of which nothing is known
    uN witness(K)          the same value each time
    void assume(bool)      paths on which it is false are none
    void prove(bool)       an obligation
    void cases(bool)       two cases to be proved apart

Reaching a trap (clang's checks for undefined behaviour), panic() or `unreachable` is refuted: an obligation too.
"""
import heapq
import itertools
import re

import z3

from laws import Laws

TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)


def bit(condition):
    """A boolean as i1. The rest of the executor keeps i1 as booleans; this is for arithmetic on them."""
    return z3.If(condition, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))


class Obligation:
    """Whatever is assumed before it, `condition` holds where `path` was taken."""

    def __init__(self, what, condition, path, facts):
        self.what, self.condition, self.path, self.facts = what, condition, path, facts

    def refuted(self):
        """Conditions of a counterexample; None: there is none."""
        wrong = z3.simplify(z3.Not(self.condition))
        return None if z3.is_false(wrong) else [wrong, *self.path, *self.facts]


# --- Paths: tuples of decisions

def opposite(decision):
    return decision.arg(0) if z3.is_not(decision) else z3.Not(decision)


def extended(path, decisions):
    """None: nothing takes this path."""
    known = {d.get_id() for d in path}
    for d in decisions:
        if z3.is_false(d) or opposite(d).get_id() in known:
            return None
        if not z3.is_true(d) and d.get_id() not in known:
            known.add(d.get_id())
            path += (d,)
    return path


def cancelled(paths):
    """P and c, P and not c: P."""
    for a, b in itertools.combinations(paths, 2):
        only_a = [d for d in a if d.get_id() not in {e.get_id() for e in b}]
        only_b = [d for d in b if d.get_id() not in {e.get_id() for e in a}]
        if not only_a or not only_b or (len(only_a) == len(only_b) == 1 and opposite(only_a[0]).eq(only_b[0])):
            shorter = a if not only_a else b if not only_b else tuple(d for d in a if not d.eq(only_a[0]))
            return cancelled([p for p in paths if p is not a and p is not b] + [shorter])
    return paths


def joined(paths):
    """What holds on all of them, and what remains of each."""
    common = set.intersection(*({d.get_id() for d in p} for p in paths))
    rests = [tuple(d for d in p if d.get_id() not in common) for p in paths]
    both = tuple(d for d in paths[0] if d.get_id() in common)
    left = cancelled(rests)
    if () in left:
        return both, rests
    return both + (z3.Or(*(conjunction(r) for r in left)),), rests


def conjunction(path):
    return z3.And(*path) if len(path) != 1 else path[0]


class Executor:
    def __init__(self, function, unroll, loops):
        self.function, self.unroll, self.loops = function, unroll, loops
        self.obligations, self.fresh = [], 0
        self.facts, self.ends = [], []
        self.cases = []
        self.laws = Laws()

    def oblige(self, what, condition, path):
        self.obligations.append(Obligation(what, condition, path, tuple(self.facts)))

    def reached_end(self):
        return [z3.Or(*(conjunction(p) for p in self.ends)), *self.facts]

    # --- Values

    def new(self, bits, name="any"):
        self.fresh += 1
        name = f"{name}{self.fresh}"
        return z3.Bool(name) if bits == 1 else z3.BitVec(name, bits)

    def constant(self, type_name, text):
        bits = int(type_name[1:])
        if text in ("true", "false"):
            return z3.BoolVal(text == "true")
        if text in ("undef", "poison"):
            return self.new(bits, "undef")
        if bits == 1:
            return z3.BoolVal(int(text) != 0)
        return z3.BitVecVal(int(text), bits)

    def value(self, env, type_name, text):
        text = text.strip()
        if text.startswith("%"):
            return env[text[1:]]
        return self.constant(type_name, text)

    # --- Instructions

    def arithmetic(self, op, a, b):
        if z3.is_bool(a):
            a, b = bit(a), bit(b)
            return self.arithmetic(op, a, b) == z3.BitVecVal(1, 1)
        if op in self.laws.OPS and a.size() == 64 and not z3.is_bv_value(a) and not z3.is_bv_value(b):
            return self.laws.result(op, a, b)
        return {  # what stands here is what the machine does
            "add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b,
            "and": lambda: a & b, "or": lambda: a | b, "xor": lambda: a ^ b,
            "shl": lambda: a << b, "lshr": lambda: z3.LShR(a, b), "ashr": lambda: a >> b,
            "udiv": lambda: z3.UDiv(a, b), "urem": lambda: z3.URem(a, b),
            "sdiv": lambda: a / b, "srem": lambda: z3.SRem(a, b),
        }[op]()

    def compare(self, kind, a, b):
        if z3.is_bool(a):
            if kind in ("eq", "ne"):
                return (a == b) if kind == "eq" else z3.Xor(a, b)
            a, b = bit(a), bit(b)
        if leaves(a) * leaves(b) <= LIFT_LEAVES:
            return lift(lambda x, y: self.compare_plain(kind, x, y), a, b)
        return self.compare_plain(kind, a, b)

    def compare_plain(self, kind, a, b):
        return {
            "eq": lambda: a == b, "ne": lambda: a != b,
            "ugt": lambda: z3.UGT(a, b), "uge": lambda: z3.UGE(a, b),
            "ult": lambda: z3.ULT(a, b), "ule": lambda: z3.ULE(a, b),
            "sgt": lambda: a > b, "sge": lambda: a >= b, "slt": lambda: a < b, "sle": lambda: a <= b,
        }[kind]()

    def cast(self, op, value, bits):
        if z3.is_bool(value):
            if op == "zext":
                return z3.If(value, z3.BitVecVal(1, bits), z3.BitVecVal(0, bits))
            return z3.If(value, z3.BitVecVal(-1, bits), z3.BitVecVal(0, bits))
        if op == "zext":
            return z3.ZeroExt(bits - value.size(), value)
        if op == "sext":
            return z3.SignExt(bits - value.size(), value)
        return z3.Extract(0, 0, value) == 1 if bits == 1 else z3.Extract(bits - 1, 0, value)

    def count_zeros(self, value, leading):
        bits = value.size()
        out = z3.BitVecVal(bits, bits)
        for i in (range(bits) if leading else reversed(range(bits))):
            count = bits - 1 - i if leading else i
            out = z3.If(z3.Extract(i, i, value) == 1, z3.BitVecVal(count, bits), out)
        return out

    def overflow(self, name, a, b):
        """Of llvm.*.with.overflow: the result in all its bits, and does it not fit?"""
        bits = a.size()
        if name in ("umul", "smul") and bits == 64:
            wide = self.laws.product(name[0] == "s", a, b)
            low = z3.Extract(63, 0, wide)
            return (low, (z3.SignExt if name[0] == "s" else z3.ZeroExt)(64, low) != wide)
        extend = z3.SignExt if name[0] == "s" else z3.ZeroExt
        wide_bits = 2 * bits if name[1:] == "mul" else bits + 2
        wide = self.arithmetic(name[1:], extend(wide_bits - bits, a), extend(wide_bits - bits, b))
        low = z3.Extract(bits - 1, 0, wide)
        return (low, extend(wide_bits - bits, low) != wide)

    def intrinsic(self, name, args):
        base = name.split(".")[1]
        if base in ("umin", "umax", "smin", "smax"):
            less = self.compare("ult" if base[0] == "u" else "slt", *args)
            return z3.If(less, args[0], args[1]) if base.endswith("min") else z3.If(less, args[1], args[0])
        if base in ("ctlz", "cttz"):
            return self.count_zeros(args[0], base == "ctlz")
        if base == "ctpop":
            value = args[0]
            return sum((z3.ZeroExt(value.size() - 1, z3.Extract(i, i, value)) for i in range(value.size())),
                       z3.BitVecVal(0, value.size()))
        if base == "bswap":
            size = args[0].size()
            return z3.Concat(*(z3.Extract(i + 7, i, args[0]) for i in range(0, size, 8)))
        if base == "abs":
            return z3.If(args[0] < 0, -args[0], args[0])
        if base in ("fshl", "fshr"):
            bits = args[0].size()
            amount = z3.ZeroExt(bits, z3.URem(args[2], z3.BitVecVal(bits, bits)))
            both = z3.Concat(args[0], args[1])
            if base == "fshl":
                return z3.Extract(2 * bits - 1, bits, both << amount)
            return z3.Extract(bits - 1, 0, z3.LShR(both, amount))
        if base == "usub" and ".sat" in name:
            return z3.If(z3.ULT(args[0], args[1]), z3.BitVecVal(0, args[0].size()), args[0] - args[1])
        if base == "uadd" and ".sat" in name:
            total = args[0] + args[1]
            return z3.If(z3.ULT(total, args[0]), z3.BitVecVal(-1, args[0].size()), total)
        if "with.overflow" in name:
            return self.overflow(base, *args)
        if base == "expect":
            return args[0]
        raise NotImplementedError(name)

    # --- Calls

    def call(self, insn, env, state):
        match = re.match(r"(?:.*\s)?(void|i\d+|\{[^}]*\}) (?:\(ptr, i32, ptr, \.\.\.\) )?@([\w.$-]+)\((.*)\)", insn.text)
        if not match:
            raise NotImplementedError(repr(insn))
        return_type, name, rest = match.groups()
        args = []
        for arg in filter(None, split(rest)):
            words = [w for w in arg.split() if w not in ("noundef", "zeroext", "signext", "immarg")]
            args.append(self.value(env, words[0], words[1]) if re.fullmatch(r"i\d+", words[0]) else words)
        if name.startswith("any_"):
            return self.new(int(return_type[1:]))
        if name == "witness":
            bits = int(return_type[1:])
            return z3.BitVec(f"witness{z3.simplify(args[0])}", bits)
        if name == "assume":
            self.facts.append(z3.simplify(z3.Or(args[0], *(opposite(d) for d in state.path))))
            return None
        if name == "cases":
            self.cases.append(args[0])
            return None
        if name == "prove":
            self.oblige("prove", args[0], state.path)
            return None
        if name.startswith("llvm.ubsantrap") or name == "llvm.trap":
            self.oblige("undefined behaviour", FALSE, state.path)
            return None
        if name == "panic_at":
            self.oblige("panic", FALSE, state.path)
            return None
        if name.startswith(("llvm.lifetime", "llvm.dbg", "llvm.experimental.noalias")):
            return None
        if name == "llvm.assume":
            return None  # what the optimiser deduced: nothing is taken from it
        if name.startswith("llvm."):
            return self.intrinsic(name, args)
        raise NotImplementedError(f"call of {name}")

    def place(self, text):
        """A global's name and offset."""
        match = re.search(r"@([\w.$-]+)$", text.strip())
        if match:
            return match.group(1), 0
        match = re.search(r"getelementptr [^(]*\(i8, ptr @([\w.$-]+), i64 (\d+)\)", text)
        if match:
            return match.group(1), int(match.group(2))
        raise NotImplementedError(f"memory at {text}")

    def run_insn(self, insn, env, state):
        op, text = insn.op, insn.text
        flags = r"(?:nuw |nsw |exact |disjoint |nneg |samesign )*"
        if op in ("add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "udiv", "urem", "sdiv", "srem"):
            type_name, a, b = re.match(flags + r"(i\d+) (\S+), (\S+)$", text).groups()
            return self.arithmetic(op, self.value(env, type_name, a), self.value(env, type_name, b))
        if op == "icmp":
            kind, type_name, a, b = re.match(flags + r"(\w+) (i\d+) (\S+), (\S+)$", text).groups()
            return self.compare(kind, self.value(env, type_name, a), self.value(env, type_name, b))
        if op in ("zext", "sext", "trunc"):
            type_name, a, to = re.match(flags + r"(i\d+) (\S+) to i(\d+)$", text).groups()
            return self.cast(op, self.value(env, type_name, a), int(to))
        if op == "select":
            c, t, a, b = re.match(r"i1 (\S+), (i\d+) (\S+), i\d+ (\S+)$", text).groups()
            return z3.If(self.value(env, "i1", c), self.value(env, t, a), self.value(env, t, b))
        if op == "freeze":
            type_name, a = text.split()
            return self.value(env, type_name, a)
        if op == "extractvalue":
            name, index = re.match(r"\{.*\} %([\w.$-]+), (\d)$", text).groups()
            return env[name][int(index)]
        if op == "load":
            type_name, place = re.match(r"(i\d+), ptr (.*?)(?:, align \d+)?$", text).groups()
            key = self.place(place)
            if key not in state.memory:
                state.memory[key] = self.new(int(type_name[1:]), key[0])
            return state.memory[key]
        if op == "store":
            type_name, value, place = re.match(r"(i\d+) (\S+), ptr (.*?)(?:, align \d+)?$", text).groups()
            state.memory[self.place(place)] = self.value(env, type_name, value)
            return None
        if op == "call":
            return self.call(insn, env, state)
        raise NotImplementedError(repr(insn))

    # --- Blocks

    def edges(self, insn, env):
        """Targets of a block's last instruction and the conditions for them."""
        if insn.op == "ret" or insn.op == "unreachable":
            return []
        labels = re.findall(r"label %([\w.$-]+)", insn.text)
        if insn.op == "br":
            match = re.match(r"i1 (\S+),", insn.text)
            if not match:
                return [(labels[0], ())]
            condition = z3.simplify(self.value(env, "i1", match.group(1)))
            return [(labels[0], (condition,)), (labels[1], (opposite(condition),))]
        type_name, value = re.match(r"(i\d+) (\S+),", insn.text).groups()
        value = self.value(env, type_name, value)
        cases = re.findall(r"i\d+ (-?\d+), label %([\w.$-]+)", insn.text)
        taken = [(label, z3.simplify(self.compare("eq", value, self.constant(type_name, number))))
                 for number, label in cases]
        return [(label, (c,)) for label, c in taken] + [(labels[0], tuple(opposite(c) for _, c in taken))]

    def run(self):
        entry = self.function.order[0]
        arriving = {(entry, ()): [(None, State((), {}, {}))]}
        queue = [(self.loops.key(entry, ()), entry, ())]
        while queue:
            _, label, turns = heapq.heappop(queue)
            state = self.merge(label, arriving.pop((label, turns)))
            self.run_block(label, turns, state, arriving, queue)
        return self

    def run_block(self, label, turns, state, arriving, queue):
        insns = self.function.blocks[label]
        for insn in insns[:-1]:
            if insn.op != "phi":
                result = self.run_insn(insn, state.env, state)
                if insn.result is not None:
                    state.env[insn.result] = result
        last = insns[-1]
        if last.op == "unreachable":
            self.oblige("unreachable", FALSE, state.path)
        elif last.op == "ret":
            self.ends.append(state.path)
        for target, decisions in self.edges(last, state.env):
            path = extended(state.path, decisions)
            if path is None:
                continue
            new = self.loops.step(label, turns, target)
            if target in self.loops.headers and new and new[-1] > self.unroll:
                self.oblige("another turn", FALSE, path)
                continue
            if (target, new) not in arriving:
                arriving[(target, new)] = []
                heapq.heappush(queue, (self.loops.key(target, new), target, new))
            arriving[(target, new)].append((label, State(path, state.env, state.memory)))

    def merge(self, label, incoming):
        first = incoming[0][1]
        path, rests = joined([s.path for _, s in incoming])
        when = [conjunction(r) for r in rests]
        merged = State(path, dict(first.env), dict(first.memory))
        for key in set().union(*(s.memory for _, s in incoming)):
            values = [s.memory.get(key) for _, s in incoming]
            known = next(v for v in values if v is not None)
            bits = 1 if z3.is_bool(known) else known.size()
            merged.memory[key] = choose([(c, v if v is not None else self.new(bits, key[0]))
                                         for c, v in zip(when, values)])
        for insn in self.function.blocks[label]:
            if insn.op != "phi":
                break
            type_name = insn.text.split()[0]
            values = dict((b, v) for v, b in re.findall(r"\[ (\S+), %([\w.$-]+) \]", insn.text))
            merged.env[insn.result] = choose([(c, self.value(s.env, type_name, values[source]))
                                              for c, (source, s) in zip(when, incoming)])
        return merged


class State:
    def __init__(self, path, env, memory):
        self.path, self.env, self.memory = path, env, memory


def choose(options):
    out = options[-1][1]
    for condition, value in reversed(options[:-1]):
        if not value.eq(out):
            out = z3.If(condition, value, out)
    return out


# max(a, b) <= x as (a < b ? b <= x : a <= x): what is to be proved is then made of the comparisons that were assumed.
LIFT_LEAVES = 16


def is_choice(value):
    return z3.is_app_of(value, z3.Z3_OP_ITE)


def leaves(value):
    count, work = 0, [value]
    while work and count <= LIFT_LEAVES:
        value = work.pop()
        if is_choice(value):
            work += [value.arg(1), value.arg(2)]
        else:
            count += 1
    return count + len(work)


def lift(compare, a, b):
    if is_choice(a):
        return z3.If(a.arg(0), lift(compare, a.arg(1), b), lift(compare, a.arg(2), b))
    if is_choice(b):
        return z3.If(b.arg(0), lift(compare, a, b.arg(1)), lift(compare, a, b.arg(2)))
    return compare(a, b)


def split(text):
    """At commas outside of brackets."""
    depth, start, parts = 0, 0, []
    for i, c in enumerate(text):
        depth += c in "([{<"
        depth -= c in ")]}>"
        if c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    parts.append(text[start:].strip())
    return parts
