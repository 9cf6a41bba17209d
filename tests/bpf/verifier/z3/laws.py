# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Products, quotients and remainders of 64 bits by their laws.

Bit-blasting a multiplier of 64 bits leads nowhere, and soundness of ranges needs only order: so each product is a
number of which nothing is known but the laws below, for all those that come up. prove_laws() shows that the laws
hold: those of products for all integers, those of division with the quotient and remainder of 16 bits.
"""
import itertools

import z3


def magnitude(x):
    return z3.If(x < 0, -x, x)


# Each law takes the comparisons that it needs, so that it can be said of bit-vectors and of integers.
def law_unsigned_order(le, p, a, b, q, c, d):
    """a <= c and b <= d: a * b <= c * d, of numbers that are not negative."""
    return z3.Implies(z3.And(le(a, c), le(b, d)), le(p, q))


def law_signed_order(p, a, b, q, d):
    """The product with a fixed factor goes up or down with the other."""
    return z3.And(z3.Implies(z3.And(a >= 0, b <= d), p <= q), z3.Implies(z3.And(a <= 0, b <= d), p >= q))


def law_low_zeros(p, a):
    """A product ends in as many zeros as a factor, or more."""
    return p & ~a & (a - 1) == 0


def laws_udiv(q, a, b):
    return z3.Implies(b != 0, z3.ULE(q, a))


def laws_udiv_order(q, a, b, r, c, d):
    return z3.Implies(z3.And(b != 0, d != 0, z3.ULE(a, c), z3.UGE(b, d)), z3.ULE(q, r))


def laws_urem(r, a, b):
    return z3.Implies(b != 0, z3.And(z3.ULE(r, a), z3.ULT(r, b), z3.Implies(z3.ULT(a, b), r == a),
                                     z3.Implies(b & (b - 1) == 0, r == a & (b - 1))))


def usual(a, b):
    """Not the cases that RFC 9669 defines by itself."""
    return z3.And(b != 0, b != -1)


def laws_sdiv(q, a, b):
    return z3.Implies(usual(a, b), z3.And(z3.Implies(a >= 0, z3.And(q <= a, q >= -a)),
                                          z3.Implies(a < 0, z3.And(q >= a, z3.Or(q <= -a, -a == a)))))


def laws_sdiv_order(q, a, b, r, c):
    return z3.Implies(z3.And(usual(a, b), a <= c), z3.If(b > 0, q <= r, q >= r))


def laws_srem(r, a, b):
    return z3.Implies(usual(a, b), z3.And(
        z3.If(a >= 0, z3.And(0 <= r, r <= a), z3.And(a <= r, r <= 0)),
        z3.ULT(magnitude(r), magnitude(b))))


class Laws:
    OPS = ("mul", "udiv", "urem", "sdiv", "srem")

    def __init__(self):
        self.products = {False: {}, True: {}}  # signed? -> arguments' ids -> (value of 128 bits, a, b)
        self.results = {op: {} for op in self.OPS}

    def used(self):
        return any(self.products.values()) or any(self.results.values())

    def product(self, signed, a, b):
        table = self.products[signed]
        key = (a.get_id(), b.get_id())
        if key not in table:
            table[key] = (z3.BitVec(f"{'s' if signed else 'u'}product{len(table)}", 128), a, b)
        return table[key][0]

    def result(self, op, a, b):
        if op == "mul":
            return z3.Extract(63, 0, self.product(False, a, b))
        table = self.results[op]
        key = (a.get_id(), b.get_id())
        if key not in table:
            table[key] = (z3.BitVec(f"{op}{len(table)}", 64), a, b)
        return table[key][0]

    def instances(self):
        out = []
        self.close()
        unsigned, signed = list(self.products[False].values()), list(self.products[True].values())
        for (p, a, b), (q, c, d) in itertools.permutations(unsigned, 2):
            out.append(law_unsigned_order(z3.ULE, p, a, b, q, c, d))
        for p, a, b in unsigned:
            out += [law_low_zeros(z3.Extract(63, 0, p), a), law_low_zeros(z3.Extract(63, 0, p), b)]
        for (p, a, b), (q, c, d) in itertools.permutations(signed, 2):
            if a.eq(c):
                out.append(law_signed_order(p, a, b, q, d))
            elif b.eq(d):
                out.append(law_signed_order(p, b, a, q, c))
        for (p, a, b), (q, c, d) in itertools.product(signed, unsigned):
            if a.eq(c) and b.eq(d):
                out.append(z3.Extract(63, 0, p) == z3.Extract(63, 0, q))
        for op, table in self.results.items():
            values = list(table.values())
            single = {"udiv": laws_udiv, "urem": laws_urem, "sdiv": laws_sdiv, "srem": laws_srem}.get(op)
            for q, a, b in values:
                out.append(single(q, a, b))
            for (q, a, b), (r, c, d) in itertools.permutations(values, 2):
                out.append(z3.Implies(z3.And(a == c, b == d), q == r))
                if op == "udiv":
                    out.append(laws_udiv_order(q, a, b, r, c, d))
                if op == "sdiv":
                    out.append(z3.Implies(b == d, laws_sdiv_order(q, a, b, r, c)))
        return out

    def close(self):
        """The signed laws go from corner to corner by way of products of one of the values and one end. What is
        multiplied without sign may be meant with one."""
        signed = list(self.products[True].values())
        if not signed:
            return
        unsigned = list(self.products[False].values())
        firsts = {a.get_id(): a for _, a, _ in signed + unsigned}
        seconds = {b.get_id(): b for _, _, b in signed + unsigned}
        for a, b in itertools.product(firsts.values(), seconds.values()):
            self.product(True, a, b)


def prove_laws(refute):
    """Yields (name, verdict) for each law; refute(formula) gives z3's answer."""
    a, b, c, d = z3.Ints("a b c d")
    yield "product, unsigned order", refute(z3.And(
        a >= 0, b >= 0, z3.Not(law_unsigned_order(lambda x, y: x <= y, a * b, a, b, c * d, c, d))))
    yield "product, signed order", refute(z3.Not(law_signed_order(a * b, a, b, a * d, d)))
    x, y, u, v = z3.BitVecs("x y u v", 16)
    yield "product, low zeros (16 bits)", refute(z3.Not(law_low_zeros(x * y, x)))
    yield "quotient (16 bits)", refute(z3.Not(laws_udiv(z3.UDiv(x, y), x, y)))
    yield "quotient, order (16 bits)", refute(z3.Not(
        laws_udiv_order(z3.UDiv(x, y), x, y, z3.UDiv(u, v), u, v)))
    yield "remainder (16 bits)", refute(z3.Not(laws_urem(z3.URem(x, y), x, y)))
    yield "signed quotient (16 bits)", refute(z3.Not(laws_sdiv(x / y, x, y)))
    yield "signed quotient, order (16 bits)", refute(z3.Not(laws_sdiv_order(x / y, x, y, u / y, u)))
    yield "signed remainder (16 bits)", refute(z3.Not(laws_srem(z3.SRem(x, y), x, y)))
