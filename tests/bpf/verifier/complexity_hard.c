/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs that nobody writes but to make a verifier walk without end: paths that differ in what matters later,
 * states that cannot become one, loops that nothing bounds. */
#include "complexity.h"
#include "complexity_builder.h"

#define SLOTS 60u

/* The register indexes the bytes; what it may be is bounded by `mask`. */
static void use_as_index(struct builder *b, uint32_t reg, int32_t mask)
{
    PUT(b, MOV_X(1, reg), ALU_K(BPF_AND, 1, mask), LDDW_VALUE(2, COMPLEXITY_MAP_BYTES, 0),
        ALU_X(BPF_ADD, 2, 1), LDX(BPF_B, 0, 2, 0));
}

static int32_t slot(uint32_t i)
{
    return -8 * (int32_t)(i % SLOTS + 1);
}

/* Skips the next `count` instructions or not: bit `i` of the number in r9. */
static void unless_bit(struct builder *b, uint32_t i, int32_t count)
{
    PUT(b, MOV_X(3, 9), ALU_K(BPF_RSH, 3, (int32_t)(i % 64)), ALU_K(BPF_AND, 3, 1),
        JUMP_K(BPF_JEQ, 3, 0, (int16_t)count));
}

void complexity_spills(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 9, 1, 0));
    for (uint32_t i = 0; i < SLOTS; i++)
        PUT(b, ST(BPF_DW, BPF_REG_FP, (int16_t)slot(i), 0));
    for (uint32_t i = 0; i < size; i++) {
        unless_bit(b, i, 1);
        PUT(b, ST(BPF_DW, BPF_REG_FP, (int16_t)slot(i), (int32_t)i));
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        PUT(b, LDX(BPF_DW, 4, BPF_REG_FP, (int16_t)slot(i)), LDDW_VALUE(2, COMPLEXITY_MAP_BYTES, 0),
            ALU_X(BPF_ADD, 2, 4), LDX(BPF_B, 0, 2, 0));
    }
    PUT(b, MOV_K(0, 0), EXIT());
}

void complexity_kinds(struct builder *b, uint32_t size)
{
    PUT(b, MOV_X(8, 1), LDX(BPF_DW, 9, 1, 0), MOV_K(4, 0), MOV_K(5, 0), MOV_K(6, 0), MOV_K(7, 0));
    for (uint32_t i = 0; i < size; i++) {
        uint32_t reg = 4 + i % 4;
        unless_bit(b, i, i % 3 == 0 ? 2 : 1);
        if (i % 3 == 0)
            PUT(b, LDDW_VALUE(reg, COMPLEXITY_MAP_BYTES, (int32_t)i));
        else
            PUT(b, MOV_X(reg, i % 3 == 1 ? BPF_REG_FP : 8));
    }
    PUT(b, MOV_K(0, 0));
    for (uint32_t reg = 4; reg < 8; reg++)
        PUT(b, STX(BPF_DW, BPF_REG_FP, (int16_t)(-8 * (int32_t)(reg - 3)), reg));
    PUT(b, EXIT());
}

void complexity_copies(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 9, 1, 0), MOV_X(4, 9), MOV_X(5, 4), MOV_X(6, 5), MOV_X(7, 6), MOV_X(8, 7));
    for (uint32_t i = 0; i < size; i++) {
        uint32_t reg = 4 + i % 5;
        PUT(b, JUMP_K(i & 1 ? BPF_JGT : BPF_JSLT, reg, (int32_t)(i * 7919), 1),
            MOV_X(4 + (i * 3 + 1) % 5, reg), STX(BPF_DW, BPF_REG_FP, (int16_t)slot(i), reg));
    }
    use_as_index(b, 7, 0xffff);
    PUT(b, MOV_K(0, 0), EXIT());
}

void complexity_states(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 9, 1, 0), MOV_K(6, 0), MOV_K(7, 0));
    uint32_t head = b->count;
    for (uint32_t i = 0; i < size; i++)
        PUT(b, JUMP_K(BPF_JNE, 6, (int32_t)i, 4), MOV_X(3, 9), ALU_K(BPF_AND, 3, 1),
            MOV_K(6, (int32_t)(i * 5 + 1) % (int32_t)size), ALU_X(BPF_ADD, 6, 3));
    use_as_index(b, 6, 0xffff);
    PUT(b, ALU_X(BPF_ADD, 9, 0), ALU_K(BPF_ADD, 7, 1));
    jump_back(b, JUMP_K(BPF_JLT, 7, 10000, 0), head);
    PUT(b, MOV_K(0, 0), EXIT());
}

void complexity_tree(struct builder *b, uint32_t size)
{
    uint32_t calls[2] = { 0, 0 };
    PUT(b, LDX(BPF_DW, 1, 1, 0), MOV_K(2, 0));
    for (uint32_t depth = 0; depth < 8; depth++) {
        for (uint32_t i = 0; depth != 0 && i < 2; i++)
            b->insns[calls[i]].imm = (int32_t)(b->count - calls[i] - 1);
        PUT(b, MOV_X(9, 1), MOV_X(6, 2));
        for (uint32_t i = 0; i < size; i++) {
            unless_bit(b, depth * size + i, 1);
            PUT(b, ALU_K(BPF_ADD, 6, (int32_t)(depth * size + i + 1)));
        }
        if (depth < 7)
            for (uint32_t i = 0; i < 2; i++) {
                PUT(b, MOV_X(1, 9), MOV_X(2, 6), CALL_FUNC(0));
                calls[i] = b->count - 1;
                PUT(b, MOV_X(6, 0));
            }
        use_as_index(b, 6, 0xffff);
        PUT(b, MOV_X(0, 6), EXIT());
    }
}

/* Each level counts to 3 + its number; the innermost breaks out of two loops, and then of all. */
void complexity_deep(struct builder *b, uint32_t size)
{
    uint32_t heads[64], leave[64];
    size = size < 50 ? size : 50;
    PUT(b, LDX(BPF_DW, 9, 1, 0), MOV_K(6, 0));
    for (uint32_t i = 0; i < size; i++) {
        PUT(b, ST(BPF_DW, BPF_REG_FP, (int16_t)slot(i), 0));
        heads[i] = b->count;
        unless_bit(b, i, 1);
        leave[i] = b->count;
        PUT(b, JUMP(0));
    }
    PUT(b, ALU_K(BPF_ADD, 6, 1));
    for (uint32_t i = size; i-- != 0;) {
        PUT(b, LDX(BPF_DW, 3, BPF_REG_FP, (int16_t)slot(i)), ALU_K(BPF_ADD, 3, 1),
            STX(BPF_DW, BPF_REG_FP, (int16_t)slot(i), 3));
        jump_back(b, JUMP_K(BPF_JLT, 3, (int32_t)(3 + i), 0), heads[i]);
        for (uint32_t k = i; k < size && k < i + 2; k++)
            if (k == i + 1 || i + 1 == size)
                land(b, leave[k]);
        if (i == 0)
            land(b, leave[0]);
    }
    use_as_index(b, 6, 0xffff);
    PUT(b, MOV_K(0, 0), EXIT());
}

void complexity_unbounded(struct builder *b, uint32_t size)
{
    PUT(b, MOV_X(6, 1), MOV_K(7, 0));
    for (uint32_t i = 0; i < size; i++) {
        PUT(b, LDX(BPF_DW, 9, 6, 0));
        uint32_t head = b->count;
        PUT(b, ALU_K(BPF_RSH, 9, 1), ALU_X(BPF_XOR, 7, 9), ALU_K(BPF_MUL, 7, 31));
        jump_back(b, JUMP_K(BPF_JNE, 9, 0, 0), head);
    }
    PUT(b, MOV_K(0, 0), EXIT());
}

void complexity_counted(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 9, 1, 0), MOV_K(6, 1), MOV_K(7, 0));
    for (uint32_t i = 0; i < SLOTS; i++)
        PUT(b, ST(BPF_DW, BPF_REG_FP, (int16_t)slot(i), 0));
    uint32_t head = b->count;
    for (uint32_t i = SLOTS - 1; i != 0; i--)
        PUT(b, LDX(BPF_DW, 3, BPF_REG_FP, (int16_t)slot(i - 1)),
            STX(BPF_DW, BPF_REG_FP, (int16_t)slot(i), 3));
    unless_bit(b, 5, 1);
    PUT(b, ALU_K(BPF_MUL, 6, 5), ALU_K(BPF_ADD, 6, 3), ALU_K(BPF_AND, 6, 0xffff),
        STX(BPF_DW, BPF_REG_FP, (int16_t)slot(0), 6),
        LDX(BPF_DW, 4, BPF_REG_FP, (int16_t)slot(SLOTS - 1)));
    use_as_index(b, 4, 0xffff);
    PUT(b, ALU_K(BPF_ADD, 7, 1));
    jump_back(b, JUMP_K(BPF_JLT, 7, (int32_t)size, 0), head);
    PUT(b, MOV_K(0, 0), EXIT());
}

/* Jump i goes back to before jump i - 1: every loop is in part in every other. */
void complexity_ladder(struct builder *b, uint32_t size)
{
    uint32_t before = 0;
    PUT(b, LDX(BPF_DW, 9, 1, 0), MOV_K(6, 0));
    for (uint32_t i = 0; i < size; i++) {
        uint32_t here = b->count;
        PUT(b, ALU_K(BPF_ADD, 6, 1), MOV_X(3, 9), ALU_X(BPF_RSH, 3, 6));
        if (i != 0)
            jump_back(b, JUMP_K(BPF_JGT, 3, (int32_t)i, 0), before);
        before = here;
    }
    PUT(b, MOV_K(0, 0), EXIT());
}

void complexity_wide(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 9, 1, 0), MOV_K(6, 0), MOV_K(7, 0));
    uint32_t head = b->count;
    for (uint32_t i = 0; i < size; i++)
        PUT(b, ALU_K(BPF_ADD, 6, (int32_t)(i % 13)), JUMP_K(BPF_JEQ, 9, (int32_t)i, 0));
    PUT(b, ALU_K(BPF_RSH, 9, 1), ALU_K(BPF_ADD, 7, 1));
    jump_back(b, JUMP_K(BPF_JLT, 7, 1000, 0), head);
    for (uint32_t i = 0; i < size; i++)
        land(b, head + 2 * i + 1);
    use_as_index(b, 6, 0xffff);
    PUT(b, MOV_K(0, 0), EXIT());
}

void complexity_doubling(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 9, 1, 0), MOV_K(6, 1));
    for (uint32_t i = 0; i < size; i++) {
        unless_bit(b, i, 2);
        PUT(b, ALU_K(BPF_LSH, 6, 1), ALU_K(BPF_ADD, 6, (int32_t)i));
    }
    /* Nothing but its being small: as a whole it may be anything. */
    PUT(b, JUMP_K(BPF_JGT, 6, 100, 4), LDDW_VALUE(2, COMPLEXITY_MAP_BYTES, 0), ALU_X(BPF_ADD, 2, 6),
        LDX(BPF_B, 0, 2, 0), MOV_K(0, 0), EXIT());
}

void complexity_collatz(struct builder *b, uint32_t size)
{
    PUT(b, MOV_K(6, (int32_t)size), MOV_K(7, 0));
    uint32_t head = b->count;
    PUT(b, JUMP_K(BPF_JEQ, 6, 1, 7), I(BPF_JMP | BPF_JSET | BPF_K, 6, 0, 2, 1),
        ALU_K(BPF_RSH, 6, 1), JUMP(2), ALU_K(BPF_MUL, 6, 3), ALU_K(BPF_ADD, 6, 1),
        ALU_K(BPF_ADD, 7, 1));
    jump_back(b, JUMP_K(BPF_JLT, 7, 100000, 0), head);
    PUT(b, MOV_K(0, 0), EXIT());
}
