/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The interpreter's loop, compiled twice: by interp.c as it is, by unverified/checked.c with each
 * access checked.
 *
 * Directly threaded: each handler ends with the jump to the next one. Nothing is counted per
 * instruction: `block` is where the current straight run of instructions began, and a taken jump
 * adds its length. So the only costs that are not the program's own are one load and one jump per
 * instruction, and a compare per taken jump.
 *
 * The includer defines
 *   INTERP_LOOP            the function's name
 *   INTERP_HANDLER(pc)     distance of the handler from the label `origin`
 *   INTERP_BAD_ACCESS(at, size_bytes, is_write)   true: this access ends the run
 *   INTERP_BAD_CALL(helper)                       true: these arguments end the run */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf_internal/alu.h>
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

/* With `arguments` NULL it runs nothing and gives the table of handlers: labels are known only in
 * here. */
static uint64_t __attribute__((noinline))
INTERP_LOOP(const struct interp_arguments *arguments, const int32_t **handlers)
{
#define FOUR_LABELS(name)                                                                        \
    [BPF_OP_##name##64_X] = (int32_t)((const char *)&&do_##name##64_X - (const char *)&&origin), \
    [BPF_OP_##name##64_K] = (int32_t)((const char *)&&do_##name##64_K - (const char *)&&origin), \
    [BPF_OP_##name##32_X] = (int32_t)((const char *)&&do_##name##32_X - (const char *)&&origin), \
    [BPF_OP_##name##32_K] = (int32_t)((const char *)&&do_##name##32_K - (const char *)&&origin),
#define ONE_LABEL(name) \
    [BPF_OP_##name] = (int32_t)((const char *)&&do_##name - (const char *)&&origin),
    static const int32_t handler_table[BPF_OP_COUNT] = { BPF_ALU_OPS(FOUR_LABELS) BPF_CONDITION_OPS(
        FOUR_LABELS) BPF_OTHER_OPS(ONE_LABEL) };
    if (arguments == NULL) {
        *handlers = handler_table;
        return 0;
    }

    const struct bpf_prog *prog = arguments->prog;
    struct bpf_run *run = arguments->run;
    const struct bpf_code *pc = prog->code + arguments->start, *block = pc;
    const uint64_t limit = run->insn_limit == 0 ? UINT64_MAX : run->insn_limit;
    const uint64_t stack_end = (uint64_t)(uintptr_t)run->stack + run->stack_size;
    struct interp_frame frames[BPF_CALL_DEPTH_MAX];
    const uint32_t first_depth = run->engine.depth;
    uint32_t depth = first_depth;
    uint64_t count = run->insn_count;
    uint32_t may_goto_left = BPF_MAY_GOTO_PASSES; /* of the frame on top */
    int error = 0;
    uint64_t r[BPF_REG_COUNT] = { 0 };
    memcpy(&r[1], arguments->r, BPF_CALL_ARG_COUNT * sizeof r[1]);
    r[BPF_REG_FP] = run->engine.frame;
    if (r[BPF_REG_FP] > stack_end) {
        error = -ENOBUFS;
        goto stop;
    }

#define DST        r[pc->dst]
#define SRC        r[pc->src]
#define DISPATCH() goto *((const char *)&&origin + INTERP_HANDLER(pc))
#define NEXT()      \
    do {            \
        pc++;       \
        DISPATCH(); \
    } while (0)
#define END_BLOCK() (count += (uint64_t)(pc - block) + 1)
#define TAKE()                                  \
    do {                                        \
        END_BLOCK();                            \
        pc += pc->distance;                     \
        block = pc + 1;                         \
        if (__builtin_expect(count > limit, 0)) \
            goto out_of_time;                   \
        NEXT();                                 \
    } while (0)
#define FAIL(code)      \
    do {                \
        END_BLOCK();    \
        error = (code); \
        goto stop;      \
    } while (0)

    DISPATCH();
origin:

/* --- ALU (RFC 9669 §4.1): a and b are the operands in the operation's width --- */
#define ALU_OP(name, type, operand, expression)  \
    do_##name:                                   \
    {                                            \
        type a = (type)DST, b = (type)(operand); \
        (void)a;                                 \
        DST = (type)(expression);                \
        NEXT();                                  \
    }
#define ALU(name, expression64, expression32)           \
    ALU_OP(name##64_X, uint64_t, SRC, expression64)     \
    ALU_OP(name##64_K, uint64_t, pc->imm, expression64) \
    ALU_OP(name##32_X, uint32_t, SRC, expression32)     \
    ALU_OP(name##32_K, uint32_t, pc->imm, expression32)

    ALU(ADD, a + b, a + b)
    ALU(SUB, a - b, a - b)
    ALU(MUL, a * b, a * b)
    ALU(DIV, alu_div64(a, b), alu_div32(a, b))
    ALU(SDIV, alu_sdiv64(a, b), alu_sdiv32(a, b))
    ALU(MOD, alu_mod64(a, b), alu_mod32(a, b))
    ALU(SMOD, alu_smod64(a, b), alu_smod32(a, b))
    ALU(OR, a | b, a | b)
    ALU(AND, a & b, a & b)
    ALU(XOR, a ^ b, a ^ b)
    ALU(LSH, a << (b & 63), a << (b & 31))
    ALU(RSH, a >> (b & 63), a >> (b & 31))
    ALU(ARSH, alu_arsh64(a, b), alu_arsh32(a, b))
    ALU(MOV, b, b)

#define SET(name, expression)         \
    do_##name:                        \
    {                                 \
        DST = (uint64_t)(expression); \
        NEXT();                       \
    }
    SET(NEG64, 0 - DST)
    SET(NEG32, (uint32_t)(0 - DST))
    SET(MOVSX8_64, (int64_t)(int8_t)SRC)
    SET(MOVSX16_64, (int64_t)(int16_t)SRC)
    SET(MOVSX32_64, (int64_t)(int32_t)SRC)
    SET(MOVSX8_32, (uint32_t)(int32_t)(int8_t)SRC)
    SET(MOVSX16_32, (uint32_t)(int32_t)(int16_t)SRC)
    /* §4.2: the host is little endian. */
    SET(LE16, (uint16_t)DST)
    SET(LE32, (uint32_t)DST)
    SET(LE64, DST)
    SET(BE16, __builtin_bswap16((uint16_t)DST))
    SET(BE32, __builtin_bswap32((uint32_t)DST))
    SET(BE64, __builtin_bswap64(DST))
    SET(BSWAP16, __builtin_bswap16((uint16_t)DST))
    SET(BSWAP32, __builtin_bswap32((uint32_t)DST))
    SET(BSWAP64, __builtin_bswap64(DST))
    /* §5.4, resolved by the decoder. */
    SET(LD_IMM64, pc->imm)
    SET(LD_MAP, pc->imm)
    SET(LD_MAP_VALUE, pc->imm)
    SET(LD_FUNC, pc->imm)

/* --- Jumps (§4.3) --- */
#define CONDITION_OP(name, type, operand, condition) \
    do_##name:                                       \
    {                                                \
        type a = (type)DST, b = (type)(operand);     \
        if (condition)                               \
            TAKE();                                  \
        NEXT();                                      \
    }
#define CONDITION(name, sign, condition)                                    \
    CONDITION_OP(name##64_X, sign##64_t, SRC, condition)                    \
    CONDITION_OP(name##64_K, sign##64_t, (int64_t)pc->small_imm, condition) \
    CONDITION_OP(name##32_X, sign##32_t, SRC, condition)                    \
    CONDITION_OP(name##32_K, sign##32_t, pc->small_imm, condition)
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

do_JA:
    TAKE();
do_MAY_GOTO:
    if (may_goto_left == 0)
        TAKE();
    may_goto_left--;
    NEXT();

#define CALL_HELPER(row)                                       \
    do {                                                       \
        if (INTERP_BAD_CALL(row))                              \
            FAIL(-EFAULT);                                     \
        run->helper_ns += (row)->cost_ns;                      \
        r[0] = (row)->body(run, r[1], r[2], r[3], r[4], r[5]); \
    } while (0)
do_CALL_HELPER : {
    const struct bpf_helper *helper = (const struct bpf_helper *)(uintptr_t)pc->imm;
    CALL_HELPER(helper);
    NEXT();
}
do_CALL_HELPER_CLEAR : {
    const struct bpf_helper *helper = (const struct bpf_helper *)(uintptr_t)pc->imm;
    CALL_HELPER(helper);
    r[1] = r[2] = r[3] = r[4] = r[5] = 0;
    NEXT();
}
do_CALL_HELPER_UNWIND : {
    const struct bpf_helper *helper = (const struct bpf_helper *)(uintptr_t)pc->imm;
    CALL_HELPER(helper);
    if (r[0] == 0)
        goto finish;
    NEXT();
}

/* The helper calls functions of this program: they run in a loop of their own (bpf_call_function()),
 * above this frame, and count on. */
do_CALL_HELPER_BACK : {
    const struct bpf_helper *helper = (const struct bpf_helper *)(uintptr_t)pc->imm;
    run->engine.frame = r[BPF_REG_FP];
    run->engine.depth = depth;
    run->insn_count = count;
    CALL_HELPER(helper);
    count = run->insn_count;
    r[1] = r[2] = r[3] = r[4] = r[5] = 0;
    if (run->error != 0) {
        error = run->error;
        goto stop_inside;
    }
    NEXT();
}
/* Goes on with another program in this frame; R1 is the context. Where there is none the program
 * goes on, as in Linux. */
do_TAIL_CALL : {
    const struct bpf_helper *helper = (const struct bpf_helper *)(uintptr_t)pc->imm;
    const struct bpf_map *map = (const struct bpf_map *)(uintptr_t)r[2];
    if (INTERP_BAD_CALL(helper))
        FAIL(-EFAULT);
    run->helper_ns += helper->cost_ns;
    const struct bpf_prog *next = bpf_map_program(map, (uint32_t)r[3]);
    if (next == NULL || run->engine.tail_call_count >= BPF_TAIL_CALL_MAX ||
        r[BPF_REG_FP] - prog->frame_size + next->frame_size > stack_end) {
        r[0] = (uint64_t)(int64_t)(next == NULL ? -ENOENT : -ELOOP);
        r[1] = r[2] = r[3] = r[4] = r[5] = 0;
        NEXT();
    }
    run->engine.tail_call_count++;
    END_BLOCK();
    r[BPF_REG_FP] += next->frame_size - prog->frame_size;
    run->prog = prog = next;
    bpf_run_end(prog); /* only the first one's maps are touched when the run is over */
    r[2] = r[3] = r[4] = r[5] = r[6] = r[7] = r[8] = r[9] = 0;
    may_goto_left = BPF_MAY_GOTO_PASSES;
    pc = block = prog->code;
    DISPATCH();
}

#define ENTER_FRAME()                                                                        \
    do {                                                                                     \
        if (depth + 1 >= BPF_CALL_DEPTH_MAX || r[BPF_REG_FP] + prog->frame_size > stack_end) \
            FAIL(-ELOOP);                                                                    \
        frames[depth].resume = pc;                                                           \
        frames[depth].prog = prog;                                                           \
        memcpy(frames[depth].saved, &r[6], sizeof frames[depth].saved);                      \
        frames[depth].may_goto_left = may_goto_left;                                         \
        may_goto_left = BPF_MAY_GOTO_PASSES;                                                 \
        r[BPF_REG_FP] += prog->frame_size;                                                   \
        depth++;                                                                             \
    } while (0)
do_CALL_LOCAL:
    ENTER_FRAME();
    TAKE();
do_EXIT:
    if (depth == first_depth)
        goto finish;
    END_BLOCK();
    depth--;
    memcpy(&r[6], frames[depth].saved, sizeof frames[depth].saved);
    may_goto_left = frames[depth].may_goto_left;
    r[BPF_REG_FP] -= prog->frame_size;
    if (__builtin_expect(frames[depth].prog != prog, 0)) {
        r[BPF_REG_FP] += prog->frame_size - frames[depth].prog->frame_size;
        run->prog = prog = frames[depth].prog;
    }
    /* The callee's leftovers may be addresses; see decode.c. */
    r[1] = r[2] = r[3] = r[4] = r[5] = 0;
    pc = frames[depth].resume;
    block = pc + 1;
    NEXT();

/* A function by its address from LDDW, or a helper by its number (what bpf_conformance does). The
 * verifier refuses it. */
do_CALLX : {
    uint64_t target = DST;
    if ((target & BPF_CODE_ADDRESS_TAG) == BPF_CODE_ADDRESS_TAG) {
        uint64_t index = target & ~BPF_CODE_ADDRESS_TAG;
        if (index >= prog->code_count)
            FAIL(-EFAULT);
        ENTER_FRAME();
        END_BLOCK();
        if (count > limit)
            goto out_of_time;
        pc = block = prog->code + index;
        DISPATCH();
    }
    const struct bpf_helper *helper =
        target > UINT32_MAX ? NULL : bpf_helper_find(prog->env, (uint32_t)target);
    if (helper == NULL)
        FAIL(-EFAULT);
    CALL_HELPER(helper);
    if (r[0] == 0 && (helper->flags & BPF_HELPER_UNWIND) != 0)
        goto finish;
    NEXT();
}

/* --- Memory (§5.1, §5.2): any alignment --- */
#define ADDRESS(base) ((uintptr_t)((base) + (uint64_t)(int64_t)pc->offset))
#define LOAD(name, type, as)                                      \
    do_##name:                                                    \
    {                                                             \
        uintptr_t at = ADDRESS(SRC);                              \
        if (INTERP_BAD_ACCESS(at, sizeof(type), false))           \
            FAIL(-EFAULT);                                        \
        type value;                                               \
        __builtin_memcpy(&value, (const void *)at, sizeof value); \
        DST = (uint64_t)(as)value;                                \
        NEXT();                                                   \
    }
    LOAD(LDX8, uint8_t, uint64_t)
    LOAD(LDX16, uint16_t, uint64_t)
    LOAD(LDX32, uint32_t, uint64_t)
    LOAD(LDX64, uint64_t, uint64_t)
    LOAD(LDSX8, int8_t, int64_t)
    LOAD(LDSX16, int16_t, int64_t)
    LOAD(LDSX32, int32_t, int64_t)

#define STORE(name, type, operand)                          \
    do_##name:                                              \
    {                                                       \
        uintptr_t at = ADDRESS(DST);                        \
        if (INTERP_BAD_ACCESS(at, sizeof(type), true))      \
            FAIL(-EFAULT);                                  \
        type value = (type)(operand);                       \
        __builtin_memcpy((void *)at, &value, sizeof value); \
        NEXT();                                             \
    }
    STORE(ST8, uint8_t, pc->imm)
    STORE(ST16, uint16_t, pc->imm)
    STORE(ST32, uint32_t, pc->imm)
    STORE(ST64, uint64_t, pc->imm)
    STORE(STX8, uint8_t, SRC)
    STORE(STX16, uint16_t, SRC)
    STORE(STX32, uint32_t, SRC)
    STORE(STX64, uint64_t, SRC)

/* --- Atomics (§5.3): naturally aligned, sequentially consistent --- */
#define ATOMIC(name, type, statement)                                            \
    do_##name:                                                                   \
    {                                                                            \
        uintptr_t at = ADDRESS(DST);                                             \
        if (at % sizeof(type) != 0 || INTERP_BAD_ACCESS(at, sizeof(type), true)) \
            FAIL(-EFAULT);                                                       \
        type *cell = (type *)at;                                                 \
        type operand = (type)SRC;                                                \
        statement;                                                               \
        NEXT();                                                                  \
    }
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
    ATOMIC(ATOMIC_CMPXCHG##bits, type, type expected = (type)r[0]; __atomic_compare_exchange_n(   \
               cell, &expected, operand, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);              \
           r[0] = expected)
    ATOMICS(32, uint32_t)
    ATOMICS(64, uint64_t)

/* --- Linux 6.15: sized like loads and stores, aligned like atomics --- */
#define ORDERED(bits, type)                                                       \
    do_LOAD_ACQUIRE##bits:                                                        \
    {                                                                             \
        uintptr_t at = ADDRESS(SRC);                                              \
        if (at % sizeof(type) != 0 || INTERP_BAD_ACCESS(at, sizeof(type), false)) \
            FAIL(-EFAULT);                                                        \
        DST = __atomic_load_n((const type *)at, __ATOMIC_ACQUIRE);                \
        NEXT();                                                                   \
    }                                                                             \
    do_STORE_RELEASE##bits:                                                       \
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
 * the program with 0 --- */
do_LEGACY_PACKET : {
    const struct bpf_platform_ops *platform = prog->env->platform;
    uint32_t at = (uint32_t)pc->imm + (pc->src < BPF_REG_COUNT ? (uint32_t)SRC : 0), value;
    if (platform == NULL || platform->packet_load == NULL ||
        !platform->packet_load(prog->env->user, (void *)(uintptr_t)r[6], (int32_t)at,
                               (uint32_t)pc->offset, &value)) {
        r[0] = 0;
        goto do_EXIT;
    }
    r[0] = value;
    r[1] = r[2] = r[3] = r[4] = r[5] = 0;
    NEXT();
}

/* --- What the decoder lets nobody reach, and the ends --- */
do_CALL_BTF:
do_LD_MAP_FD:
do_LD_MAP_VALUE_FD:
do_LD_VAR:
do_FALL_OFF:
    FAIL(-EFAULT);
out_of_time:
    pc = block;
    error = -ETIME;
    goto stop;
finish:
    END_BLOCK();
stop:
    run->insn_count = count;
    run->error = error;
    run->error_insn = error == 0 ? 0 : prog->origins[pc - prog->code].slot;
    return error == 0 ? r[0] : 0;
stop_inside: /* run->error and error_insn were set by the loop inside */
    run->insn_count = count;
    return 0;
}
#undef FOUR_LABELS
#undef ONE_LABEL
