/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps and programs inside the kernel: every program is verified, interpreted and compiled, and both
 * engines must give the result that is written beside it. */
#include "ktest.h"
#include "threads.h"

#include "link.h"

#include <arch/cpu.h>
#include <axiom/string.h>
#include <bpf/insn.h>
#include <bpf/interp.h>
#include <bpf/jit.h>
#include <bpf/map.h>
#include <bpf/verifier.h>
#include <core/mm.h>
#include <core/thread.h>

#define I(opcode_, dst_, src_, offset_, imm_)         \
    ((struct bpf_insn){ .opcode = (uint8_t)(opcode_), \
                        .dst_reg = (dst_)&0xf,        \
                        .src_reg = (src_)&0xf,        \
                        .offset = (int16_t)(offset_), \
                        .imm = (int32_t)(imm_) })
#define MOV(dst, imm)            I(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define MOVX(dst, src)           I(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ALU(op, dst, imm)        I(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, imm)
#define ALUX(op, dst, src)       I(BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0)
#define ALU32X(op, dst, src)     I(BPF_ALU | (op) | BPF_X, dst, src, 0, 0)
#define JMP(op, dst, imm, off)   I(BPF_JMP | (op) | BPF_K, dst, 0, off, imm)
#define ST(size, dst, off, imm)  I(BPF_ST | BPF_MEM | (size), dst, 0, off, imm)
#define STX(size, dst, off, src) I(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define LDX(size, dst, src, off) I(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define CALL(id)                 I(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define MAP(dst)                 I(BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX, 0, 0), I(0, 0, 0, 0, 0)
#define EXIT()                   I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static struct bpf_prog *verified(const struct bpf_insn *insns, uint32_t count, struct bpf_map *map)
{
    static struct bpf_verify_result result;
    const struct bpf_verify_request request = {
        .env = glue_env(),
        .name = "ktest",
        .insns = insns,
        .insn_count = count,
        .maps = &map,
        .map_count = map != NULL ? 1 : 0,
        .context = bpf_context_by_section("timer/1hz"),
    };
    if (bpf_verify(&request, &result) == 0)
        return result.prog;
    ktest_failed(__FILE__, __LINE__, result.text);
    return NULL;
}

struct engines {
    uint64_t interpreted, compiled;
    bool ran;
};

/* The stack is memory of the kernel's: a program's frames may be larger than what is left of ours. */
static struct engines run_both(const struct bpf_insn *insns, uint32_t count, struct bpf_map *map)
{
    struct engines out = { 0, 1, false };
    uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX] = { 0 };
    struct bpf_prog *prog = verified(insns, count, map);
    void *stack = kmalloc(BPF_RUN_STACK_SIZE);
    struct bpf_jit *jit = NULL;
    static const struct bpf_jit_options options = { .count_insns = true };
    static struct bpf_error error;
    if (prog != NULL && stack != NULL && bpf_jit_create(prog, NULL, &options, &jit, &error) == 0) {
        struct bpf_run run = { .stack = stack, .stack_size = BPF_RUN_STACK_SIZE };
        out.interpreted = bpf_prog_run(prog, context, &run);
        uint64_t executed = run.insn_count;
        run = (struct bpf_run){ .stack = stack, .stack_size = BPF_RUN_STACK_SIZE };
        out.compiled = bpf_jit_run(jit, context, &run);
        out.ran = run.error == 0 && run.insn_count == executed;
        bpf_jit_destroy(jit);
    }
    kfree(stack);
    if (prog != NULL)
        bpf_prog_destroy(prog);
    return out;
}

#define EXPECT(value, insns, map)                                      \
    do {                                                               \
        struct engines got_ = run_both(insns, ARRAY_SIZE(insns), map); \
        KTEST(got_.ran);                                               \
        KTEST(got_.interpreted == (uint64_t)(value));                  \
        KTEST(got_.compiled == (uint64_t)(value));                     \
    } while (0)

static void arithmetic_agrees(void)
{
    const struct bpf_insn sum[] = {
        MOV(0, 0), MOV(1, 100), ALUX(BPF_ADD, 0, 1), ALU(BPF_SUB, 1, 1), JMP(BPF_JNE, 1, 0, -3),
        EXIT()
    };
    const struct bpf_insn divide[] = { MOV(0, -7), MOV(1, 0), ALUX(BPF_DIV, 0, 1), EXIT() };
    const struct bpf_insn wrap[] = { MOV(0, -1), MOV(1, 3), ALU32X(BPF_MUL, 0, 1), EXIT() };
    const struct bpf_insn shift[] = { MOV(0, 1), ALU(BPF_LSH, 0, 40), ALU(BPF_ARSH, 0, 3), EXIT() };
    EXPECT(5050, sum, NULL);
    EXPECT(0, divide, NULL);
    EXPECT(UINT32_C(0xfffffffd), wrap, NULL);
    EXPECT(UINT64_C(1) << 37, shift, NULL);
}

static void unsafe_programs_are_refused(void)
{
    static struct bpf_verify_result result;
    const struct bpf_insn beyond[] = { MOV(0, 0), STX(BPF_DW, 10, 8, 0), EXIT() };
    const struct bpf_insn endless[] = { MOV(0, 0), JMP(BPF_JA, 0, 0, -1), EXIT() };
    const struct bpf_verify_request requests[] = {
        { .env = glue_env(),
          .insns = beyond,
          .insn_count = 3,
          .context = bpf_context_by_section("timer/1hz") },
        { .env = glue_env(),
          .insns = endless,
          .insn_count = 3,
          .context = bpf_context_by_section("timer/1hz") },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(requests); i++) {
        KTEST(bpf_verify(&requests[i], &result) < 0);
        KTEST(result.prog == NULL && result.text[0] != '\0');
    }
}

static int map_make(uint32_t type, struct bpf_map **out)
{
    static struct bpf_error error;
    const struct bpf_map_spec spec = {
        .name = "ktest",
        .type = type,
        .key_size = 4,
        .value_size = 8,
        .max_entries = 64,
    };
    return bpf_map_create(glue_env(), &spec, out, &error);
}

/* value[key 7] += 5, if it is there; gives the new value */
static const struct bpf_insn add_to_value[] = {
    ST(BPF_W, 10, -4, 7),
    MAP(1),
    MOVX(2, 10),
    ALU(BPF_ADD, 2, -4),
    CALL(1),
    JMP(BPF_JEQ, 0, 0, 5),
    LDX(BPF_DW, 1, 0, 0),
    ALU(BPF_ADD, 1, 5),
    STX(BPF_DW, 0, 0, 1),
    MOVX(0, 1),
    EXIT(),
    MOV(0, 0),
    EXIT(),
};

static void programs_reach_maps(void)
{
    static const uint32_t types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH };
    for (uint32_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct bpf_map *map;
        const uint32_t key = 7;
        const uint64_t start = 100;
        KTEST(map_make(types[i], &map) == 0);
        KTEST(bpf_map_update(map, &key, &start, 0) == 0);
        struct engines got = run_both(add_to_value, ARRAY_SIZE(add_to_value), map);
        const uint64_t *value = bpf_map_lookup(map, &key);
        KTEST(got.ran && got.interpreted == 105 && got.compiled == 110);
        KTEST(value != NULL && *value == 110);
        bpf_map_put(map);
    }
}

/* --- maps from all CPUs --- */

static struct bpf_map *shared;

static int map_worker(void *argument)
{
    uint32_t me = *(const uint32_t *)argument;
    for (uint64_t round = 0; round < 500; round++) {
        uint32_t own = me, common = 50;
        uint64_t value = (uint64_t)me << 32 | round;
        if (bpf_map_update(shared, &own, &value, 0) != 0 ||
            bpf_map_update(shared, &common, &value, 0) != 0)
            return 1;
        const uint64_t *seen = bpf_map_lookup(shared, &own);
        if (seen == NULL || *seen != value)
            return 2;
        if (round % 16 == 0 && bpf_map_delete(shared, &own) != 0)
            return 3;
    }
    return 0;
}

static void maps_serve_all_cpus(void)
{
    KTEST(map_make(BPF_MAP_TYPE_HASH, &shared) == 0);
    KTEST(threads_run_on_all(map_worker) == 0);
    bpf_map_put(shared);
}

/* Compiled code made on one CPU runs on every other at once. */
static struct bpf_jit *shared_jit;

static int jit_worker(void *argument)
{
    uint64_t context[AXIOM_BPF_CONTEXT_SLOT_MAX] = { 0 };
    void *stack = kmalloc(BPF_RUN_STACK_SIZE);
    int result = stack != NULL ? 0 : 1;
    (void)argument;
    for (uint32_t i = 0; i < 200 && result == 0; i++) {
        struct bpf_run run = { .stack = stack, .stack_size = BPF_RUN_STACK_SIZE };
        result = bpf_jit_run(shared_jit, context, &run) == 5050 && run.error == 0 ? 0 : 2;
        if (i % 50 == 0)
            thread_yield();
    }
    kfree(stack);
    return result;
}

static void compiled_code_runs_everywhere(void)
{
    static struct bpf_error error;
    const struct bpf_insn sum[] = {
        MOV(0, 0), MOV(1, 100), ALUX(BPF_ADD, 0, 1), ALU(BPF_SUB, 1, 1), JMP(BPF_JNE, 1, 0, -3),
        EXIT()
    };
    for (uint32_t round = 0; round < 5; round++) {
        struct bpf_prog *prog = verified(sum, ARRAY_SIZE(sum), NULL);
        KTEST(prog != NULL);
        KTEST(bpf_jit_create(prog, NULL, &(struct bpf_jit_options){ 0 }, &shared_jit, &error) == 0);
        KTEST(threads_run_on_all(jit_worker) == 0);
        bpf_jit_destroy(shared_jit);
        bpf_prog_destroy(prog);
    }
}

const struct ktest ktest_bpf[] = {
    { "bpf_arithmetic_agrees", arithmetic_agrees, 1 },
    { "bpf_unsafe_programs_are_refused", unsafe_programs_are_refused, 1 },
    { "bpf_programs_reach_maps", programs_reach_maps, 1 },
    { "bpf_maps_serve_all_cpus", maps_serve_all_cpus, 1 },
    { "bpf_compiled_code_runs_everywhere", compiled_code_runs_everywhere, 1 },
    { NULL, NULL, 0 },
};
