/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "complexity.h"

#include "complexity_builder.h"

static uint32_t random_below(struct builder *b, uint32_t bound)
{
    b->state = b->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(b->state >> 33) % bound;
}

static void nest(struct builder *b, uint32_t rounds)
{
    PUT(b, MOV_K(0, 0), MOV_K(1, 0));
    uint32_t outer = b->count;
    PUT(b, MOV_K(2, 0));
    uint32_t inner = b->count;
    PUT(b, ALU_X(BPF_ADD, 0, 2), ALU_K(BPF_ADD, 2, 1));
    jump_back(b, JUMP_K(BPF_JLT, 2, 100, 0), inner);
    PUT(b, ALU_K(BPF_ADD, 1, 1));
    jump_back(b, JUMP_K(BPF_JNE, 1, rounds, 0), outer);
    PUT(b, EXIT());
}

static void nest_3(struct builder *b, uint32_t rounds)
{
    PUT(b, MOV_K(0, 0), MOV_K(1, 0));
    uint32_t first = b->count;
    PUT(b, MOV_K(2, 100));
    uint32_t second = b->count;
    PUT(b, ALU32_K(BPF_MOV, 3, 0));
    uint32_t third = b->count;
    PUT(b, ALU_X(BPF_XOR, 0, 3), ALU32_K(BPF_ADD, 3, 1));
    jump_back(b, I(BPF_JMP32 | BPF_JSLT | BPF_K, 3, 0, 0, rounds), third);
    PUT(b, ALU_K(BPF_SUB, 2, 1));
    jump_back(b, JUMP_K(BPF_JNE, 2, 0, 0), second);
    PUT(b, ALU_K(BPF_ADD, 1, 1));
    jump_back(b, JUMP_K(BPF_JLT, 1, 100, 0), first);
    PUT(b, EXIT());
}

/* The way clang compiles it: an index, a pointer made of it, eight rounds with an if each. */
static void crc(struct builder *b, uint32_t size)
{
    PUT(b, LDDW_VALUE(6, COMPLEXITY_MAP_BYTES, 0), ALU32_K(BPF_MOV, 0, -1), MOV_K(1, 0));
    uint32_t byte = b->count;
    PUT(b, MOV_X(2, 6), ALU_X(BPF_ADD, 2, 1), LDX(BPF_B, 3, 2, 0), ALU32_X(BPF_XOR, 0, 3),
        ALU32_K(BPF_MOV, 4, 0));
    uint32_t bit = b->count;
    PUT(b, ALU32_X(BPF_MOV, 5, 0), ALU32_K(BPF_AND, 5, 1), ALU32_K(BPF_RSH, 0, 1),
        I(BPF_JMP32 | BPF_JEQ | BPF_K, 5, 0, 1, 0), ALU32_K(BPF_XOR, 0, (int32_t)0xedb88320),
        ALU32_K(BPF_ADD, 4, 1));
    jump_back(b, I(BPF_JMP32 | BPF_JNE | BPF_K, 4, 0, 0, 8), bit);
    PUT(b, ALU_K(BPF_ADD, 1, 1));
    jump_back(b, JUMP_K(BPF_JNE, 1, size, 0), byte);
    PUT(b, ALU32_K(BPF_XOR, 0, -1), EXIT());
}

static void rounds(struct builder *b, uint32_t size)
{
    PUT(b, MOV_K(0, 0), MOV_K(1, 0));
    uint32_t head = b->count;
    PUT(b, ALU_X(BPF_ADD, 0, 1), ALU_K(BPF_ADD, 1, 1));
    jump_back(b, JUMP_K(BPF_JNE, 1, size, 0), head);
    PUT(b, EXIT());
}

static void diamonds(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 1, 1, 0), MOV_K(6, 0));
    for (uint32_t i = 0; i < size; i++) {
        PUT(b, MOV_X(2, 1), ALU_K(BPF_RSH, 2, i % 64), ALU_K(BPF_AND, 2, 1));
        PUT(b, JUMP_K(BPF_JEQ, 2, 0, 1), ALU_K(BPF_ADD, 6, 1 + i * 67 % 97));
    }
    PUT(b, LDDW_VALUE(7, COMPLEXITY_MAP_BYTES, 0), ALU_X(BPF_ADD, 7, 6), LDX(BPF_B, 0, 7, 0),
        EXIT());
}

static void branches(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 6, 1, 0), LDX(BPF_DW, 7, 1, 8), LDX(BPF_DW, 8, 1, 16), MOV_K(0, 0));
    uint32_t first = b->count;
    for (uint32_t i = 0; i < size; i++)
        PUT(b, JUMP_K(i & 1 ? BPF_JEQ : BPF_JSGT, 6 + i % 3, i * 1000003, 0),
            ALU_K(BPF_ADD, 6 + i % 3, 1));
    PUT(b, MOV_K(0, 1));
    for (uint32_t i = first; i + 1 < b->count; i += 2)
        if (b->count - i < 30000)
            land(b, i);
    PUT(b, EXIT());
}

static void ifs(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 1, 1, 0), MOV_K(6, 0), MOV_K(7, 1), MOV_K(8, 2));
    for (uint32_t i = 0; i < size; i++) {
        PUT(b, MOV_X(2, 1), ALU_K(BPF_RSH, 2, i % 64));
        PUT(b, I(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 2, 1), ALU_K(BPF_ADD, 6 + i % 3, i % 50),
            ALU_K(BPF_XOR, 1, i));
    }
    PUT(b, ALU_X(BPF_ADD, 6, 7), ALU_X(BPF_ADD, 6, 8), ALU_K(BPF_AND, 6, 0xfff),
        LDDW_VALUE(7, COMPLEXITY_MAP_BYTES, 0), ALU_X(BPF_ADD, 7, 6), LDX(BPF_B, 0, 7, 0), EXIT());
}

static void lookup(struct builder *b, uint32_t key)
{
    PUT(b, ST(BPF_W, BPF_REG_FP, -4, key), MOV_X(2, BPF_REG_FP), ALU_K(BPF_ADD, 2, -4),
        LDDW_MAP(1, COMPLEXITY_MAP_ARRAY), CALL(1), JUMP_K(BPF_JEQ, 0, 0, 3), LDX(BPF_DW, 1, 0, 0),
        ALU_K(BPF_ADD, 1, 1), STX(BPF_DW, 0, 0, 1));
}

static void lookups(struct builder *b, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        lookup(b, i & 3);
    PUT(b, MOV_K(0, 0), EXIT());
}

static void straight(struct builder *b, uint32_t size)
{
    static const uint8_t ops[] = { BPF_ADD, BPF_XOR, BPF_MUL, BPF_SUB, BPF_OR, BPF_AND };
    PUT(b, LDX(BPF_DW, 0, 1, 0), LDX(BPF_DW, 2, 1, 8));
    for (uint32_t i = 3; i < size; i++)
        if (i % 3 == 0)
            PUT(b, ALU_X(ops[i % 6], 2, 0));
        else
            PUT(b, ALU_K(ops[i % 6], i % 2 ? 0 : 2, i * 7 + 1));
    PUT(b, EXIT());
}

/* r6 the context, r7 a pointer to map bytes, r8 a number below 64, r9 any number. */
static void ordinary_piece(struct builder *b)
{
    uint32_t at;
    switch (random_below(b, 10)) {
    case 0: /* a field, tested */
        PUT(b, LDX(BPF_DW, 1, 6, 8 * random_below(b, 3)));
        PUT(b, JUMP_K(BPF_JGT, 1, random_below(b, 1000), 1), ALU_X(BPF_ADD, 9, 1));
        break;
    case 1:
        lookup(b, random_below(b, 4));
        break;
    case 2: /* hash map, key on the stack */
        PUT(b, STX(BPF_DW, BPF_REG_FP, -16, 9), MOV_X(2, BPF_REG_FP), ALU_K(BPF_ADD, 2, -16),
            LDDW_MAP(1, COMPLEXITY_MAP_HASH), CALL(1));
        at = b->count;
        PUT(b, JUMP_K(BPF_JEQ, 0, 0, 0), LDX(BPF_DW, 1, 0, 8), ALU_X(BPF_XOR, 9, 1),
            STX(BPF_DW, 0, 8, 9));
        land(b, at);
        break;
    case 3: /* an index into a table */
        PUT(b, MOV_X(1, 9), ALU_K(BPF_AND, 1, 255), MOV_X(2, 7), ALU_X(BPF_ADD, 2, 1),
            LDX(BPF_B, 3, 2, 0), ALU_X(BPF_ADD, 9, 3));
        break;
    case 4: /* if, else */
        PUT(b, MOV_X(1, 9), ALU_K(BPF_AND, 1, 7), JUMP_K(BPF_JGT, 1, 3, 3), MOV_K(8, 5),
            ALU_K(BPF_LSH, 9, 1), JUMP(2), MOV_K(8, 9), ALU_K(BPF_RSH, 9, 3));
        break;
    case 5: /* clamp */
        PUT(b, MOV_X(1, 9), JUMP_K(BPF_JLT, 1, 4096, 1), MOV_K(1, 4095), MOV_X(2, 7),
            ALU_X(BPF_ADD, 2, 1), STX(BPF_B, 2, 0, 8));
        break;
    case 6: /* a short loop over the table */
        PUT(b, MOV_K(1, 0), MOV_K(2, 0));
        at = b->count;
        PUT(b, MOV_X(3, 7), ALU_X(BPF_ADD, 3, 1), LDX(BPF_B, 3, 3, 0), ALU_X(BPF_ADD, 2, 3),
            ALU_K(BPF_ADD, 1, 1));
        jump_back(b, JUMP_K(BPF_JNE, 1, 8 + random_below(b, 60), 0), at);
        PUT(b, ALU_X(BPF_ADD, 9, 2));
        break;
    case 7: /* time */
        PUT(b, CALL(5), STX(BPF_DW, BPF_REG_FP, -24, 0), LDX(BPF_DW, 1, BPF_REG_FP, -24),
            ALU_X(BPF_SUB, 1, 9), MOV_X(9, 1));
        break;
    case 8: /* the number below 64 indexes */
        PUT(b, MOV_X(2, 7), ALU_X(BPF_ADD, 2, 8), LDX(BPF_B, 8, 2, 16), ALU_K(BPF_AND, 8, 63));
        break;
    default: /* arithmetic */
        PUT(b, MOV_X(1, 9), ALU_K(BPF_MUL, 1, 3), ALU32_K(BPF_RSH, 1, 7), ALU_X(BPF_XOR, 9, 1),
            ALU_K(BPF_ADD, 9, 11));
        break;
    }
}

static void ordinary(struct builder *b, uint32_t size)
{
    PUT(b, MOV_X(6, 1), LDDW_VALUE(7, COMPLEXITY_MAP_BYTES, 0), MOV_K(8, 0), LDX(BPF_DW, 9, 6, 0));
    while (b->count + 20 < size)
        ordinary_piece(b);
    while (b->count + 2 < size)
        PUT(b, ALU_K(BPF_ADD, 9, 1));
    PUT(b, MOV_K(0, 0), EXIT());
}

static void calls(struct builder *b, uint32_t size)
{
    PUT(b, LDX(BPF_DW, 6, 1, 0));
    uint32_t first = b->count;
    for (uint32_t i = 0; i < size; i++)
        PUT(b, MOV_X(1, 6), CALL_FUNC(0), ALU_X(BPF_ADD, 6, 0));
    PUT(b, MOV_K(0, 0), EXIT());
    for (uint32_t i = 0; i < size; i++)
        b->insns[first + 3 * i + 1].imm = (int32_t)(b->count - (first + 3 * i + 2));
    PUT(b, MOV_K(0, 0), JUMP_K(BPF_JSET, 1, 1, 1), MOV_K(0, 3), MOV_K(2, 0));
    uint32_t head = b->count;
    PUT(b, ALU_X(BPF_ADD, 0, 1), ALU_K(BPF_ADD, 2, 1));
    jump_back(b, JUMP_K(BPF_JLT, 2, 50, 0), head);
    PUT(b, EXIT());
}

struct bpf_insn *complexity_program(enum complexity_kind kind, uint32_t size, uint64_t seed,
                                    uint32_t *insn_count)
{
    static void (*const build[COMPLEXITY_COUNT])(struct builder *, uint32_t) = {
        [COMPLEXITY_NEST] = nest,
        [COMPLEXITY_NEST_3] = nest_3,
        [COMPLEXITY_CRC] = crc,
        [COMPLEXITY_ROUNDS] = rounds,
        [COMPLEXITY_DIAMONDS] = diamonds,
        [COMPLEXITY_BRANCHES] = branches,
        [COMPLEXITY_IFS] = ifs,
        [COMPLEXITY_LOOKUPS] = lookups,
        [COMPLEXITY_STRAIGHT] = straight,
        [COMPLEXITY_ORDINARY] = ordinary,
        [COMPLEXITY_CALLS] = calls,
        [COMPLEXITY_SPILLS] = complexity_spills,
        [COMPLEXITY_KINDS] = complexity_kinds,
        [COMPLEXITY_COPIES] = complexity_copies,
        [COMPLEXITY_STATES] = complexity_states,
        [COMPLEXITY_TREE] = complexity_tree,
        [COMPLEXITY_DEEP] = complexity_deep,
        [COMPLEXITY_UNBOUNDED] = complexity_unbounded,
        [COMPLEXITY_COUNTED] = complexity_counted,
        [COMPLEXITY_LADDER] = complexity_ladder,
        [COMPLEXITY_WIDE] = complexity_wide,
        [COMPLEXITY_DOUBLING] = complexity_doubling,
        [COMPLEXITY_COLLATZ] = complexity_collatz,
    };
    struct builder b = { .state = seed };
    build[kind](&b, size);
    *insn_count = b.count;
    return b.insns;
}
