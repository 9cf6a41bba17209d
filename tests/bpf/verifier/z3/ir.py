# SPDX-License-Identifier: Apache-2.0 OR MIT
"""LLVM IR as text, read into functions of blocks of instructions: only what clang makes of the verifier's operators.

Integers, comparisons, selects, phis, branches, calls, and globals at known places; whatever else comes up is an
error, never skipped.
"""
import re


class Insn:
    """One instruction: `result` (a name or None), `op`, and `text`, what stands behind the operation."""

    def __init__(self, result, op, text):
        self.result, self.op, self.text = result, op, text

    def __repr__(self):
        return f"{self.result} = {self.op} {self.text}"


class Function:
    def __init__(self, name, return_type, params):
        self.name, self.return_type, self.params = name, return_type, params
        self.blocks = {}  # label -> [Insn], in the order of the text; the first is the entry
        self.order = []

    def successors(self, label):
        last = self.blocks[label][-1]
        return re.findall(r"label %([\w.$-]+)", last.text) if last.op in ("br", "switch") else []


DEFINE = re.compile(r"^define .*?@([\w.$-]+)\((.*?)\)")
LABEL = re.compile(r"^([\w.$-]+):")
RESULT = re.compile(r"^%([\w.$-]+) = (.*)$")


def without_metadata(line):
    line = re.sub(r", !\w+ !\d+", "", line)
    line = re.sub(r"(?<=[)\w]) #\d+", "", line)
    return line.split(" ; ")[0].rstrip()


def parse(text):
    """Functions by name."""
    functions, current, label = {}, None, None
    pending = ""
    for line in text.splitlines():
        line = pending + line.strip()
        pending = ""
        if line.startswith("define "):
            name, params = DEFINE.match(line).groups()
            current = Function(name, line.split(" @")[0].split()[-1],
                               re.findall(r"%([\w.$-]+)", params))
            label = None
        elif line == "}":
            functions[current.name] = current
            current = None
        elif current is None or line == "" or line.startswith(";") or line.startswith("#dbg"):
            continue
        elif LABEL.match(line):
            label = LABEL.match(line).group(1)
        elif line.startswith("switch") and not line.rstrip().endswith("]"):
            pending = line + " "
        else:
            add(current, label, without_metadata(line))
    return functions


def add(function, label, line):
    if label is None and not function.blocks:
        label = "entry"
    if label not in function.blocks:
        function.blocks[label] = []
        function.order.append(label)
    result, rest = None, line
    match = RESULT.match(line)
    if match:
        result, rest = match.groups()
    rest = re.sub(r"^(tail|musttail|notail) ", "", rest)
    op, _, tail = rest.partition(" ")
    function.blocks[label].append(Insn(result, op, tail))


class Loops:
    """Natural loops: of each block the headers of the loops that contain it, outermost first, and the order in which
    instances of blocks can be worked off so that all of an instance's predecessors come before it."""

    def __init__(self, function):
        self.function = function
        self.postorder(function)
        dominators = self.dominators(function)
        bodies = {}
        for label in self.rpo:
            for target in function.successors(label):
                if target in dominators[label]:
                    bodies.setdefault(target, {target}).update(self.body(target, label))
                elif self.rpo[target] <= self.rpo[label]:
                    raise ValueError(f"{function.name}: irreducible control flow")
        self.headers = set(bodies)
        self.around = {label: sorted((h for h in bodies if label in bodies[h]), key=lambda h: self.rpo[h])
                       for label in self.rpo}

    def postorder(self, function):
        seen, order, stack = set(), [], [(function.order[0], iter(function.successors(function.order[0])))]
        seen.add(function.order[0])
        while stack:
            label, rest = stack[-1]
            for target in rest:
                if target not in seen:
                    seen.add(target)
                    stack.append((target, iter(function.successors(target))))
                    break
            else:
                order.append(label)
                stack.pop()
        self.rpo = {label: i for i, label in enumerate(reversed(order))}
        self.predecessors = {label: [] for label in self.rpo}
        for label in self.rpo:
            for target in function.successors(label):
                self.predecessors[target].append(label)

    def dominators(self, function):
        every = set(self.rpo)
        dominators = {label: every for label in every}
        dominators[function.order[0]] = {function.order[0]}
        changed = True
        while changed:
            changed = False
            for label in self.rpo:
                if label == function.order[0]:
                    continue
                new = set.intersection(*(dominators[p] for p in self.predecessors[label])) | {label}
                changed |= new != dominators[label]
                dominators[label] = new
        return dominators

    def body(self, header, latch):
        found, work = {header}, [latch]
        while work:
            label = work.pop()
            if label not in found:
                found.add(label)
                work.extend(self.predecessors[label])
        return found

    def key(self, label, turns):
        """Of the instance of `label` in turn turns[i] of its i-th loop."""
        key = ()
        for header, turn in zip(self.around[label], turns):
            key += (self.rpo[header], turn)
        return key + (self.rpo[label],)

    def step(self, source, turns, target):
        """The turns of `target` when control comes from `source` in its turns."""
        inside, now = self.around[target], self.around[source]
        common = 0
        while common < len(inside) and common < len(now) and inside[common] == now[common]:
            common += 1
        new = list(turns[:common])
        if common == len(inside) and inside and inside[-1] == target:
            new[-1] += 1  # back to the head of a loop that we are in
        new += [0] * (len(inside) - common)
        return tuple(new)
