/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Spills and fills around calls that clobber no more registers than they must (bpf_fastcall). By contract with clang,
 * Linux takes them away if nothing else uses their slots, and then does not count these (kernel/bpf/verifier.c,
 * mark_fastcall_pattern_for_call()):
 *
 *     *(u64 *)(r10 - 16) = r2
 *     call bpf_get_smp_processor_id
 *     r2 = *(u64 *)(r10 - 16)
 *
 * Here they stay, and the frame is as large as it is. Only what is held against Linux's limit of a chain of calls,
 * counts without them. */
#include <axiom/string.h>

#include "walk.h"

#define SPILL (BPF_STX | BPF_MEM | BPF_DW)
#define FILL  (BPF_LDX | BPF_MEM | BPF_DW)
/* r0 to r5 */
#define CALLER_SAVED 0x3fu

static int32_t lowest_spill(const struct verifier *v, uint32_t from, uint32_t end)
{
    int32_t lowest = 0;
    for (uint32_t pc = from; pc < end; pc++)
        if (v->insns[pc].opcode == SPILL && v->insns[pc].dst_reg == BPF_REG_FP && v->insns[pc].offset < lowest)
            lowest = v->insns[pc].offset;
    return lowest;
}

/* Registers that the helper leaves alone by the contract, if it is of it. */
static uint32_t kept_registers(const struct bpf_helper *helper)
{
    uint32_t clobbered = helper->returns != BPF_RETURN_VOID;
    for (uint32_t i = 0; i < BPF_HELPER_ARG_MAX; i++)
        if (helper->args[i] != BPF_ARG_NONE)
            clobbered |= 2u << i;
    return CALLER_SAVED & ~clobbered;
}

/* Pairs of spill and fill around the call at `pc`, the innermost at `lowest`. */
static uint32_t mark_pairs(struct verifier *v, const struct function *f, uint32_t pc, uint32_t end, int32_t lowest,
                           uint32_t kept)
{
    uint32_t pairs = 0;
    for (uint32_t i = 1; pc >= f->start + i && pc + i < end; i++) {
        const struct bpf_insn *spill = &v->insns[pc - i], *fill = &v->insns[pc + i];
        int32_t offset = lowest + (int32_t)pairs * 8;
        /* Only as a whole: nobody jumps into the middle. */
        if (v->info[pc - i + 1].join || v->info[pc + i].join)
            break;
        if (spill->opcode != SPILL || fill->opcode != FILL || spill->dst_reg != BPF_REG_FP ||
            fill->src_reg != BPF_REG_FP || spill->src_reg != fill->dst_reg || spill->offset != offset ||
            fill->offset != offset || (kept >> spill->src_reg & 1u) == 0)
            break;
        kept &= ~(1u << spill->src_reg);
        v->info[pc - i].fastcall = v->info[pc + i].fastcall = 1;
        pairs++;
    }
    return pairs;
}

static void find_in(struct verifier *v, struct function *f, uint32_t end)
{
    int32_t lowest = lowest_spill(v, f->start, end);
    for (uint32_t pc = f->start; lowest < 0 && pc < end; pc++) {
        const struct bpf_insn *insn = &v->insns[pc];
        if (v->info[pc].second || insn->opcode != (BPF_JMP | BPF_CALL) || insn->src_reg != 0)
            continue;
        const struct bpf_helper *helper = bpf_helper_find_for(v->env, (uint32_t)insn->imm, v->context);
        uint32_t pairs = helper == NULL ? 0 : mark_pairs(v, f, pc, end, lowest, kept_registers(helper));
        if (pairs == 0)
            continue;
        int32_t rest = -lowest - (int32_t)pairs * 8;
        /* The one whose calls Linux 6.12 replaces. Around others the spills stay, and so do all of the function. */
        f->keeps_spills |= strcmp(helper->name, "get_smp_processor_id") != 0;
        if (!f->has_fastcall || (uint32_t)rest > f->fastcall_rest)
            f->fastcall_rest = rest < 0 ? 0 : (uint32_t)rest;
        f->has_fastcall = true;
    }
    v->has_fastcalls |= f->has_fastcall && !f->keeps_spills;
}

void fastcall_find(struct verifier *v)
{
    for (uint32_t i = 0; has_rule(v, BPF_RULE_LINUX) && v->has_functions && i < v->function_count; i++)
        find_in(v, &v->functions[i], i + 1 < v->function_count ? v->functions[i + 1].start : v->insn_count);
}

void fastcall_note(struct verifier *v, uint32_t frame, uint32_t slots)
{
    struct function *f = &v->functions[v->state.frames[frame].function];
    if (!v->info[v->state.pc].fastcall && slots * 8 > f->fastcall_rest)
        f->keeps_spills = true;
}

uint32_t fastcall_stack(const struct function *f)
{
    return f->has_fastcall && !f->keeps_spills && f->fastcall_rest < f->stack_bytes ? f->fastcall_rest
                                                                                    : f->stack_bytes;
}
