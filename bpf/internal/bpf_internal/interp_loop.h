/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The interpreter's handlers, one function an operation, compiled twice: by interp.c as they are, by
 * unverified/checked.c with each access checked.
 *
 * Directly threaded: a handler ends with the call of the next one. With INTERP_TAIL_CALLS that is a
 * jump, and all that handlers hand on stays in registers: where, the BPF registers' memory, how much
 * was executed, and `acc`. Without it (a build whose compiler is not told to make jumps of such
 * calls) each returns and a loop calls the next.
 *
 * `acc` is what the last instruction that wrote a BPF register wrote. An instruction that needs just
 * that register has variants that take it from there instead of from memory, so that a chain of
 * operations does not go through memory; interp_choose.c picks them when a program is made. The
 * register in memory is always right, too, so every instruction can be entered by a variant that
 * does not know what came before, as jump targets are.
 *
 * Nothing is counted per instruction: 16 * (instructions executed) is `ticks` + the address of the
 * instruction that comes next, an instruction being 16 bytes. Going on to the next one needs no
 * change, a jump takes from `ticks` what it adds to the address.
 *
 * The includer defines
 *   INTERP_LOOP            the function's name
 *   INTERP_OFFSET(pc)      distance of the handler from `base`
 *   INTERP_BAD_ACCESS(at, size_bytes, is_write)   true: this access ends the run
 *   INTERP_BAD_CALL(helper)                       true: these arguments end the run */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf_internal/alu.h>
#include <bpf_internal/interp_ops.h>
#include <bpf_internal/prog.h>

struct interp_frame {
    const struct bpf_code *resume;
    const struct bpf_prog *prog; /* another one after a tail call */
    uint64_t saved[4];           /* R6 to R9 */
    uint32_t may_goto_left;
};

struct interp_arguments {
    const struct bpf_prog *prog;
    const uint64_t *r; /* R1 to R5 */
    struct bpf_run *run;
    uint32_t start; /* index in prog->code; frame and depth are in run->engine */
};

/* What is not needed by every instruction. */
struct interp_state {
    const struct bpf_prog *prog;
    struct bpf_run *run;
    uint64_t limit; /* 16 * insn_limit */
    uint64_t stack_end;
    uint32_t depth, first_depth;
    uint32_t may_goto_left; /* of the frame on top */
    uint64_t result;        /* R0, when `going` is false */
    /* Handed on where it is not in registers. */
    const struct bpf_code *pc;
    uint64_t ticks, acc;
    bool going;
    struct interp_frame frames[BPF_CALL_DEPTH_MAX];
};

#define ANY __attribute__((unused))
#define INTERP_STATE                                                          \
    const struct bpf_code *pc, uint64_t *r ANY, uint64_t ticks, uint64_t acc, \
        struct interp_state *s, const char *base ANY
typedef void interp_handler(INTERP_STATE);

#define OP(name)          static void name(INTERP_STATE)
#define DST               r[pc->dst]
#define SRC               r[pc->src]
#define HANDLER_AT(place) ((interp_handler *)(uintptr_t)(base + (place)))
#if INTERP_TAIL_CALLS
#define DISPATCH() HANDLER_AT(INTERP_OFFSET(pc))(pc, r, ticks, acc, s, base)
#else
#define DISPATCH() (void)(s->pc = pc, s->ticks = ticks, s->acc = acc)
#endif
#define NEXT()      \
    do {            \
        pc++;       \
        DISPATCH(); \
        return;     \
    } while (0)
/* To another instruction, as if it were the next one. */
#define GO(place)                                                            \
    do {                                                                     \
        const struct bpf_code *there = (place);                              \
        ticks += (uint64_t)(uintptr_t)(pc + 1) - (uint64_t)(uintptr_t)there; \
        pc = there;                                                          \
    } while (0)
#define EXECUTED() ((ticks + (uint64_t)(uintptr_t)pc) / sizeof *pc) /* without this one */
#define TAKE()                                                                 \
    do {                                                                       \
        uint64_t step = (uint64_t)(int64_t)pc->distance * sizeof *pc;          \
        pc = (const struct bpf_code *)((uintptr_t)pc + (uintptr_t)step) + 1;   \
        ticks -= step;                                                         \
        if (__builtin_expect(ticks + (uint64_t)(uintptr_t)pc > s->limit, 0)) { \
            stop_at(pc, EXECUTED(), -ETIME, s);                                \
            return;                                                            \
        }                                                                      \
        DISPATCH();                                                            \
        return;                                                                \
    } while (0)
#define FAIL(code)                              \
    do {                                        \
        stop_at(pc, EXECUTED() + 1, (code), s); \
        return;                                 \
    } while (0)

/* --- the ends --- */

static __attribute__((noinline)) void stop_at(const struct bpf_code *pc, uint64_t count, int error,
                                              struct interp_state *s)
{
    s->run->insn_count = count;
    s->run->error = error;
    s->run->error_insn = error == 0 ? 0 : s->prog->origins[pc - s->prog->code].slot;
    s->result = 0;
    s->going = false;
}

static void finish(const struct bpf_code *pc, uint64_t count, uint64_t r0, struct interp_state *s)
{
    (void)pc;
    s->run->insn_count = count;
    s->run->error = 0;
    s->run->error_insn = 0;
    s->result = r0;
    s->going = false;
}

/* --- ALU (RFC 9669 §4.1): a and b are the operands in the operation's width --- */
#define ALU_OP(name, type, left, right, expression) \
    OP(name)                                        \
    {                                               \
        type a = (type)(left), b = (type)(right);   \
        (void)a;                                    \
        acc = (type)(expression);                   \
        DST = acc;                                  \
        NEXT();                                     \
    }
#define ALU_WIDTH(name, type, expression)            \
    ALU_OP(name##_X, type, DST, SRC, expression)     \
    ALU_OP(name##_X_D, type, acc, SRC, expression)   \
    ALU_OP(name##_X_S, type, DST, acc, expression)   \
    ALU_OP(name##_K, type, DST, pc->imm, expression) \
    ALU_OP(name##_K_D, type, acc, pc->imm, expression)
#define ALU(name, expression64, expression32)   \
    ALU_WIDTH(name##64, uint64_t, expression64) \
    ALU_WIDTH(name##32, uint32_t, expression32)

ALU(ADD, a + b, a + b)
ALU(SUB, a - b, a - b)
ALU(MUL, a *b, a *b)
ALU(DIV, alu_div64(a, b), alu_div32(a, b))
ALU(SDIV, alu_sdiv64(a, b), alu_sdiv32(a, b))
ALU(MOD, alu_mod64(a, b), alu_mod32(a, b))
ALU(SMOD, alu_smod64(a, b), alu_smod32(a, b))
ALU(OR, a | b, a | b)
ALU(AND, a &b, a &b)
ALU(XOR, a ^ b, a ^ b)
ALU(LSH, a << (b & 63), a << (b & 31))
ALU(RSH, a >> (b & 63), a >> (b & 31))
ALU(ARSH, alu_arsh64(a, b), alu_arsh32(a, b))

#define SET_AS(name, value, expression) \
    OP(name)                            \
    {                                   \
        uint64_t v = (uint64_t)(value); \
        (void)v;                        \
        acc = (uint64_t)(expression);   \
        DST = acc;                      \
        NEXT();                         \
    }
/* Of the destination's value; of the source's; of nothing. */
#define SET_DST(name, expression) \
    SET_AS(name, DST, expression) \
    SET_AS(name##_D, acc, expression)
#define SET_SRC(name, expression) \
    SET_AS(name, SRC, expression) \
    SET_AS(name##_S, acc, expression)
#define SET(name, expression) SET_AS(name, 0, expression)
SET_SRC(MOV64_X, v)
SET_SRC(MOV32_X, (uint32_t)v)
SET(MOV64_K, pc->imm)
SET(MOV32_K, (uint32_t)pc->imm)
SET_DST(NEG64, 0 - v)
SET_DST(NEG32, (uint32_t)(0 - v))
SET_SRC(MOVSX8_64, (int64_t)(int8_t)v)
SET_SRC(MOVSX16_64, (int64_t)(int16_t)v)
SET_SRC(MOVSX32_64, (int64_t)(int32_t)v)
SET_SRC(MOVSX8_32, (uint32_t)(int32_t)(int8_t)v)
SET_SRC(MOVSX16_32, (uint32_t)(int32_t)(int16_t)v)
/* §4.2: the host is little endian. */
SET_DST(LE16, (uint16_t)v)
SET_DST(LE32, (uint32_t)v)
SET_DST(LE64, v)
SET_DST(BE16, __builtin_bswap16((uint16_t)v))
SET_DST(BE32, __builtin_bswap32((uint32_t)v))
SET_DST(BE64, __builtin_bswap64(v))
SET_DST(BSWAP16, __builtin_bswap16((uint16_t)v))
SET_DST(BSWAP32, __builtin_bswap32((uint32_t)v))
SET_DST(BSWAP64, __builtin_bswap64(v))
/* §5.4, resolved by the decoder. */
SET(LD_IMM64, pc->imm)
SET(LD_MAP, pc->imm)
SET(LD_MAP_VALUE, pc->imm)
SET(LD_FUNC, pc->imm)

/* --- Jumps (§4.3) --- */
#define CONDITION_OP(name, type, left, right, condition) \
    OP(name)                                             \
    {                                                    \
        type a = (type)(left), b = (type)(right);        \
        if (condition)                                   \
            TAKE();                                      \
        NEXT();                                          \
    }
#define CONDITION_WIDTH(name, type, condition)                           \
    CONDITION_OP(name##_X, type, DST, SRC, condition)                    \
    CONDITION_OP(name##_X_D, type, acc, SRC, condition)                  \
    CONDITION_OP(name##_X_S, type, DST, acc, condition)                  \
    CONDITION_OP(name##_K, type, DST, (int64_t)pc->small_imm, condition) \
    CONDITION_OP(name##_K_D, type, acc, (int64_t)pc->small_imm, condition)
#define CONDITION(name, sign, condition)             \
    CONDITION_WIDTH(name##64, sign##64_t, condition) \
    CONDITION_WIDTH(name##32, sign##32_t, condition)
CONDITION(JEQ, uint, a == b)
CONDITION(JNE, uint, a != b)
CONDITION(JGT, uint, a > b)
CONDITION(JGE, uint, a >= b)
CONDITION(JLT, uint, a < b)
CONDITION(JLE, uint, a <= b)
CONDITION(JSET, uint, (a & b) != 0)
CONDITION(JSGT, int, a > b)
CONDITION(JSGE, int, a >= b)
CONDITION(JSLT, int, a < b)
CONDITION(JSLE, int, a <= b)

OP(JA)
{
    TAKE();
}

OP(MAY_GOTO)
{
    if (s->may_goto_left == 0)
        TAKE();
    s->may_goto_left--;
    NEXT();
}

/* --- Calls --- */
#define CALL_ROW(row)                                            \
    do {                                                         \
        if (INTERP_BAD_CALL(row))                                \
            FAIL(-EFAULT);                                       \
        s->run->helper_ns += (row)->cost_ns;                     \
        acc = (row)->body(s->run, r[1], r[2], r[3], r[4], r[5]); \
        r[0] = acc;                                              \
    } while (0)
#define CLEAR_ARGUMENTS() (r[1] = r[2] = r[3] = r[4] = r[5] = 0)
#define HELPER()          ((const struct bpf_helper *)(uintptr_t)pc->imm)

OP(CALL_HELPER)
{
    const struct bpf_helper *helper = HELPER();
    CALL_ROW(helper);
    NEXT();
}

OP(CALL_HELPER_CLEAR)
{
    const struct bpf_helper *helper = HELPER();
    CALL_ROW(helper);
    CLEAR_ARGUMENTS();
    NEXT();
}

OP(CALL_HELPER_UNWIND)
{
    const struct bpf_helper *helper = HELPER();
    CALL_ROW(helper);
    if (acc == 0) {
        finish(pc, EXECUTED() + 1, 0, s);
        return;
    }
    NEXT();
}

/* The helper calls functions of this program: they run in a loop of their own (bpf_call_function()),
 * above this frame, and count on. */
OP(CALL_HELPER_BACK)
{
    const struct bpf_helper *helper = HELPER();
    struct bpf_run *run = s->run;
    uint64_t before = EXECUTED();
    run->engine.frame = r[BPF_REG_FP];
    run->engine.depth = s->depth;
    run->insn_count = before;
    CALL_ROW(helper);
    if (run->error != 0) { /* with error_insn; set by the loop inside */
        s->result = 0;
        s->going = false;
        return;
    }
    ticks += (run->insn_count - before) * sizeof *pc;
    CLEAR_ARGUMENTS();
    NEXT();
}

/* Goes on with another program in this frame; R1 is the context. Where there is none the program
 * goes on, as in Linux. */
OP(TAIL_CALL)
{
    const struct bpf_helper *helper = HELPER();
    const struct bpf_map *map = (const struct bpf_map *)(uintptr_t)r[2];
    struct bpf_run *run = s->run;
    if (INTERP_BAD_CALL(helper))
        FAIL(-EFAULT);
    run->helper_ns += helper->cost_ns;
    const struct bpf_prog *next = bpf_map_program(map, (uint32_t)r[3]);
    if (next == NULL || run->engine.tail_call_count >= BPF_TAIL_CALL_MAX ||
        r[BPF_REG_FP] - s->prog->frame_size + next->frame_size > s->stack_end) {
        acc = r[0] = (uint64_t)(int64_t)(next == NULL ? -ENOENT : -ELOOP);
        CLEAR_ARGUMENTS();
        NEXT();
    }
    run->engine.tail_call_count++;
    r[BPF_REG_FP] += next->frame_size - s->prog->frame_size;
    run->prog = s->prog = next;
    bpf_run_end(next); /* only the first one's maps are touched when the run is over */
    r[2] = r[3] = r[4] = r[5] = r[6] = r[7] = r[8] = r[9] = 0;
    s->may_goto_left = BPF_MAY_GOTO_PASSES;
    GO(next->code);
    DISPATCH();
}

/* False: there is no room for one more frame. */
static bool enter_frame(const struct bpf_code *pc, uint64_t *r, struct interp_state *s)
{
    const struct bpf_prog *prog = s->prog;
    struct interp_frame *frame = &s->frames[s->depth];
    if (s->depth + 1 >= BPF_CALL_DEPTH_MAX || r[BPF_REG_FP] + prog->frame_size > s->stack_end)
        return false;
    frame->resume = pc;
    frame->prog = prog;
    memcpy(frame->saved, &r[6], sizeof frame->saved);
    frame->may_goto_left = s->may_goto_left;
    s->may_goto_left = BPF_MAY_GOTO_PASSES;
    r[BPF_REG_FP] += prog->frame_size;
    s->depth++;
    return true;
}

OP(CALL_LOCAL)
{
    if (!enter_frame(pc, r, s))
        FAIL(-ELOOP);
    TAKE();
}

OP(EXIT)
{
    if (s->depth == s->first_depth) {
        finish(pc, EXECUTED() + 1, r[0], s);
        return;
    }
    const struct interp_frame *frame = &s->frames[--s->depth];
    const struct bpf_prog *prog = s->prog;
    memcpy(&r[6], frame->saved, sizeof frame->saved);
    s->may_goto_left = frame->may_goto_left;
    r[BPF_REG_FP] -= prog->frame_size;
    if (__builtin_expect(frame->prog != prog, 0)) {
        r[BPF_REG_FP] += prog->frame_size - frame->prog->frame_size;
        s->run->prog = s->prog = frame->prog;
    }
    /* The callee's leftovers may be addresses; see decode.c. */
    CLEAR_ARGUMENTS();
    acc = r[0];
    GO(frame->resume + 1);
    DISPATCH();
}

/* A function by its address from LDDW, or a helper by its number (what bpf_conformance does). The
 * verifier refuses it. */
OP(CALLX)
{
    uint64_t target = DST;
    if ((target & BPF_CODE_ADDRESS_TAG) == BPF_CODE_ADDRESS_TAG) {
        uint64_t index = target & ~BPF_CODE_ADDRESS_TAG;
        if (index >= s->prog->code_count)
            FAIL(-EFAULT);
        if (!enter_frame(pc, r, s))
            FAIL(-ELOOP);
        GO(s->prog->code + index);
        if (ticks + (uint64_t)(uintptr_t)pc > s->limit) {
            stop_at(pc, EXECUTED(), -ETIME, s);
            return;
        }
        DISPATCH();
        return;
    }
    const struct bpf_helper *helper =
        target > UINT32_MAX ? NULL : bpf_helper_find(s->prog->env, (uint32_t)target);
    if (helper == NULL)
        FAIL(-EFAULT);
    CALL_ROW(helper);
    if (acc == 0 && (helper->flags & BPF_HELPER_UNWIND) != 0) {
        finish(pc, EXECUTED() + 1, 0, s);
        return;
    }
    NEXT();
}

/* --- Memory (§5.1, §5.2): any alignment --- */
#define ADDRESS(value) ((uintptr_t)((value) + (uint64_t)(int64_t)pc->offset))
#define LOAD_OP(name, pointer, type, as)                          \
    OP(name)                                                      \
    {                                                             \
        uintptr_t at = ADDRESS(pointer);                          \
        if (INTERP_BAD_ACCESS(at, sizeof(type), false))           \
            FAIL(-EFAULT);                                        \
        type value;                                               \
        __builtin_memcpy(&value, (const void *)at, sizeof value); \
        acc = (uint64_t)(as)value;                                \
        DST = acc;                                                \
        NEXT();                                                   \
    }
#define LOAD(name, type, as)     \
    LOAD_OP(name, SRC, type, as) \
    LOAD_OP(name##_S, acc, type, as)
LOAD(LDX8, uint8_t, uint64_t)
LOAD(LDX16, uint16_t, uint64_t)
LOAD(LDX32, uint32_t, uint64_t)
LOAD(LDX64, uint64_t, uint64_t)
LOAD(LDSX8, int8_t, int64_t)
LOAD(LDSX16, int16_t, int64_t)
LOAD(LDSX32, int32_t, int64_t)

#define STORE_OP(name, pointer, type, operand)              \
    OP(name)                                                \
    {                                                       \
        uintptr_t at = ADDRESS(pointer);                    \
        if (INTERP_BAD_ACCESS(at, sizeof(type), true))      \
            FAIL(-EFAULT);                                  \
        type value = (type)(operand);                       \
        __builtin_memcpy((void *)at, &value, sizeof value); \
        NEXT();                                             \
    }
#define STORE(bits, type)                      \
    STORE_OP(ST##bits, DST, type, pc->imm)     \
    STORE_OP(ST##bits##_D, acc, type, pc->imm) \
    STORE_OP(STX##bits, DST, type, SRC)        \
    STORE_OP(STX##bits##_D, acc, type, SRC)    \
    STORE_OP(STX##bits##_S, DST, type, acc)
STORE(8, uint8_t)
STORE(16, uint16_t)
STORE(32, uint32_t)
STORE(64, uint64_t)

/* --- Atomics (§5.3): naturally aligned, sequentially consistent --- */
#define ATOMIC(name, type, statement)                                            \
    OP(name)                                                                     \
    {                                                                            \
        uintptr_t at = ADDRESS(DST);                                             \
        if (at % sizeof(type) != 0 || INTERP_BAD_ACCESS(at, sizeof(type), true)) \
            FAIL(-EFAULT);                                                       \
        type *cell = (type *)at;                                                 \
        type operand = (type)SRC;                                                \
        statement;                                                               \
        NEXT();                                                                  \
    }
/* CMPXCHG reads R0 as a signed number of its size from memory: gcc before 14 compares what LR.W
 * extends with sign with all 64 bits of the register it has on RISC-V (gcc bug 114130). */
#define ATOMICS(bits, type)                                                                       \
    ATOMIC(ATOMIC_ADD##bits, type, __atomic_fetch_add(cell, operand, __ATOMIC_SEQ_CST))           \
    ATOMIC(ATOMIC_OR##bits, type, __atomic_fetch_or(cell, operand, __ATOMIC_SEQ_CST))             \
    ATOMIC(ATOMIC_AND##bits, type, __atomic_fetch_and(cell, operand, __ATOMIC_SEQ_CST))           \
    ATOMIC(ATOMIC_XOR##bits, type, __atomic_fetch_xor(cell, operand, __ATOMIC_SEQ_CST))           \
    ATOMIC(ATOMIC_FETCH_ADD##bits, type,                                                          \
           SRC = __atomic_fetch_add(cell, operand, __ATOMIC_SEQ_CST))                             \
    ATOMIC(ATOMIC_FETCH_OR##bits, type, SRC = __atomic_fetch_or(cell, operand, __ATOMIC_SEQ_CST)) \
    ATOMIC(ATOMIC_FETCH_AND##bits, type,                                                          \
           SRC = __atomic_fetch_and(cell, operand, __ATOMIC_SEQ_CST))                             \
    ATOMIC(ATOMIC_FETCH_XOR##bits, type,                                                          \
           SRC = __atomic_fetch_xor(cell, operand, __ATOMIC_SEQ_CST))                             \
    ATOMIC(ATOMIC_XCHG##bits, type, SRC = __atomic_exchange_n(cell, operand, __ATOMIC_SEQ_CST))   \
    ATOMIC(ATOMIC_CMPXCHG##bits, type, int##bits##_t expected = *(volatile int##bits##_t *)&r[0];  \
           __atomic_compare_exchange_n((int##bits##_t *)cell, &expected, (int##bits##_t)operand,  \
                                       false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                \
           r[0] = (type)expected)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

/* --- Linux 6.15: sized like loads and stores, aligned like atomics --- */
#define ORDERED(bits, type)                                                       \
    OP(LOAD_ACQUIRE##bits)                                                        \
    {                                                                             \
        uintptr_t at = ADDRESS(SRC);                                              \
        if (at % sizeof(type) != 0 || INTERP_BAD_ACCESS(at, sizeof(type), false)) \
            FAIL(-EFAULT);                                                        \
        DST = __atomic_load_n((const type *)at, __ATOMIC_ACQUIRE);                \
        NEXT();                                                                   \
    }                                                                             \
    OP(STORE_RELEASE##bits)                                                       \
    {                                                                             \
        uintptr_t at = ADDRESS(DST);                                              \
        if (at % sizeof(type) != 0 || INTERP_BAD_ACCESS(at, sizeof(type), true))  \
            FAIL(-EFAULT);                                                        \
        __atomic_store_n((type *)at, (type)SRC, __ATOMIC_RELEASE);                \
        NEXT();                                                                   \
    }
ORDERED(8, uint8_t)
ORDERED(16, uint16_t)
ORDERED(32, uint32_t)
ORDERED(64, uint64_t)

/* --- Classic BPF's packet loads (§5.5): R6 is the context, R0 the result; outside of the packet ends
 * the function with 0 --- */
OP(LEGACY_PACKET)
{
    const struct bpf_env *env = s->prog->env;
    const struct bpf_platform_ops *platform = env->platform;
    uint32_t at = (uint32_t)pc->imm + (pc->src < BPF_REG_COUNT ? (uint32_t)SRC : 0), value;
    if (platform == NULL || platform->packet_load == NULL ||
        !platform->packet_load(env->user, (void *)(uintptr_t)r[6], (int32_t)at,
                               (uint32_t)pc->offset, &value)) {
        r[0] = 0;
        EXIT(pc, r, ticks, acc, s, base);
        return;
    }
    r[0] = value;
    CLEAR_ARGUMENTS();
    NEXT();
}

/* --- What the decoder lets nobody reach, and the end --- */
OP(FALL_OFF)
{
    (void)acc;
    FAIL(-EFAULT);
}

/* --- the table --- */

#define FORMS(op)     [BPF_OP_##op] = { op, op, op },
#define FORM_D(op)    [BPF_OP_##op] = { op, op##_D, op },
#define FORM_S(op)    [BPF_OP_##op] = { op, op, op##_S },
#define FORM_DS(op)   [BPF_OP_##op] = { op, op##_D, op##_S },
#define FORM_NONE(op) [BPF_OP_##op] = { FALL_OFF, FALL_OFF, FALL_OFF },
#define FORM_FOUR(name) \
    FORM_DS(name##64_X) FORM_D(name##64_K) FORM_DS(name##32_X) FORM_D(name##32_K)
/* By operation and enum interp_form. */
static interp_handler *const handler_table[BPF_OP_COUNT][INTERP_FORM_COUNT] = {
    BPF_ARITHMETIC_OPS(FORM_FOUR) BPF_CONDITION_OPS(FORM_FOUR) INTERP_OPS_DS(FORM_DS)
        INTERP_OPS_D(FORM_D) INTERP_OPS_S(FORM_S) INTERP_OPS_PLAIN(FORMS) INTERP_OPS_NONE(FORM_NONE)
};

static uint64_t __attribute__((noinline)) INTERP_LOOP(const struct interp_arguments *arguments)
{
    struct bpf_run *run = arguments->run;
    const struct bpf_prog *prog = arguments->prog;
    struct interp_state state, *s = &state;
    uint64_t r[BPF_REG_COUNT] = { 0 };
    s->prog = prog;
    s->run = run;
    s->limit = run->insn_limit == 0 || run->insn_limit > UINT64_MAX / sizeof(struct bpf_code)
                   ? UINT64_MAX
                   : run->insn_limit * sizeof(struct bpf_code);
    s->stack_end = (uint64_t)(uintptr_t)run->stack + run->stack_size;
    s->depth = s->first_depth = run->engine.depth;
    s->may_goto_left = BPF_MAY_GOTO_PASSES;
    s->going = true;
    memcpy(&r[1], arguments->r, BPF_CALL_ARG_COUNT * sizeof r[1]);
    r[BPF_REG_FP] = run->engine.frame;

    const struct bpf_code *pc = prog->code + arguments->start;
    if (r[BPF_REG_FP] > s->stack_end) {
        stop_at(pc, run->insn_count, -ENOBUFS, s);
        return 0;
    }
    const char *base = (const char *)(uintptr_t)FALL_OFF;
    uint64_t acc = 0, ticks = run->insn_count * sizeof *pc - (uint64_t)(uintptr_t)pc;
#if INTERP_TAIL_CALLS
    HANDLER_AT(INTERP_OFFSET(pc))(pc, r, ticks, acc, s, base);
#else
    for (DISPATCH(); s->going; pc = s->pc)
        HANDLER_AT(INTERP_OFFSET(s->pc))(s->pc, r, s->ticks, s->acc, s, base);
#endif
    return s->result;
}
