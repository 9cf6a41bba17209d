/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements about numbers: arithmetic, bounds, jumps. */
#include "generator_inside.h"

/* Where the context has no 64-bit numbers of its own, a value of a map has. */
void load_any(struct generator *g, uint32_t dst)
{
    if (has_context(g) && !has_packets(g)) {
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, dst, 9, 8 * (int32_t)pick(g, 8), 0);
    } else if (g->kinds[7] == K_VALUE && g->sizes[7] >= 8 && dst != 7) {
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, dst, 7, 0, 0);
    } else {
        emit(g, BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_BSS);
        emit(g, 0, 0, 0, 0, 8 * pick(g, 8));
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, dst, dst, 0, 0);
    }
    set_number(g, dst);
}

/* Fields of 32 bits (include/uapi/linux/bpf.h: struct xdp_md, struct __sk_buff). */
static void load_field(struct generator *g, uint32_t dst)
{
    static const int32_t xdp[] = { 12, 16 }, skb[] = { 0, 4, 8, 16, 20, 40, 48, 52, 60, 68 };
    int32_t offset = g->out->kind == GENERATED_XDP ? xdp[pick(g, 2)] : skb[pick(g, 10)];
    emit(g, BPF_LDX | BPF_MEM | BPF_W, dst, 9, offset, 0);
    set_number(g, dst);
}

void load_context(struct generator *g)
{
    static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
    static const int bytes[] = { 1, 2, 4, 8 };
    uint32_t dst = target_reg(g), size = pick(g, 4);
    if (!has_context(g)) {
        load_any(g, dst);
        return;
    }
    if (has_packets(g)) {
        load_field(g, dst);
        return;
    }
    bool extends = size < 3 && (take(g) & 3) == 0;
    int32_t offset = (int32_t)(pick(g, (uint32_t)(64 / bytes[size])) * (uint32_t)bytes[size]);
    emit(g, BPF_LDX | (extends ? BPF_MEMSX : BPF_MEM) | sizes[size], dst, 9, offset, 0);
    set_number(g, dst);
}

static const uint8_t alu_ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,   BPF_AND,
                                   BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_ARSH, BPF_MOV };

void alu(struct generator *g)
{
    uint32_t op = alu_ops[pick(g, sizeof alu_ops)];
    uint32_t class = take(g) & 1 ? BPF_ALU : BPF_ALU64;
    bool divides = op == BPF_DIV || op == BPF_MOD;
    int32_t is_signed = divides && (take(g) & 1) ? 1 : 0;
    uses(g, class == BPF_ALU ? GENERATED_alu32 : GENERATED_alu);
    if (is_signed)
        uses(g, GENERATED_signed_division);
    uint32_t dst = op == BPF_MOV ? target_reg(g) : reg_of(g, K_NUMBER);
    if (take(g) & 1) {
        uint32_t src = reg_of(g, K_NUMBER);
        if (divides && (take(g) & 3) == 0) {
            /* A large number by a small one, which may be 0. */
            emit(g, BPF_ALU64 | BPF_AND | BPF_K, src, 0, 0, 7);
            emit(g, BPF_ALU64 | BPF_OR | BPF_K, dst, 0, 0, 64);
        }
        emit(g, class | op | BPF_X, dst, src, is_signed, 0);
    } else {
        int64_t imm = number(g);
        if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
            imm &= class == BPF_ALU ? 31 : 63;
        emit(g, class | op | BPF_K, dst, 0, is_signed, divides && imm == 0 ? 3 : imm);
    }
    set_number(g, dst);
}

void alu_other(struct generator *g)
{
    static const uint8_t widths[] = { 16, 32, 64 };
    static const uint8_t extensions[] = { 8, 16, 32 };
    uint32_t dst = reg_of(g, K_NUMBER), to = target_reg(g);
    uint32_t form = pick(g, 5);
    uses(g, form >= 3 ? GENERATED_movsx : form >= 1 ? GENERATED_byte_order : GENERATED_alu);
    switch (form) {
    case 0:
        emit(g, (take(g) & 1 ? BPF_ALU : BPF_ALU64) | BPF_NEG, dst, 0, 0, 0);
        break;
    case 1:
        emit(g, BPF_ALU | BPF_END | (take(g) & 1 ? BPF_X : BPF_K), dst, 0, 0, widths[pick(g, 3)]);
        break;
    case 2:
        emit(g, BPF_ALU64 | BPF_END, dst, 0, 0, widths[pick(g, 3)]);
        break;
    case 3:
        set_number(g, to);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, to, dst, extensions[pick(g, 3)], 0);
        break;
    default:
        set_number(g, to);
        emit(g, BPF_ALU | BPF_MOV | BPF_X, to, dst, extensions[pick(g, 2)], 0);
        break;
    }
}

void wide_number(struct generator *g)
{
    static const uint32_t halves[] = { 0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 2, 8 };
    uint32_t dst = target_reg(g);
    emit(g, BPF_LDDW, dst, 0, 0, halves[pick(g, 7)]);
    emit(g, 0, 0, 0, 0, halves[pick(g, 7)]);
    set_number(g, dst);
}

/* A jump over the next few statements. */
void jump(struct generator *g)
{
    static const uint8_t conditions[] = { BPF_JEQ,  BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT,
                                          BPF_JSGE, BPF_JLT, BPF_JLE, BPF_JSLT, BPF_JSLE };
    if (g->patch_count == PATCH_MAX)
        return;
    uint32_t opcode = conditions[pick(g, sizeof conditions)] | (take(g) & 1 ? BPF_JMP32 : BPF_JMP);
    uses(g, BPF_CLASS(opcode) == BPF_JMP ? GENERATED_jump : GENERATED_jump32);
    uint32_t dst = reg_of(g, K_NUMBER);
    uint32_t src = take(g) & 1 ? reg_of(g, K_NUMBER) : BPF_REG_COUNT;
    struct patch *p = &g->patches[g->patch_count++];
    *p = (struct patch){ g->out->insn_count, 1 + pick(g, 4), { 0 }, { 0 } };
    memcpy(p->kinds, g->kinds, sizeof p->kinds);
    memcpy(p->sizes, g->sizes, sizeof p->sizes);
    if (src < BPF_REG_COUNT)
        emit(g, opcode | BPF_X, dst, src, 0, 0);
    else
        emit(g, opcode | BPF_K, dst, 0, 0, number(g));
}

/* An operation that changes little, or nothing. */
static void alu_on(struct generator *g, uint32_t r)
{
    static const uint8_t ops[] = { BPF_OR, BPF_AND, BPF_XOR, BPF_ADD, BPF_SUB };
    uint32_t op = ops[pick(g, sizeof ops)], class = take(g) & 1 ? BPF_ALU : BPF_ALU64;
    if (take(g) & 1)
        emit(g, class | op | BPF_X, r, reg_of(g, K_NUMBER), 0, 0);
    else
        emit(g, class | op | BPF_K, r, 0, 0,
             op == BPF_AND ? -1 - (int64_t)pick(g, 3) : (int64_t)pick(g, 3));
}

/* `statement` on one path only: on that which a depth-first walk takes first, or on the other. */
static void jump_over_next(struct generator *g, uint32_t r)
{
    uint32_t opcode = BPF_JMP | (take(g) & 1 ? BPF_JSGT : BPF_JGT) | BPF_K;
    emit(g, opcode, r, 0, 1, number(g));
    if ((take(g) & 1) == 0)
        return;
    if (one_in(g, 4)) {
        uses(g, GENERATED_far_jump);
        emit(g, BPF_JMP32 | BPF_JA, 0, 0, 0, 1);
    } else {
        emit(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
    }
}

/* One of two constants, which depends on data. */
void select_number(struct generator *g)
{
    uint32_t r = target_reg(g), by = reg_of(g, K_NUMBER);
    if (by == r) {
        load_any(g, r);
        return;
    }
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, number(g));
    emit(g, BPF_JMP | (take(g) & 1 ? BPF_JSGT : BPF_JGT) | BPF_K, by, 0, 1,
         number(g));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, number(g));
    set_number(g, r);
}

/* Two numbers whose lower halves are known and upper ones are not, combined. */
/* The upper half is known and not zero, the lower one hardly; then something that works on 32 bits. */
static void known_above(struct generator *g)
{
    static const uint8_t ops[] = { BPF_RSH, BPF_RSH, BPF_ARSH, BPF_LSH,
                                   BPF_DIV, BPF_MOD, BPF_ADD,  BPF_MUL };
    uint32_t a = target_reg(g), op = ops[pick(g, sizeof ops)];
    load_any(g, a);
    emit(g, BPF_ALU64 | BPF_AND | BPF_K, a, 0, 0, one_in(g, 2) ? 255 : INT32_MAX);
    emit(g, BPF_LDDW, 4, 0, 0, 0);
    emit(g, 0, 0, 0, 0, number(g) | 1);
    emit(g, BPF_ALU64 | (one_in(g, 2) ? BPF_OR : BPF_ADD) | BPF_X, a, 4, 0, 0);
    emit(g, (one_in(g, 6) ? BPF_ALU64 : BPF_ALU) | op | BPF_K, a, 0, 0, 1 + pick(g, 31));
    set_number(g, a);
    set_number(g, 4);
}

void half_known(struct generator *g)
{
    if (one_in(g, 3)) {
        known_above(g);
        return;
    }
    static const uint8_t ops[] = { BPF_OR, BPF_AND, BPF_XOR, BPF_ADD, BPF_SUB, BPF_MUL };
    uint32_t a = target_reg(g), b = reg_of(g, K_NUMBER);
    load_any(g, a);
    emit(g, BPF_LDDW, 4, 0, 0, 0);
    emit(g, 0, 0, 0, 0, -1);
    emit(g, BPF_ALU64 | BPF_AND | BPF_X, a, 4, 0, 0);
    emit(g, BPF_ALU64 | BPF_AND | BPF_X, b, 4, 0, 0);
    emit(g, BPF_ALU64 | BPF_OR | BPF_K, a, 0, 0, pick(g, 9));
    emit(g, BPF_ALU64 | BPF_OR | BPF_K, b, 0, 0, pick(g, 9));
    emit(g, BPF_ALU64 | ops[pick(g, sizeof ops)] | BPF_X, a, b, 0, 0);
    if (take(g) & 1)
        emit(g, BPF_ALU | BPF_MOV | BPF_X, a, a, 0, 0);
    set_number(g, a);
    set_number(g, 4);
}

/* A number whose bounds need more than 32 bits, perhaps with others of its low half, computed with. */
void wide_bounded(struct generator *g)
{
    static const uint8_t ops[] = { BPF_OR, BPF_AND, BPF_XOR, BPF_ADD, BPF_SUB, BPF_RSH, BPF_ARSH };
    uint32_t r = reg_of(g, K_NUMBER), op = ops[pick(g, sizeof ops)];
    if (r == 4)
        load_any(g, r = 0);
    emit(g, BPF_LDDW, 4, 0, 0, pick(g, 16));
    emit(g, 0, 0, 0, 0, 1 + pick(g, 6));
    set_number(g, 4);
    emit(g, BPF_JMP | (one_in(g, 4) ? BPF_JSLE : BPF_JLE) | BPF_X, r, 4, 1, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, pick(g, 4));
    if (take(g) & 1) {
        bool beyond = take(g) & 1; /* below by more than 32 bits, too */
        emit(g, BPF_LDDW, 4, 0, 0, 1 + pick(g, 4));
        emit(g, 0, 0, 0, 0, beyond);
        emit(g, BPF_JMP | BPF_JGE | BPF_X, r, 4, 1, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, r, 4, 0, 0);
    }
    if (take(g) & 1) {
        emit(g, BPF_JMP32 | (take(g) & 1 ? BPF_JSGE : BPF_JSGT) | BPF_K, r, 0, 1, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, 1 + pick(g, 4));
    }
    emit(g, (take(g) & 1 ? BPF_ALU : BPF_ALU64) | op | BPF_K, r, 0, 0, pick(g, 9));
    if (take(g) & 1)
        emit(g, BPF_ALU | BPF_MOV | BPF_X, r, r, 0, 0);
}

/* A copy, or not quite one; what is tested is the copy. */
uint32_t copied(struct generator *g, uint32_t r, int32_t *plus)
{
    emit(g, (take(g) & 3 ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X, 4, r, 0, 0);
    set_number(g, 4);
    uses(g, GENERATED_linked);
    *plus = 0;
    if ((take(g) & 3) == 0) {
        /* Linked by a constant distance. */
        uses(g, GENERATED_linked_plus_constant);
        *plus = (int32_t)pick(g, 9) - 2;
        emit(g, (one_in(g, 6) ? BPF_ALU : BPF_ALU64) | BPF_ADD | BPF_K, 4, 0, 0, *plus);
        if (one_in(g, 6)) {
            emit(g, BPF_ALU64 | BPF_SUB | BPF_K, 4, 0, 0, 1);
            (*plus)--;
        }
    }
    if ((take(g) & 7) == 0)
        alu_on(g, 4);
    if (take(g) & 1) {
        /* One of the two changes on one path only. */
        jump_over_next(g, reg_of(g, K_NUMBER));
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, take(g) & 1 ? 4 : r, reg_of(g, K_NUMBER), 0, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
        emit(g, BPF_JMP | BPF_JGT | BPF_K, reg_of(g, K_NUMBER), 0, 1, number(g));
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 2);
        set_number(g, 0);
    }
    return 4;
}

/* The largest 2^n - 1 below `size`. */
static uint32_t below_power(uint32_t size)
{
    uint32_t power = 1;
    while (power * 2 <= size)
        power *= 2;
    return power - 1;
}

/* Some bound on a number, mostly near `size`. */
void bound(struct generator *g, uint32_t r, uint32_t size)
{
    int64_t near = (int64_t)size - 1 + (int64_t)pick(g, 5) - 3;
    if (g->careful && near >= (int64_t)size)
        near = (int64_t)size - 1;
    if (near < 0)
        near = 0;
    uint32_t class = take(g) & 1 ? BPF_ALU : BPF_ALU64, jumps = take(g) & 1 ? BPF_JMP32 : BPF_JMP;
    switch (pick(g, g->careful ? 4 : 8)) {
    case 6: /* by a number that may differ from path to path */
        emit(g, jumps | BPF_JLE | BPF_X, r, reg_of(g, K_NUMBER), 1, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, pick(g, 4));
        break;
    case 7: /* in more than 32 bits */
        emit(g, BPF_LDDW, 4, 0, 0, pick(g, size + 1));
        emit(g, 0, 0, 0, 0, 1 + pick(g, 8));
        emit(g, BPF_JMP | BPF_JLE | BPF_X, r, 4, 1, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, pick(g, 4));
        set_number(g, 4);
        if (take(g) & 1)
            emit(g, jumps | BPF_JGE | BPF_K, r, 0, 0, pick(g, 3));
        alu_on(g, r);
        if (take(g) & 1)
            emit(g, BPF_ALU | BPF_MOV | BPF_X, r, r, 0, 0);
        emit(g, BPF_ALU64 | BPF_RSH | BPF_K, r, 0, 0, pick(g, 6));
        break;
    case 0:
        emit(g, class | BPF_AND | BPF_K, r, 0, 0, (take(g) & 3) != 0 ? (int64_t)below_power(size) : near);
        break;
    case 1:
        emit(g, class | BPF_MOD | BPF_K, r, 0, 0, near > 0 ? near : 1);
        break;
    case 2:
        emit(g, jumps | BPF_JLE | BPF_K, r, 0, 1, near);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, pick(g, 4));
        break;
    case 3:
        emit(g, jumps | BPF_JSGT | BPF_K, r, 0, 1, near);
        emit(g, jumps | BPF_JSGE | BPF_K, r, 0, 1, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, pick(g, 4));
        break;
    case 4:
        emit(g, class | BPF_RSH | BPF_K, r, 0, 0,
             class == BPF_ALU ? 26 + pick(g, 6) : 58 + pick(g, 6));
        break;
    default:
        break;
    }
}

/* if (r > limit) return 0: whatever is linked to r is bounded too. */
void bound_or_leave(struct generator *g, uint32_t r, uint32_t size)
{
    if (g->held != K_UNSET || g->open > 0 || g->function != FUNCTION_MAIN) {
        bound(g, r, size);
        return;
    }
    emit(g, (take(g) & 3 ? BPF_JMP : BPF_JMP32) | BPF_JLE | BPF_K, r, 0, 2,
         (int64_t)size - 1 - (int64_t)pick(g, 4));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}
