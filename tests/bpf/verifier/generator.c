/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statement by statement, each chosen by a byte. The generator remembers roughly what registers
 * hold and mostly picks operands that fit; one time in sixteen it does not care. Numbers that
 * become offsets are mostly bounded before, by masks, comparisons and remainders near the sizes
 * that matter: mistakes of a verifier show where things only just fit.
 *
 * R9 keeps the context, R8 counts rounds of the loop, R7 is a looked up value or a record to give
 * back, R6 whatever. */
#include "generator.h"

#include <bpf/helper.h>

#include <stdbool.h>
#include <string.h>

enum kind { K_UNSET, K_NUMBER, K_CONTEXT, K_STACK, K_VALUE, K_RECORD };

#define PATCH_MAX 16

struct patch {
    uint32_t insn_index;
    uint32_t statements_left; /* the jump goes to where this many statements more have been made */
};

struct generator {
    struct generated *out;
    const uint8_t *bytes;
    size_t left;
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT]; /* K_VALUE, K_RECORD */
    bool has_record;
    uint32_t record_reg;
    uint32_t depth; /* of loops */
    struct patch patches[PATCH_MAX];
    uint32_t patch_count;
    bool in_function;
    uint32_t calls[8], call_count;
};

static uint32_t take(struct generator *g)
{
    if (g->left == 0)
        return 0;
    g->left--;
    return *g->bytes++;
}

static uint32_t pick(struct generator *g, uint32_t count)
{
    return take(g) % count;
}

static void emit(struct generator *g, uint32_t opcode, uint32_t dst, uint32_t src, int32_t offset,
                 int64_t imm)
{
    /* Room is kept for what closes the program. */
    if (g->out->insn_count >= GENERATED_INSN_MAX)
        return;
    g->out->insns[g->out->insn_count++] =
        (struct bpf_insn){ (uint8_t)opcode, dst & 15, src & 15, (int16_t)offset, (int32_t)imm };
}

static bool full(const struct generator *g)
{
    return g->out->insn_count > GENERATED_INSN_MAX - 60;
}

/* --- Operands
 * ------------------------------------------------------------------------------------------------------------
 */

static int64_t number(struct generator *g)
{
    static const int64_t interesting[] = { 0,         1,    2,      7,         8,
                                           15,        31,   32,     47,        48,
                                           63,        64,   255,    256,       511,
                                           512,       4095, 0x7fff, 0xffff,    INT32_MAX,
                                           -1,        -2,   -8,     INT32_MIN, INT32_MIN + 1,
                                           0x55555555 };
    uint32_t b = take(g);
    if (b < 160)
        return interesting[b % (sizeof interesting / sizeof interesting[0])];
    if (b < 220)
        return (int8_t)take(g);
    return (int32_t)(take(g) | take(g) << 8 | take(g) << 16 | take(g) << 24);
}

/* A register of R0 to R8 that holds this, or any. */
static uint32_t reg_of(struct generator *g, enum kind kind)
{
    uint32_t start = pick(g, 9);
    bool careless = take(g) >= 250;
    for (uint32_t i = 0; i < 9; i++) {
        uint32_t r = (start + i) % 9;
        if ((g->kinds[r] == kind || careless) && !(r == 8 && g->depth > 0))
            return r;
    }
    return start == 8 && g->depth > 0 ? 0 : start;
}

static uint32_t target_reg(struct generator *g)
{
    uint32_t r = pick(g, 8);
    if (g->has_record && r == g->record_reg)
        r = (r + 1) % 8;
    return r == 7 && !g->in_function ? 6 : r;
}

static void set_number(struct generator *g, uint32_t r)
{
    g->kinds[r] = K_NUMBER;
}

/* --- Statements
 * ------------------------------------------------------------------------------------------------------------
 */

static const uint8_t alu_ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,   BPF_AND,
                                   BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_ARSH, BPF_MOV };

static void alu(struct generator *g)
{
    uint32_t op = alu_ops[pick(g, sizeof alu_ops)];
    uint32_t class = take(g) & 1 ? BPF_ALU : BPF_ALU64;
    bool divides = op == BPF_DIV || op == BPF_MOD;
    int32_t is_signed = divides && (take(g) & 1) ? 1 : 0;
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

static void alu_other(struct generator *g)
{
    static const uint8_t widths[] = { 16, 32, 64 };
    static const uint8_t extensions[] = { 8, 16, 32 };
    uint32_t dst = reg_of(g, K_NUMBER);
    switch (pick(g, 5)) {
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
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, target_reg(g), dst, extensions[pick(g, 3)], 0);
        break;
    default:
        emit(g, BPF_ALU | BPF_MOV | BPF_X, target_reg(g), dst, extensions[pick(g, 2)], 0);
        break;
    }
}

static void wide_number(struct generator *g)
{
    static const uint32_t halves[] = { 0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 2, 8 };
    uint32_t dst = target_reg(g);
    emit(g, BPF_LDDW, dst, 0, 0, halves[pick(g, 7)]);
    emit(g, 0, 0, 0, 0, halves[pick(g, 7)]);
    set_number(g, dst);
}

static void load_context(struct generator *g)
{
    static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
    static const int bytes[] = { 1, 2, 4, 8 };
    uint32_t dst = target_reg(g), size = pick(g, 4);
    bool extends = size < 3 && (take(g) & 3) == 0;
    int32_t offset = (int32_t)(pick(g, (uint32_t)(64 / bytes[size])) * (uint32_t)bytes[size]);
    emit(g, BPF_LDX | (extends ? BPF_MEMSX : BPF_MEM) | sizes[size], dst, 9, offset, 0);
    set_number(g, dst);
}

/* A jump over the next few statements. */
static void jump(struct generator *g)
{
    static const uint8_t conditions[] = { BPF_JEQ,  BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT,
                                          BPF_JSGE, BPF_JLT, BPF_JLE, BPF_JSLT, BPF_JSLE };
    if (g->patch_count == PATCH_MAX)
        return;
    uint32_t opcode = conditions[pick(g, sizeof conditions)] | (take(g) & 1 ? BPF_JMP32 : BPF_JMP);
    uint32_t dst = reg_of(g, K_NUMBER);
    g->patches[g->patch_count++] = (struct patch){ g->out->insn_count, 1 + pick(g, 4) };
    if (take(g) & 1)
        emit(g, opcode | BPF_X, dst, reg_of(g, K_NUMBER), 0, 0);
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
    if (take(g) & 1)
        emit(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
}

/* One of two constants, which depends on data. */
static void select_number(struct generator *g)
{
    uint32_t r = target_reg(g), by = reg_of(g, K_NUMBER);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, number(g));
    emit(g, BPF_JMP | (take(g) & 1 ? BPF_JSGT : BPF_JGT) | BPF_K, by == r ? 9u : by, 0, 1,
         number(g));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, number(g));
    set_number(g, r);
}

/* Two numbers whose lower halves are known and upper ones are not, combined. */
static void half_known(struct generator *g)
{
    static const uint8_t ops[] = { BPF_OR, BPF_AND, BPF_XOR, BPF_ADD, BPF_SUB, BPF_MUL };
    uint32_t a = target_reg(g), b = reg_of(g, K_NUMBER);
    emit(g, BPF_LDX | BPF_MEM | BPF_DW, a, 9, 8 * (int32_t)pick(g, 8), 0);
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

/* A copy, or not quite one; what is tested is the copy. */
static uint32_t copied(struct generator *g, uint32_t r)
{
    emit(g, (take(g) & 3 ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X, 4, r, 0, 0);
    set_number(g, 4);
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

/* Some bound on a number, mostly near `size`. */
static void bound(struct generator *g, uint32_t r, uint32_t size)
{
    int64_t near = (int64_t)size - 1 + (int64_t)pick(g, 5) - 3;
    uint32_t class = take(g) & 1 ? BPF_ALU : BPF_ALU64, jumps = take(g) & 1 ? BPF_JMP32 : BPF_JMP;
    switch (pick(g, 8)) {
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
        emit(g, class | BPF_AND | BPF_K, r, 0, 0, (take(g) & 3) != 0 ? (int64_t)size - 1 : near);
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
static void bound_or_leave(struct generator *g, uint32_t r, uint32_t size)
{
    if (g->has_record) {
        bound(g, r, size);
        return;
    }
    emit(g, (take(g) & 3 ? BPF_JMP : BPF_JMP32) | BPF_JLE | BPF_K, r, 0, 2,
         (int64_t)size - 1 - (int64_t)pick(g, 4));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static uint32_t access_opcode(struct generator *g, uint32_t *bytes)
{
    static const uint8_t sizes[] = { BPF_B, BPF_B, BPF_H, BPF_W, BPF_DW };
    uint32_t i = pick(g, 5);
    *bytes = i < 2 ? 1 : 1u << (i - 1);
    return sizes[i];
}

/* pointer (+ bounded number), then an access. */
static void access_object(struct generator *g)
{
    uint32_t pointer = reg_of(g, take(g) & 7 ? K_VALUE : K_RECORD), bytes, at = 5;
    uint32_t size = g->sizes[pointer] != 0 ? g->sizes[pointer] : 8;
    uint32_t opcode = access_opcode(g, &bytes);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, at, pointer, 0, 0);
    g->kinds[at] = K_VALUE;
    if (take(g) & 3) {
        uint32_t index = reg_of(g, K_NUMBER);
        if (index == at)
            index = 0;
        if (g->depth > 0 && (take(g) & 3) == 0) {
            /* The round's number, times something. */
            emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, 8, 0, 0);
            emit(g, BPF_ALU64 | BPF_MUL | BPF_K, 4, 0, 0, 1 + pick(g, 8));
            set_number(g, 4);
            index = 4;
        }
        uint32_t limit = take(g) & 1 ? size : size / bytes;
        if ((take(g) & 3) == 0)
            bound_or_leave(g, copied(g, index), limit);
        else
            bound(g, index, limit);
        if (bytes > 1 && (take(g) & 7) != 0) {
            emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, index, 0, 0);
            emit(g, BPF_ALU64 | (take(g) & 1 ? BPF_MUL : BPF_AND) | BPF_K, 4, 0, 0,
                 take(g) & 1 ? (int64_t)bytes : -(int64_t)bytes);
            set_number(g, 4);
            index = 4;
        }
        emit(g, BPF_ALU64 | ((take(g) & 15) == 0 ? BPF_SUB : BPF_ADD) | BPF_X, at, index, 0, 0);
    }
    int32_t offset = (take(g) & 3) != 0 ? 0 : (int32_t)(pick(g, size / bytes + 1) * bytes);
    if ((take(g) & 7) == 0)
        offset -= (int32_t)bytes;
    switch (pick(g, 4)) {
    case 0:
    case 1:
        emit(g, BPF_LDX | BPF_MEM | opcode, 0, at, offset, 0);
        set_number(g, 0);
        break;
    case 2:
        emit(g, BPF_STX | BPF_MEM | opcode, at, reg_of(g, K_NUMBER), offset, 0);
        break;
    default:
        if (bytes >= 4)
            emit(g, BPF_STX | BPF_ATOMIC | opcode, at, reg_of(g, K_NUMBER), offset,
                 take(g) & 1 ? BPF_ADD | 1 : BPF_ADD);
        else
            emit(g, BPF_ST | BPF_MEM | opcode, at, 0, offset, number(g));
        break;
    }
}

static void access_stack(struct generator *g)
{
    uint32_t bytes, opcode = access_opcode(g, &bytes);
    int32_t offset = -(int32_t)((1 + pick(g, 32 / bytes)) * bytes);
    switch (pick(g, 6)) {
    case 0:
        emit(g, BPF_STX | BPF_MEM | opcode, 10, reg_of(g, K_NUMBER), offset, 0);
        break;
    case 1:
        emit(g, BPF_ST | BPF_MEM | opcode, 10, 0, offset, number(g));
        break;
    case 2: {
        uint32_t dst = target_reg(g);
        emit(g, BPF_LDX | BPF_MEM | opcode, dst, 10, offset, 0);
        set_number(g, dst);
        break;
    }
    case 3: /* a pointer to the stack and back */
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, reg_of(g, K_VALUE), -40, 0);
        if ((take(g) & 7) == 0)
            emit(g, BPF_STX | BPF_MEM | opcode, 10, reg_of(g, K_NUMBER),
                 -40 + (int32_t)(pick(g, 8 / bytes) * bytes), 0);
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, -40, 0);
        g->kinds[5] = K_VALUE;
        g->sizes[5] = 8;
        break;
    case 4: /* a varying offset */
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, reg_of(g, K_NUMBER), 0, 0);
        emit(g, BPF_ALU64 | BPF_AND | BPF_K, 4, 0, 0, take(g) & 1 ? 24 & -(int32_t)bytes : 31);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 5, 10, 0, 0);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_X, 5, 4, 0, 0);
        g->kinds[5] = K_STACK;
        set_number(g, 4);
        if (take(g) & 1)
            emit(g, BPF_STX | BPF_MEM | opcode, 5, reg_of(g, K_NUMBER), -32, 0);
        else
            emit(g, BPF_LDX | BPF_MEM | opcode, 0, 5, -32, 0);
        break;
    default: { /* the same number, twice: linked by a spill or a copy; or what a narrow one leaves of it */
        uint32_t r = reg_of(g, K_NUMBER), dst = target_reg(g);
        if (take(g) & 1)
            opcode = BPF_DW;
        emit(g, BPF_STX | BPF_MEM | opcode, 10, r, -8, 0);
        emit(g, BPF_LDX | BPF_MEM | opcode, dst, 10, -8, 0);
        set_number(g, dst);
        break;
    }
    }
}

static void after_call(struct generator *g)
{
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    set_number(g, 0);
}

static void lookup(struct generator *g, uint32_t dst)
{
    static const uint32_t sizes[] = { 8, 48, 16 };
    uint32_t map = pick(g, 3);
    emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -48, pick(g, 4));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -48);
    emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, map);
    emit(g, 0, 0, 0, 0, 0);
    emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
    after_call(g);
    uint32_t tested = 0;
    if ((take(g) & 15) == 0) {
        /* Something between the call and the test, or another pointer tested. */
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 5, 0, 0, 0);
        if (take(g) & 1)
            emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 5, 0, 0, pick(g, 8));
        if (take(g) & 1)
            tested = dst;
    }
    if ((take(g) & 15) != 0) {
        emit(g, BPF_JMP | BPF_JNE | BPF_K, tested, 0, 2, 0);
        emit(g, BPF_LDDW, 0, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_BSS);
        emit(g, 0, 0, 0, 0, 0);
    }
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, dst, 0, 0, 0);
    g->kinds[dst] = g->kinds[0] = K_VALUE;
    g->sizes[dst] = g->sizes[0] = sizes[map];
}

static void direct_value(struct generator *g)
{
    uint32_t dst = target_reg(g), map = take(g) & 3 ? GENERATOR_BSS : GENERATOR_RODATA;
    uint32_t size = map == GENERATOR_BSS ? 64 : 32;
    emit(g, BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX_VALUE, 0, map);
    uint32_t at = take(g) & 1 ? 0 : pick(g, size) & ~7u;
    emit(g, 0, 0, 0, 0, at);
    g->kinds[dst] = K_VALUE;
    g->sizes[dst] = size - at;
}

static void helper(struct generator *g)
{
    switch (pick(g, 4)) {
    case 0:
        emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns);
        break;
    case 1: /* memory of a size that varies */
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, reg_of(g, K_NUMBER), 0, 0);
        bound(g, 4, 32);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -32);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, pick(g, 2));
        emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_pwm_get);
        break;
    case 2:
        emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_RING);
        emit(g, 0, 0, 0, 0, 0);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 3, reg_of(g, K_NUMBER), 0, 0);
        bound(g, 3, 32);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -32);
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0);
        emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_output);
        break;
    default:
        emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, reg_of(g, K_NUMBER), 0, 0);
        emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_motor_emergency_stop);
        break;
    }
    after_call(g);
}

/* A record, given back where the straight line ends. */
static void reserve(struct generator *g)
{
    if (g->has_record || g->in_function || g->depth > 0) {
        helper(g);
        return;
    }
    uint32_t size = 8u * (1 + pick(g, 4));
    emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_RING);
    emit(g, 0, 0, 0, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, size);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
    emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve);
    after_call(g);
    emit(g, BPF_JMP | BPF_JNE | BPF_K, 0, 0, 1, 0);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 0, 0, 0);
    g->kinds[6] = g->kinds[0] = K_RECORD;
    g->sizes[6] = g->sizes[0] = size;
    g->has_record = true;
    g->record_reg = 6;
}

static void give_back(struct generator *g)
{
    if (!g->has_record)
        return;
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, g->record_reg, 0, 0);
    if ((take(g) & 15) == 0)
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, 8);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
    emit(g, BPF_JMP | BPF_CALL, 0, 0, 0,
         take(g) & 1 ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard);
    g->kinds[g->record_reg] = K_UNSET;
    g->has_record = false;
    after_call(g);
    g->kinds[0] = K_UNSET;
}

static void local_call(struct generator *g)
{
    if (g->in_function || g->call_count == 8)
        return;
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, reg_of(g, K_NUMBER), 0, 0);
    emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -56, number(g));
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -56);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 3, 7, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 4, 9, 0, 0);
    g->calls[g->call_count++] = g->out->insn_count;
    emit(g, BPF_JMP | BPF_CALL, 0, BPF_CALL_LOCAL, 0, 0);
    after_call(g);
}

static void statements(struct generator *g, uint32_t count);

static void loop(struct generator *g)
{
    if (g->depth > 0 || g->patch_count > 0)
        return;
    int32_t rounds = 1 + (int32_t)pick(g, 12), step = 1 + (int32_t)pick(g, 2);
    bool up = take(g) & 1;
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 8, 0, 0, up ? 0 : rounds * step);
    set_number(g, 8);
    uint32_t head = g->out->insn_count;
    g->depth++;
    statements(g, 1 + pick(g, 5));
    g->depth--;
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 8, 0, 0, up ? step : -step);
    int32_t back = (int32_t)head - (int32_t)g->out->insn_count - 1;
    if ((take(g) & 15) == 0) {
        /* It may never end. */
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 4, 10, -8, 0);
        set_number(g, 4);
        emit(g, BPF_JMP | BPF_JGT | BPF_K, 4, 0, back - 1, number(g));
    } else {
        emit(g, BPF_JMP | (up ? BPF_JLT : BPF_JNE) | BPF_K, 8, 0, back, up ? rounds * step : 0);
    }
}

static void patch_jumps(struct generator *g, bool all)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->patch_count; i++) {
        struct patch *p = &g->patches[i];
        if (--p->statements_left == 0 || all)
            g->out->insns[p->insn_index].offset = (int16_t)(g->out->insn_count - p->insn_index - 1);
        else
            g->patches[kept++] = *p;
    }
    g->patch_count = kept;
}

static void statement(struct generator *g)
{
    switch (pick(g, 28)) {
    case 23:
    case 24:
        select_number(g);
        break;
    case 25:
        half_known(g);
        break;
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        alu(g);
        break;
    case 5:
        alu_other(g);
        break;
    case 6:
        wide_number(g);
        break;
    case 7:
    case 8:
        load_context(g);
        break;
    case 9:
    case 10:
    case 11:
    case 12:
        jump(g);
        break;
    case 13:
    case 14:
    case 15:
    case 16:
        access_object(g);
        break;
    case 17:
    case 18:
        access_stack(g);
        break;
    case 19:
        direct_value(g);
        break;
    case 20:
        helper(g);
        break;
    case 21:
        if (take(g) & 1)
            reserve(g);
        else
            lookup(g, g->in_function ? 6 : 7);
        break;
    case 22:
        local_call(g);
        break;
    default:
        loop(g);
        break;
    }
}

static void statements(struct generator *g, uint32_t count)
{
    for (uint32_t i = 0; i < count && !full(g); i++) {
        statement(g);
        patch_jumps(g, false);
    }
    patch_jumps(g, true);
}

static void finish(struct generator *g)
{
    give_back(g);
    if (g->kinds[0] != K_NUMBER)
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* R1 is a number, R2 eight bytes of the caller's stack, R3 its R7, R4 the context. */
static void function(struct generator *g)
{
    memset(g->kinds, 0, sizeof g->kinds);
    g->in_function = true;
    for (uint32_t i = 0; i < g->call_count; i++)
        g->out->insns[g->calls[i]].imm = (int32_t)(g->out->insn_count - g->calls[i] - 1);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 9, 4, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 7, 3, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 2, 0, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 0, 0);
    set_number(g, 0);
    set_number(g, 1);
    g->kinds[7] = K_VALUE;
    g->sizes[7] = 8;
    g->kinds[6] = K_STACK;
    if (take(g) & 1)
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 6, 0, 0, 0);
    statements(g, 1 + pick(g, 6));
    finish(g);
}

void generate_program(const uint8_t *bytes, size_t size, struct generated *out)
{
    struct generator g = { .out = out, .bytes = bytes, .left = size };
    out->insn_count = 0;
    emit(&g, BPF_ALU64 | BPF_MOV | BPF_X, 9, 1, 0, 0);
    g.kinds[9] = K_CONTEXT;
    /* The part of the stack that statements use is set, mostly. */
    for (int32_t at = -8; at >= -40; at -= 8)
        if ((take(&g) & 7) != 0)
            emit(&g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, pick(&g, 9));
    lookup(&g, 7);
    emit(&g, BPF_LDX | BPF_MEM | BPF_DW, 6, 9, 0, 0);
    set_number(&g, 6);
    for (uint32_t r = 0; r < 4; r++) {
        emit(&g, BPF_LDX | BPF_MEM | BPF_DW, r, 9, (int32_t)(8 * r + 8), 0);
        set_number(&g, r);
    }
    statements(&g, 2 + pick(&g, 14));
    finish(&g);
    if (g.call_count > 0)
        function(&g);
}
