/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Two instructions in one handler, for pairs that compilers make all the time: a copy that is then
 * changed, a counter that is then compared, the address of an element and the access to it, a sign
 * extension by two shifts. Included by interp.c behind interp_loop.h.
 *
 * Only the first instruction's handler is another one; the second keeps its own, so that jumps to it
 * need no care. Both count, and `acc` and all registers are afterwards what the two would leave. */

/* The second instruction of a pair. */
#define SECOND (pc[1])
#define NEXT_BUT_ONE() \
    do {               \
        pc += 2;       \
        DISPATCH();    \
        return;        \
    } while (0)

/* --- dst = src; dst op= other. The other is not dst: fused() looks. --- */
#define COPY_OP(name, type, from, right, expression) \
    OP(name)                                         \
    {                                                \
        type a = (type)(from), b = (type)(right);    \
        acc = (type)(expression);                    \
        DST = acc;                                   \
        NEXT_BUT_ONE();                              \
    }
#define COPY_WIDTH(op, type, expression)                           \
    COPY_OP(COPY_##op##_X, type, SRC, r[SECOND.src], expression)   \
    COPY_OP(COPY_##op##_X_S, type, acc, r[SECOND.src], expression) \
    COPY_OP(COPY_##op##_K, type, SRC, SECOND.imm, expression)      \
    COPY_OP(COPY_##op##_K_S, type, acc, SECOND.imm, expression)
#define COPY(op, expression64, expression32)   \
    COPY_WIDTH(op##64, uint64_t, expression64) \
    COPY_WIDTH(op##32, uint32_t, expression32)
COPY(ADD, a + b, a + b)
COPY(SUB, a - b, a - b)
COPY(MUL, a *b, a *b)
COPY(OR, a | b, a | b)
COPY(AND, a &b, a &b)
COPY(XOR, a ^ b, a ^ b)
COPY(LSH, a << (b & 63), a << (b & 31))
COPY(RSH, a >> (b & 63), a >> (b & 31))
COPY(ARSH, alu_arsh64(a, b), alu_arsh32(a, b))

/* --- dst += constant; if dst ... goto --- */
#define STEP_OP(name, type, sign, before, right, condition) \
    OP(name)                                                \
    {                                                       \
        acc = (type)((type)(before) + (type)pc->imm);       \
        DST = acc;                                          \
        pc++;                                               \
        sign a = (sign)acc, b = (sign)(right);              \
        if (condition)                                      \
            TAKE();                                         \
        NEXT();                                             \
    }
#define STEP_WIDTH(name, bits, type, sign, condition)                            \
    STEP_OP(STEP_##name##_X, type, sign, DST, SRC, condition)                    \
    STEP_OP(STEP_##name##_X_D, type, sign, acc, SRC, condition)                  \
    STEP_OP(STEP_##name##_K, type, sign, DST, (int64_t)pc->small_imm, condition) \
    STEP_OP(STEP_##name##_K_D, type, sign, acc, (int64_t)pc->small_imm, condition)
#define STEP(name, sign, condition)                           \
    STEP_WIDTH(name##64, 64, uint64_t, sign##64_t, condition) \
    STEP_WIDTH(name##32, 32, uint32_t, sign##32_t, condition)
STEP(JEQ, uint, a == b)
STEP(JNE, uint, a != b)
STEP(JGT, uint, a > b)
STEP(JGE, uint, a >= b)
STEP(JLT, uint, a < b)
STEP(JLE, uint, a <= b)
STEP(JSGT, int, a > b)
STEP(JSGE, int, a >= b)
STEP(JSLT, int, a < b)
STEP(JSLE, int, a <= b)

/* --- dst = address; dst += index --- */
#define ELEMENT_OP(name, index)            \
    OP(name)                               \
    {                                      \
        acc = (uint64_t)pc->imm + (index); \
        DST = acc;                         \
        NEXT_BUT_ONE();                    \
    }
ELEMENT_OP(ELEMENT, r[SECOND.src])
ELEMENT_OP(ELEMENT_S, acc)

/* --- base += index; dst = *(base + offset) --- */
#define ACCESS_OP(name, left, right, type)                                                         \
    OP(name)                                                                                       \
    {                                                                                              \
        uint64_t at = (left) + (right);                                                            \
        type value;                                                                                \
        DST = at;                                                                                  \
        __builtin_memcpy(&value, (const void *)(uintptr_t)(at + (uint64_t)(int64_t)SECOND.offset), \
                         sizeof value);                                                            \
        acc = value;                                                                               \
        r[SECOND.dst] = acc;                                                                       \
        NEXT_BUT_ONE();                                                                            \
    }
#define ACCESS(bits, type)                      \
    ACCESS_OP(ACCESS##bits, DST, SRC, type)     \
    ACCESS_OP(ACCESS##bits##_D, acc, SRC, type) \
    ACCESS_OP(ACCESS##bits##_S, DST, acc, type)
ACCESS(8, uint8_t)
ACCESS(16, uint16_t)
ACCESS(32, uint32_t)
ACCESS(64, uint64_t)

/* --- dst <<= n; dst >>= m --- */
#define EXTEND_OP(name, from, expression)                                \
    OP(name)                                                             \
    {                                                                    \
        uint64_t a = (from) << (pc->imm & 63), b = (uint64_t)SECOND.imm; \
        acc = (uint64_t)(expression);                                    \
        DST = acc;                                                       \
        NEXT_BUT_ONE();                                                  \
    }
EXTEND_OP(EXTEND_RSH64_K, DST, a >> (b & 63))
EXTEND_OP(EXTEND_RSH64_K_D, acc, a >> (b & 63))
EXTEND_OP(EXTEND_ARSH64_K, DST, alu_arsh64(a, b))
EXTEND_OP(EXTEND_ARSH64_K_D, acc, alu_arsh64(a, b))

/* --- the tables --- */

struct fused {
    enum bpf_op second;
    interp_handler *handler[INTERP_FORM_COUNT];
};

#define FUSED_S(family, op) { BPF_OP_##op, { family##op, family##op, family##op##_S } },
#define FUSED_D(family, op) { BPF_OP_##op, { family##op, family##op##_D, family##op } },
#define CHANGES(X, bits)                                                                         \
    X(ADD##bits##_X)                                                                             \
    X(ADD##bits##_K) X(SUB##bits##_X) X(SUB##bits##_K) X(MUL##bits##_X) X(MUL##bits##_K)         \
        X(OR##bits##_X) X(OR##bits##_K) X(AND##bits##_X) X(AND##bits##_K) X(XOR##bits##_X)       \
            X(XOR##bits##_K) X(LSH##bits##_X) X(LSH##bits##_K) X(RSH##bits##_X) X(RSH##bits##_K) \
                X(ARSH##bits##_X) X(ARSH##bits##_K)
#define COMPARES(X, bits)                                                                    \
    X(JEQ##bits##_X)                                                                         \
    X(JEQ##bits##_K) X(JNE##bits##_X) X(JNE##bits##_K) X(JGT##bits##_X) X(JGT##bits##_K)     \
        X(JGE##bits##_X) X(JGE##bits##_K) X(JLT##bits##_X) X(JLT##bits##_K) X(JLE##bits##_X) \
            X(JLE##bits##_K) X(JSGT##bits##_X) X(JSGT##bits##_K) X(JSGE##bits##_X)           \
                X(JSGE##bits##_K) X(JSLT##bits##_X) X(JSLT##bits##_K) X(JSLE##bits##_X)      \
                    X(JSLE##bits##_K)
#define COPY_ROW(op)     FUSED_S(COPY_, op)
#define STEP_ROW(op)     FUSED_D(STEP_, op)
#define EXTEND_ROW(op)   FUSED_D(EXTEND_, op)
#define ACCESS_ROW(bits) { BPF_OP_LDX##bits, { ACCESS##bits, ACCESS##bits##_D, ACCESS##bits##_S } },

static const struct fused copies64[] = { CHANGES(COPY_ROW, 64) };
static const struct fused copies32[] = { CHANGES(COPY_ROW, 32) };
static const struct fused steps64[] = { COMPARES(STEP_ROW, 64) };
static const struct fused steps32[] = { COMPARES(STEP_ROW, 32) };
static const struct fused elements[] = {
    { BPF_OP_ADD64_X, { ELEMENT, ELEMENT, ELEMENT_S } },
};
static const struct fused accesses[] = { ACCESS_ROW(8) ACCESS_ROW(16) ACCESS_ROW(32)
                                             ACCESS_ROW(64) };
static const struct fused extensions[] = { EXTEND_ROW(RSH64_K) EXTEND_ROW(ARSH64_K) };

/* By the first operation. */
static const struct family {
    enum bpf_op first;
    uint32_t count;
    const struct fused *rows;
} families[] = {
    { BPF_OP_MOV64_X, ARRAY_SIZE(copies64), copies64 },
    { BPF_OP_MOV32_X, ARRAY_SIZE(copies32), copies32 },
    { BPF_OP_ADD64_K, ARRAY_SIZE(steps64), steps64 },
    { BPF_OP_ADD32_K, ARRAY_SIZE(steps32), steps32 },
    { BPF_OP_LD_MAP_VALUE, ARRAY_SIZE(elements), elements },
    { BPF_OP_ADD64_X, ARRAY_SIZE(accesses), accesses },
    { BPF_OP_LSH64_K, ARRAY_SIZE(extensions), extensions },
};
