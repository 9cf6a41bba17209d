/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "sweep.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OPERATION_MAX 700
struct sweep_operation sweep_operations[OPERATION_MAX];
uint32_t sweep_operation_count;

static struct sweep_operation *add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct sweep_operation *add(const char *format, ...)
{
    static struct sweep_operation spare;
    struct sweep_operation *op =
        sweep_operation_count == OPERATION_MAX ? &spare : &sweep_operations[sweep_operation_count++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(op->text, sizeof op->text, format, arguments);
    va_end(arguments);
    return op;
}

static const char *const sizes[] = { "u8", "u16", "u32", "u64" };
static const char *const offsets[] = { "- 8", "- 1", "+ 0", "+ 1", "+ 2", "+ 4",  "+ 8",
                                       "+ 12", "+ 15", "+ 16", "+ 40", "+ 48", "+ 63" };

static void add_accesses(void)
{
    for (int size = 0; size < 4; size++)
        for (size_t at = 0; at < sizeof offsets / sizeof *offsets; at++) {
            add("r1 = *(%s *)(r6 %s)", sizes[size], offsets[at]);
            add("*(%s *)(r6 %s) = 1", sizes[size], offsets[at]);
            add("*(%s *)(r6 %s) = r7", sizes[size], offsets[at]);
        }
    static const char *const extended[] = { "s8", "s16", "s32" };
    for (int size = 0; size < 3; size++)
        for (size_t at = 1; at < 8; at++)
            add("r1 = *(%s *)(r6 %s)", extended[size], offsets[at]);
    for (size_t at = 2; at < 7; at++) {
        add("lock *(u64 *)(r6 %s) += r7", offsets[at]);
        add("lock *(u32 *)(r6 %s) += w7", offsets[at]);
    }
    add("r1 = 1; r1 = atomic64_fetch_add((u64 *)(r6 + 8), r1)");
    add("r1 = 1; r1 = atomic64_xchg((u64 *)(r6 + 8), r1)");
    add("r1 = 1; w1 = atomic_xchg((u32 *)(r6 + 4), w1)");
    add("r1 = 1; r0 = atomic64_cmpxchg((u64 *)(r6 + 8), r0, r1)");
    add("r1 = 1; w0 = atomic_cmpxchg((u32 *)(r6 + 4), w0, w1)");
    add("r1 = r6; lock *(u64 *)(r8 + 0) += r1");
    add("r1 = r6; r1 = atomic64_fetch_or((u64 *)(r8 + 0), r1)");
    add("r1 = r6; r0 = atomic64_cmpxchg((u64 *)(r8 + 0), r0, r1)");
    add("r0 = r6; r1 = 0; r0 = atomic64_cmpxchg((u64 *)(r8 + 0), r0, r1)");
    add("r1 = r6; r1 = atomic64_xchg((u64 *)(r10 - 8), r1)");
}

/* Ending as a load shows what became of the pointer. */
static void add_arithmetic(void)
{
    static const char *const steps[] = {
        "r6 += 0",          "r6 += 4",       "r6 += 8",       "r6 += -4",     "r6 += -8",
        "r6 += 64",         "r6 += 65536",   "r6 += 536870912", "r6 += 2147483647", "r6 -= 8",
        "r6 -= -8",         "r6 += r7",      "r6 -= r7",      "r1 = r7; r1 &= 1; r6 += r1",
        "r1 = r7; r1 &= 7; r6 += r1",        "r1 = r7; r1 &= 15; r6 += r1",
        "r1 = r7; r1 &= 63; r6 += r1",       "r1 = r7; r1 &= 255; r6 += r1",
        "r1 = r7; r1 &= 65535; r6 += r1",    "r1 = r7; r1 &= 7; r6 -= r1",
        "r1 = r7; r1 &= 12; r6 += r1",       "call $5; r6 += r0",
        "call $5; r6 -= r0",                 "r1 = 4; r6 += r1",
        "r1 = 4; r1 += r6; r6 = r1",         "r1 = r7; r1 &= 7; r1 += r6; r6 = r1",
        "r1 = r7; r1 -= r6",                 "r6 -= r6",
        "r6 -= r10",                         "r6 -= r8",
        "r6 += r6",                          "r6 += r8",
        "r6 *= 2",                           "r6 &= -8",
        "r6 &= 7",                           "r6 |= 1",
        "r6 ^= 1",                           "r6 <<= 0",
        "r6 <<= 3",                          "r6 >>= 3",
        "r6 s>>= 3",                         "r6 = -r6",
        "r6 /= 2",                           "r6 %= 2",
        "r6 s/= 2",                          "r6 s%= 2",
        "w6 += 0",                           "w6 += 4",
        "w6 = w6",                           "w6 &= 7",
        "w6 s/= -1",                         "r6 = (s8)r6",
        "r6 = (s16)r6",                      "r6 = (s32)r6",
        "w6 = (s8)w6",                       "r6 = bswap16 r6",
        "r6 = bswap64 r6",                   "r6 = be32 r6",
        "r6 = le64 r6",                      "r1 = r6; r6 = r1",
        "r1 = r6; r1 = (s32)r1",             "r1 = r6; w1 = w1",
        "r7 += r6",                          "r7 *= r6",
        "r7 &= r6",                          "r7 <<= r6",
        "r7 s/= r6",                         "r7 %= r6",
        "w7 s%= w6",
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        add("%s", steps[i]);
        add("%s; r1 = *(u8 *)(r6 + 0)", steps[i]);
        add("%s; *(u32 *)(r6 + 4) = 0", steps[i]);
    }
}

static void add_jumps(void)
{
    static const char *const jumps[] = {
        "if r6 == 0 goto +1",   "if r6 != 0 goto +1",   "if r6 == 1 goto +1",  "if r6 > 0 goto +1",
        "if r6 < 16 goto +1",   "if r6 >= 1 goto +1",   "if r6 s> 0 goto +1",  "if r6 s< 0 goto +1",
        "if r6 & 1 goto +1",    "if w6 == 0 goto +1",   "if w6 != 0 goto +1",  "if w6 > 4 goto +1",
        "if r6 == r7 goto +1",  "if r6 != r7 goto +1",  "if r6 > r7 goto +1",  "if r7 < r6 goto +1",
        "if r6 == r8 goto +1",  "if r6 != r8 goto +1",  "if r6 > r8 goto +1",  "if r6 == r9 goto +1",
        "if r6 == r10 goto +1", "if r6 > r10 goto +1", 
        "if w6 == w7 goto +1",  "if w6 == w8 goto +1",  "r1 = 0; if r6 == r1 goto +1",
        "r1 = 0; if r6 != r1 goto +1", "r1 = r6; if r1 == 0 goto +1",
        "r1 = r6; r1 += 4; if r1 == 0 goto +1",
        "may_goto +1",
    };
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        add("%s; r1 = 1", jumps[i]);
        add("%s; r1 = *(u8 *)(r6 + 0)", jumps[i]);
        add("%s; *(u32 *)(r6 + 4) = 0", jumps[i]);
    }
    add("if r6 != 0 goto +2; r0 = 0; exit");
    add("if r6 == 0 goto +1; goto +2; r0 = 0; exit; r1 = *(u32 *)(r6 + 4)");
    add("if r6 s>= 0 goto +2; r0 = 0; exit; if r6 s<= 8 goto +2; r0 = 0; exit; r1 = r8; r1 += r6; r1 = *(u8 *)(r1 + 0)");
    add("r1 = r6; r1 &= 31; r2 = r8; r2 += r1; r1 = *(u8 *)(r2 + 0)");
    add("if r6 > 15 goto +3; r1 = r8; r1 += r6; *(u8 *)(r1 + 0) = 1");
    add("if w6 > 15 goto +4; w1 = w6; r2 = r8; r2 += r1; *(u8 *)(r2 + 0) = 1");
}

static void add_stack(void)
{
    static const char *const moves[] = {
        "*(u64 *)(r10 - 8) = r6; r6 = *(u64 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; r1 = *(u32 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; r1 = *(u32 *)(r10 - 4)",
        "*(u64 *)(r10 - 8) = r6; r1 = *(u8 *)(r10 - 1)",
        "*(u64 *)(r10 - 8) = r6; r1 = *(s32 *)(r10 - 8)",
        "*(u32 *)(r10 - 8) = r6; r6 = *(u32 *)(r10 - 8)",
        "*(u32 *)(r10 - 8) = r6; r6 = *(u64 *)(r10 - 8)",
        "*(u8 *)(r10 - 8) = r6; r6 = *(u8 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; *(u8 *)(r10 - 8) = 0; r6 = *(u64 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; *(u32 *)(r10 - 4) = 0; r6 = *(u64 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; *(u32 *)(r10 - 4) = 0; r6 = *(u32 *)(r10 - 8)",
        "*(u64 *)(r10 - 12) = r6",
        "*(u64 *)(r10 - 8) = r6; r1 = *(u64 *)(r10 - 12)",
        "*(u64 *)(r10 - 8) = r6; lock *(u64 *)(r10 - 8) += r7",
        "*(u64 *)(r10 - 8) = r6; lock *(u64 *)(r10 - 8) += r7; r6 = *(u64 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; r1 = r7; r1 &= 8; r2 = r10; r2 += -16; r2 += r1; *(u8 *)(r2 + 0) = 0; r6 = *(u64 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; r1 = r7; r1 &= 8; r2 = r10; r2 += -16; r2 += r1; r1 = *(u64 *)(r2 + 0)",
        "*(u64 *)(r10 - 8) = r6; r6 = 0; r6 = *(u64 *)(r10 - 8)",
        "*(u64 *)(r10 - 8) = r6; r6 = *(u64 *)(r10 - 8); r1 = *(u64 *)(r10 - 8); if r6 == 0 goto +1; r1 = *(u8 *)(r1 + 0)",
        "*(u64 *)(r10 - 520) = r6",
        "*(u64 *)(r10 + 0) = r6",
    };
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        add("%s", moves[i]);
        add("%s; r1 = *(u8 *)(r6 + 0)", moves[i]);
    }
    add("*(u64 *)(r8 + 0) = r6");
    add("*(u64 *)(r8 + 8) = r6; r6 = *(u64 *)(r8 + 8); r1 = *(u8 *)(r6 + 0)");
    add("*(u32 *)(r8 + 0) = r6");
    add("*(u64 *)(r9 + 0) = r6");
    add("*(u32 *)(r9 + 8) = r6");
    add("*(u32 *)(r9 + 48) = r6");
    add("*(u64 *)(r6 + 0) = r8");
    add("*(u64 *)(r6 + 0) = r10");
    add("*(u64 *)(r6 + 8) = r6");
    add("r0 = r6; exit");
    add("r0 = r6; r0 &= 1; exit");
    add("r6 = 0");
    add("r8 = r6");
    add("r9 = r6");
}

static void add_calls(void)
{
    static const char *const helpers[] = {
        "r1 = map[array]; r2 = r6; call $1",
        "r1 = map[hash]; r2 = r6; call $1",
        "r1 = map[hash]; r2 = r6; r3 = r8; r4 = 0; call $2",
        "r1 = map[array]; r2 = r10; r2 += -8; r3 = r6; r4 = 0; call $2",
        "r1 = map[array]; r2 = r10; r2 += -8; r3 = r8; r4 = r6; call $2",
        "r1 = map[array]; r2 = r6; r3 = r6; r4 = 0; call $2",
        "r1 = map[hash]; r2 = r6; r3 = r6; r4 = 0; call $2",
        "r1 = map[ring]; w2 = 0x80000000; r3 = 0; call $131; if r0 == 0 goto +3; r1 = r0; r2 = 0; call $133",
        "r1 = map[hash]; r2 = r6; call $3",
        "r1 = r6; r2 = r10; r2 += -8; call $1",
        "r1 = map[queue]; r2 = r6; r3 = 0; call $87",
        "r1 = map[queue]; r2 = r6; call $88",
        "r1 = map[ring]; r2 = r6; r3 = 8; r4 = 0; call $130",
        "r1 = map[ring]; r2 = r8; r3 = 8; r4 = r6; call $130",
        "r1 = map[ring]; r2 = r8; r3 = r6; r4 = 0; call $130",
        "r1 = map[ring]; r2 = r6; r3 = 0; call $131",
        "r1 = r6; r2 = 0; call $132",
        "r1 = r6; r2 = 0; call $133",
        "r1 = r9; r2 = map[events]; r3 = 0; r4 = r6; r5 = 8; call $25",
        "r1 = r6; r2 = map[events]; r3 = 0; r4 = r8; r5 = 8; call $25",
        "r1 = r10; r1 += -8; r2 = 8; r3 = r6; call $113",
        "r1 = r6; r2 = 8; r3 = 0; call $113",
        "r1 = r6; r2 = 0; r3 = 0; call $113",
        "r1 = r8; r2 = r6; r3 = 0; call $113",
        "r1 = r6; r2 = 8; call $6",
        "r1 = r6; r2 = 8; r3 = 0; r4 = r10; r4 += -8; call $105",
        "r1 = r8; r2 = 8; r3 = 0; r4 = r6; call $105",
        "r1 = r6; call $93",
        "r1 = r6; call $93; r1 = r6; call $94",
        "r1 = r6; r1 += 4; call $93",
        "r1 = r6; r2 = map[timed]; r3 = 0; call $169",
        "r1 = r6; r2 = map[array]; r3 = 0; call $169",
        "r1 = r6; r2 = 0; r3 = 0; call $171",
        "r1 = r6; call $172",
        "r1 = r6; r2 = map[progs]; r3 = 0; call $12",
        "r1 = r9; r2 = map[progs]; r3 = r6; call $12",
        "r1 = r9; r2 = r6; r3 = 0; call $12",
        "r1 = r9; r2 = 0; r3 = r6; r4 = 8; call $26",
        "r1 = r9; r2 = r6; r3 = r8; r4 = 8; call $26",
        "r1 = r9; r2 = 0; r3 = r6; r4 = 8; r5 = 0; call $9",
        "r1 = r6; r2 = 0; call $38",
        "r1 = r6; r2 = 0; call $44",
        "r1 = r6; r2 = 16; r3 = 0; r4 = 0; r5 = 0; call $28",
        "r1 = r6; call $86",
        "r1 = r6; call $95",
        "r1 = r6; call $96",
        "r1 = r6; call $98",
        "r1 = r6; call $137",
        "r1 = r6; call $46",
        "r1 = map[skstore]; r2 = r6; r3 = 0; r4 = 1; call $107",
        "r1 = map[skstore]; r2 = r6; call $108",
        "r1 = map[taskstore]; r2 = r6; r3 = 0; r4 = 1; call $156",
        "r1 = map[cgrpstore]; r2 = r6; r3 = 0; r4 = 1; call $210",
        "r1 = r9; r2 = r6; r3 = 0; call $124",
        "r1 = r6; r2 = 0; call $23",
        "r1 = r6; r2 = 0; call $194",
        "r1 = r6; r1 += 8; r2 = 0; call $194",
        "r1 = &map[kptrs] + 8; r2 = r6; call $194",
        "r1 = r6; r2 = 16; r3 = 0; r4 = r10; r4 += -128; call $197",
        "r1 = r10; r1 += -8; r2 = 8; r3 = r6; r4 = 0; r5 = 0; call $201",
        "r1 = r6; r2 = 0; r3 = r8; r4 = 8; r5 = 0; call $202",
        "r1 = r6; r2 = 0; r3 = 8; call $203",
        "r1 = r6; r2 = 0; call $199",
        "r1 = r6; r2 = 8; r3 = r8; call $182",
        "r1 = r8; r2 = 8; r3 = r6; call $182",
        "r1 = r6; call $58",
        "r1 = r6; r2 = 0; call $153",
        "r1 = r6; r2 = r10; r2 += -8; r3 = 8; r4 = 0; call $141",
        "r1 = map[progs]; r2 = r10; call $1",
    };
    for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++)
        add("%s", helpers[i]);
    static const char *const kfuncs[] = {
        "r1 = r6; .insn 0x85 0 2 0 {bpf_task_acquire}",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_task_release}",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_cgroup_release}",
        "r1 = r6; r2 = 0; .insn 0x85 0 2 0 {bpf_obj_drop_impl}",
        "r1 = r6; r2 = {struct task_struct}; .insn 0x85 0 2 0 {bpf_rdonly_cast}; r1 = *(u32 *)(r0 + 8)",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_cast_to_kern_ctx}",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_cpumask_first}",
        "r1 = r6; r2 = r7; .insn 0x85 0 2 0 {bpf_cpumask_set_cpu}",
        "r1 = r6; r2 = 0; r3 = r10; r3 += -128; .insn 0x85 0 2 0 {bpf_dynptr_from_skb}",
        "r1 = r6; r2 = 0; r3 = 0; r4 = 8; .insn 0x85 0 2 0 {bpf_dynptr_slice}",
        "r1 = r6; r2 = 0; r3 = r10; r3 += -8; r4 = 8; .insn 0x85 0 2 0 {bpf_dynptr_slice}",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_dynptr_size}",
        "r1 = r6; r2 = 0; r3 = 1; .insn 0x85 0 2 0 {bpf_dynptr_adjust}",
        "r1 = r6; r2 = r10; r2 += -128; .insn 0x85 0 2 0 {bpf_dynptr_clone}",
        "r1 = r6; r2 = 0; r3 = 4; .insn 0x85 0 2 0 {bpf_iter_num_new}",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_iter_num_next}",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_iter_num_destroy}",
        "r1 = r6; r2 = map[worked]; r3 = 0; .insn 0x85 0 2 0 {bpf_wq_init}",
        "r1 = r6; r2 = 0; .insn 0x85 0 2 0 {bpf_wq_start}",
        ".insn 0x85 0 2 0 {bpf_rcu_read_lock}; .insn 0x85 0 2 0 {bpf_rcu_read_unlock}",
        ".insn 0x85 0 2 0 {bpf_rcu_read_lock}; r1 = *(u8 *)(r6 + 0); .insn 0x85 0 2 0 {bpf_rcu_read_unlock}",
        ".insn 0x85 0 2 0 {bpf_rcu_read_lock}",
        ".insn 0x85 0 2 0 {bpf_preempt_disable}; r1 = *(u8 *)(r6 + 0); .insn 0x85 0 2 0 {bpf_preempt_enable}",
        ".insn 0x85 0 2 0 {bpf_preempt_disable}",
        "r1 = r6; .insn 0x85 0 2 0 {bpf_throw}",
        ".insn 0x85 0 2 0 {bpf_throw}",
    };
    for (size_t i = 0; i < sizeof kfuncs / sizeof *kfuncs; i++)
        add("%s", kfuncs[i]);
}

static void add_function(enum ask_function type, const char *text, const char *body)
{
    struct sweep_operation *op = add("%s", text);
    op->function = type;
    op->body = body;
}

static void add_functions(void)
{
    static const char pass[] = "r1 = r6; call +0";
    add_function(ASK_STATIC, pass, "r0 = 0; exit");
    add_function(ASK_STATIC, pass, "r0 = *(u8 *)(r1 + 0); exit");
    add_function(ASK_STATIC, pass, "*(u32 *)(r1 + 4) = 7; r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = r6; call +0; r6 = r0", "r0 = r1; exit");
    add_function(ASK_STATIC, "r1 = r6; call +0; r6 = r0; r1 = *(u8 *)(r6 + 0)", "r0 = r1; exit");
    add_function(ASK_STATIC, pass, "if r1 == 0 goto +1; r1 = *(u8 *)(r1 + 0); r0 = 0; exit");
    add_function(ASK_STATIC, pass, "*(u64 *)(r10 - 8) = r1; r1 = *(u64 *)(r10 - 8); r0 = *(u8 *)(r1 + 0); exit");
    add_function(ASK_STATIC, "*(u64 *)(r10 - 8) = r6; r1 = r10; r1 += -8; call +0",
                 "r1 = *(u64 *)(r1 + 0); r0 = *(u8 *)(r1 + 0); exit");
    add_function(ASK_STATIC, "*(u64 *)(r10 - 8) = 0; r1 = r10; r1 += -8; call +0; r6 = *(u64 *)(r10 - 8); r1 = *(u8 *)(r6 + 0)",
                 "*(u64 *)(r1 + 0) = r10; r0 = 0; exit");
    add_function(ASK_STATIC, pass, "r1 = *(u8 *)(r6 + 0); r0 = 0; exit");
    add_function(ASK_GLOBAL_NUMBER, pass, "r0 = r1; exit");
    add_function(ASK_GLOBAL_NUMBER, pass, "r0 = *(u8 *)(r1 + 0); exit");
    add_function(ASK_GLOBAL_MEMORY, pass, "if r1 == 0 goto +1; *(u32 *)(r1 + 0) = 7; r0 = 0; exit");
    add_function(ASK_GLOBAL_MEMORY, pass, "r0 = *(u32 *)(r1 + 0); exit");
    add_function(ASK_GLOBAL_MEMORY, "r1 = r6; r1 += 8; call +0", "r0 = 0; exit");
    add_function(ASK_GLOBAL_NONNULL, pass, "r0 = *(u32 *)(r1 + 0); exit");
    add_function(ASK_GLOBAL_CONTEXT, pass, "r0 = 0; exit");
    add_function(ASK_GLOBAL_TRUSTED, pass, "r0 = 0; exit");
    add_function(ASK_GLOBAL_DYNPTR, pass, "r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = 4; r2 = function +0; r3 = r6; r4 = 0; call $181", "r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = 4; r2 = function +0; r3 = r10; r3 += -8; r4 = 0; call $181; r1 = *(u8 *)(r6 + 0)",
                 "r0 = 0; exit");
    add_function(ASK_STATIC, "*(u64 *)(r10 - 8) = r6; r1 = 4; r2 = function +0; r3 = r10; r3 += -8; r4 = 0; call $181",
                 "r1 = *(u64 *)(r2 + 0); r1 = *(u8 *)(r1 + 0); r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = map[array]; r2 = function +0; r3 = r6; r4 = 0; call $164", "r0 = *(u8 *)(r3 + 47); r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = r6; r2 = function +0; r3 = 0; r4 = 0; call $164", "r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = r6; r2 = function +0; call $170", "r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = map[userring]; r2 = function +0; r3 = r6; r4 = 0; call $209", "r0 = 0; exit");
    add_function(ASK_STATIC, "r1 = r6; r2 = r7; r3 = function +0; r4 = 0; r5 = 0; call $180", "r0 = 0; exit");
}

#define ARENA   "r1 = map[arena]; .insn 0xbf 1 7 1 1; " /* an address in it */
#define NO_WISH "r4 = -1; r5 = 0; .insn 0x85 0 2 0 {bpf_arena_alloc_pages}"

static void add_arenas(void)
{
    static const char *const uses[] = {
        ".insn 0xbf 1 6 1 1; r1 = *(u64 *)(r1 + 0)",
        "r1 = map[arena]; .insn 0xbf 1 6 1 1; r2 = *(u64 *)(r1 - 3)",
        "r1 = map[arena]; .insn 0xbf 1 6 1 65536; r2 = *(u64 *)(r1 + 0)",
        "r1 = map[arena]; .insn 0xbf 1 6 1 2",
        ARENA "*(u64 *)(r1 + 1) = r6",
        ARENA "*(u8 *)(r1 + 1) = r6",
        ARENA "r1 += r6; r2 = *(u8 *)(r1 + 0)",
        ARENA "r6 *= r1; r2 = *(u8 *)(r6 + 0)",
        ARENA "w6 -= w1; r2 = *(u8 *)(r6 + 0)",
        ARENA "r2 = r1; w2 = w2; r2 = *(u8 *)(r2 + 0)",
        ARENA "lock *(u64 *)(r1 + 4) += r6",
        ARENA "if r7 != 0 goto +1; r1 = r6; r2 = *(u8 *)(r1 + 0)",
        ARENA "r2 = *(u64 *)(r1 + 0); r6 += r2",
        ARENA "if r7 != 0 goto +1; r1 = r6; r1 += 8",
        ARENA "*(u64 *)(r10 - 8) = r1; r1 = *(u64 *)(r10 - 8); r1 += r6; r2 = *(u8 *)(r1 + 0)",
        "r1 = r6; r2 = 0; r3 = 1; " NO_WISH,
        "r1 = map[arena]; r2 = r6; r3 = 1; " NO_WISH "; .insn 0xbf 6 0 1 1; r1 = *(u8 *)(r6 + 0)",
        "r1 = map[arena]; r2 = 0; r3 = r6; " NO_WISH,
        "r1 = map[arena]; r2 = r6; r3 = 1; .insn 0x85 0 2 0 {bpf_arena_free_pages}",
        "r1 = r6; r2 = 0; r3 = 1; .insn 0x85 0 2 0 {bpf_arena_free_pages}",
    };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        add("%s", uses[i]);
}

void sweep_make_operations(void)
{
    add_accesses();
    add_arithmetic();
    add_jumps();
    add_stack();
    add_calls();
    add_functions();
    add_arenas();
}
