/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory on AArch64: addresses, loads and stores, atomics.
 *
 * Sequential consistency: LSE instructions with acquire and release, or loops of LDAXR and STLXR
 * (DDI 0487 B2.3, K13.3); LDAR and STLR for the two ordered accesses. */
#include "a64_encoder.h"

static uint32_t log2_of(uint32_t size)
{
    return size == 8 ? 3 : size / 2;
}

/* An address that an access can hold: base and offset, or base and register. */
struct address {
    uint32_t base, index; /* A64_ZR: none */
    bool scaled;
    int64_t offset;
};

static bool fits(uint32_t size_log2, int64_t offset)
{
    return a64_is_scaled(size_log2, offset) || a64_fits_signed(offset, 9);
}

/* May use S0 and S1. */
static struct address address_of(struct a64 *a, uint32_t size_log2)
{
    const struct ir_insn *insn = a->insn;
    struct address at = { .base = a64_source(a, insn->a, A64_S0), .index = A64_ZR };
    int64_t disp = insn->disp;
    if (insn->b != IR_NONE) {
        uint32_t index = a64_source(a, insn->b, A64_S1);
        if (disp == 0 && (insn->scale == 0 || insn->scale == size_log2)) {
            at.index = index;
            at.scaled = insn->scale != 0;
            return at;
        }
        a64_put(a, a64_shifted(A64_ADD, true, A64_S0, at.base, index, A64_LSL, insn->scale));
        at.base = A64_S0;
    }
    if (fits(size_log2, disp)) {
        at.offset = disp;
    } else if (disp > -0x1000000 && disp < 0x1000000 && fits(size_log2, disp & 0xfff)) {
        a64_add_constant(a, true, A64_S0, at.base, disp & ~INT64_C(0xfff));
        at.base = A64_S0;
        at.offset = disp & 0xfff;
    } else {
        a64_constant(a, A64_S1, (uint64_t)disp);
        at.index = A64_S1;
    }
    return at;
}

static void access(struct a64 *a, const struct address *at, uint32_t size_log2, enum a64_load load,
                   uint32_t rt)
{
    if (at->index != A64_ZR)
        a64_put(
            a, a64_access_register(size_log2, load, rt, at->base, at->index, A64_UXTX, at->scaled));
    else if (a64_is_scaled(size_log2, at->offset))
        a64_put(a, a64_access_scaled(size_log2, load, rt, at->base, at->offset));
    else
        a64_put(a, a64_access_unscaled(size_log2, load, rt, at->base, at->offset));
}

static void load(struct a64 *a)
{
    uint32_t size_log2 = log2_of(a->insn->size), rd = a64_target(a);
    struct address at = address_of(a, size_log2);
    bool extends = (a->insn->flags & IR_SIGNED) != 0 && size_log2 < 3;
    access(a, &at, size_log2, extends ? A64_LOADS : A64_LOAD, rd);
    a64_finish(a, rd);
}

/* c, or the immediate, of which only the low `size` bytes are made. */
static uint32_t stored_value(struct a64 *a, uint32_t scratch)
{
    const struct ir_insn *insn = a->insn;
    if (insn->c != IR_NONE)
        return a64_source(a, insn->c, scratch);
    uint64_t value = (uint64_t)insn->imm;
    if (a64_is_blinded(a))
        a64_load_immediate(a, scratch);
    else if (insn->size < 8 ? (value & ((UINT64_C(1) << insn->size * 8) - 1)) == 0 : value == 0)
        return A64_ZR;
    else
        a64_constant(a, scratch,
                     insn->size < 8 ? value & ((UINT64_C(1) << insn->size * 8) - 1) : value);
    return scratch;
}

static void store(struct a64 *a)
{
    uint32_t size_log2 = log2_of(a->insn->size);
    struct address at = address_of(a, size_log2);
    access(a, &at, size_log2, A64_STORE, stored_value(a, A64_S2));
}

static void add_to_memory(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    uint32_t size_log2 = log2_of(insn->size);
    struct address at = address_of(a, size_log2);
    access(a, &at, size_log2, A64_LOAD, A64_S2);
    if (insn->imm >= 0 && a64_is_add_imm((uint64_t)insn->imm)) {
        a64_put(a, a64_add_imm(true, A64_S2, A64_S2, (uint64_t)insn->imm));
    } else {
        a64_constant(a, A64_S3, (uint64_t)insn->imm);
        a64_put(a, a64_reg3(A64_ADD, true, A64_S2, A64_S2, A64_S3));
    }
    access(a, &at, size_log2, A64_STORE, A64_S2);
}

static void effective_address(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn);
    uint32_t rd = a64_target(a), base = a64_source(a, insn->a, A64_S0);
    if (insn->b != IR_NONE) {
        uint32_t index = a64_source(a, insn->b, A64_S1);
        a64_put(a, a64_shifted(A64_ADD, wide, rd, base, index, A64_LSL, insn->scale));
        base = rd;
    }
    if (insn->disp != 0)
        a64_add_constant(a, wide, rd, base, insn->disp);
    else if (base != rd || (!wide && insn->b == IR_NONE))
        a64_put(a, a64_mov(wide, rd, base));
    a64_finish(a, rd);
}

/* --- Atomics --- */

/* a + disp as one register. */
static uint32_t plain_address(struct a64 *a)
{
    uint32_t base = a64_source(a, a->insn->a, A64_S0);
    if (a->insn->disp == 0)
        return base;
    a64_add_constant(a, true, A64_S0, base, a->insn->disp);
    return A64_S0;
}

static bool has_lse(const struct a64 *a)
{
    return (a->form->target->cpu & IR_CPU_LSE) != 0;
}

static void compare_exchange(struct a64 *a)
{
    const struct ir_insn *insn = a->insn;
    bool wide = a64_wide(insn);
    uint32_t size_log2 = log2_of(insn->size), at = plain_address(a);
    uint32_t expected = a64_source(a, insn->b, A64_S1), value = a64_source(a, insn->c, A64_S2);
    if (has_lse(a)) {
        a64_put(a, a64_mov(wide, A64_S3, expected));
        a64_put(a, a64_casal(size_log2, A64_S3, value, at));
    } else {
        a64_put(a, a64_ldxr(size_log2, true, A64_S3, at));
        a64_put(a, a64_reg3(A64_SUBS, wide, A64_ZR, A64_S3, expected));
        a64_put(a, a64_b_cond(A64_NE, 12));
        a64_put(a, a64_stxr(size_log2, true, A64_S4, value, at));
        a64_put(a, a64_cbnz(false, A64_S4, -16));
    }
    a64_finish(a, A64_S3);
}

/* The one instruction; there is no AND, but clearing of bits. */
static void atomic_lse(struct a64 *a, uint32_t at, uint32_t operand)
{
    uint32_t size_log2 = log2_of(a->insn->size), base = A64_LDADD;
    switch (a->insn->op) {
    case IR_ATOMIC_AND:
        a64_put(a, a64_reg3(A64_ORN, true, A64_S3, A64_ZR, operand));
        operand = A64_S3;
        base = A64_LDCLR;
        break;
    case IR_ATOMIC_OR:
        base = A64_LDSET;
        break;
    case IR_ATOMIC_XOR:
        base = A64_LDEOR;
        break;
    case IR_ATOMIC_XCHG:
        base = A64_SWP;
        break;
    default:
        break;
    }
    /* The old value always goes somewhere: with ZR as target there is no acquire (C3.2.14). */
    a64_put(a, a64_atomic(base, size_log2, true, true, operand, A64_S2, at));
}

static void atomic_loop(struct a64 *a, uint32_t at, uint32_t operand)
{
    uint32_t size_log2 = log2_of(a->insn->size), op = a->insn->op;
    bool wide = a64_wide(a->insn);
    uint32_t start = (uint32_t)a->e->size, stored = A64_S3;
    a64_put(a, a64_ldxr(size_log2, true, A64_S2, at));
    if (op == IR_ATOMIC_XCHG)
        stored = operand;
    else
        a64_put(a, a64_reg3(op == IR_ATOMIC_ADD   ? A64_ADD
                            : op == IR_ATOMIC_AND ? A64_AND
                            : op == IR_ATOMIC_OR  ? A64_ORR
                                                  : A64_EOR,
                            wide, A64_S3, A64_S2, operand));
    a64_put(a, a64_stxr(size_log2, true, A64_S4, stored, at));
    a64_put(a, a64_cbnz(false, A64_S4, (int64_t)start - (int64_t)a->e->size));
}

static void atomic(struct a64 *a)
{
    uint32_t at = plain_address(a), operand = stored_value(a, A64_S1);
    if (has_lse(a))
        atomic_lse(a, at, operand);
    else
        atomic_loop(a, at, operand);
    a64_finish(a, A64_S2);
}

void a64_memory(struct a64 *a)
{
    uint32_t size_log2 = log2_of(a->insn->size), rd;
    switch (a->insn->op) {
    case IR_LEA:
        return effective_address(a);
    case IR_LOAD:
        return load(a);
    case IR_STORE:
        return store(a);
    case IR_ADD_MEMORY:
        return add_to_memory(a);
    case IR_ATOMIC_CMPXCHG:
        return compare_exchange(a);
    case IR_LOAD_ACQUIRE:
        rd = a64_target(a);
        a64_put(a, a64_ldar(size_log2, rd, plain_address(a)));
        return a64_finish(a, rd);
    case IR_STORE_RELEASE: {
        uint32_t at = plain_address(a);
        a64_put(a, a64_stlr(size_log2, stored_value(a, A64_S1), at));
        return;
    }
    default:
        return atomic(a);
    }
}
