/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Written from RFC 9669 alone; shares no code with the interpreter or the verifier beyond the table
 * of encodings (of which it only takes the class of an instruction from the opcode itself). */
#include "machine_inside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool escape(struct machine *m, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(m->escape, sizeof m->escape, "insn %u: ", m->pc);
    va_start(arguments, format);
    vsnprintf(m->escape + length, sizeof m->escape - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

uint64_t roll(struct machine *m)
{
    return machine_random(&m->dice);
}

uint64_t roll_number(struct machine *m)
{
    uint64_t r = roll(m);
    return r & 1 ? machine_edge_number(&m->dice, 64) : r & 2 ? r >> 56 : roll(m) >> (r >> 8 & 63);
}

/* --- Instructions
 * --------------------------------------------------------------------------------------------------------------
 */

bool need(struct machine *m, uint32_t number)
{
    return reg(m, number)->set ? true : escape(m, "reads r%u, which is not set", number);
}

static const int8_t alu_of[16] = { ALU_ADD,  ALU_SUB, ALU_MUL, ALU_DIV, ALU_OR,  ALU_AND,
                                   ALU_LSH,  ALU_RSH, -1,      ALU_MOD, ALU_XOR, -1,
                                   ALU_ARSH, -1,      -1,      -1 };

static uint64_t swapped(uint64_t value, int32_t bits)
{
    return bits == 16   ? __builtin_bswap16((uint16_t)value)
           : bits == 32 ? __builtin_bswap32((uint32_t)value)
                        : __builtin_bswap64(value);
}

static bool run_end(struct machine *m, const struct bpf_insn *insn)
{
    struct machine_reg *dst = reg(m, insn->dst_reg);
    bool swaps = BPF_CLASS(insn->opcode) == BPF_ALU64 || BPF_SRC(insn->opcode) == BPF_X;
    if (!need(m, insn->dst_reg))
        return false;
    dst->value =
        swaps ? swapped(dst->value, insn->imm) : dst->value & machine_mask((unsigned)insn->imm);
    return true;
}

static bool run_mov(struct machine *m, const struct bpf_insn *insn, unsigned bits)
{
    struct machine_reg value = { (uint64_t)(int64_t)insn->imm, true, false };
    if (BPF_SRC(insn->opcode) == BPF_X) {
        if (!need(m, insn->src_reg))
            return false;
        value = *reg(m, insn->src_reg);
        if (insn->offset != 0)
            value.value = (uint64_t)machine_signed(value.value, (unsigned)insn->offset);
    }
    value.value &= machine_mask(bits);
    *reg(m, insn->dst_reg) = value;
    return true;
}

/* Address + number is an address; the distance of two inside one object is not; the rest keeps the
 * taint. */
static bool result_is_address(struct machine *m, uint32_t op, const struct machine_reg *dst,
                              const struct machine_reg *src)
{
    if (op == BPF_SUB && dst->address && src->address) {
        const struct machine_object *a = machine_object_at(m, dst->value, 0),
                                    *b = machine_object_at(m, src->value, 0);
        return a == NULL || a != b;
    }
    return dst->address || src->address;
}

static bool run_alu(struct machine *m, const struct bpf_insn *insn)
{
    unsigned bits = BPF_CLASS(insn->opcode) == BPF_ALU64 ? 64 : 32;
    uint32_t op = BPF_OP(insn->opcode);
    if (op == BPF_END)
        return run_end(m, insn);
    if (op == BPF_MOV)
        return run_mov(m, insn, bits);
    struct machine_reg *dst = reg(m, insn->dst_reg);
    struct machine_reg src = { (uint64_t)(int64_t)insn->imm, true, false };
    if (!need(m, insn->dst_reg))
        return false;
    if (op == BPF_NEG) {
        dst->value = (0 - dst->value) & machine_mask(bits);
        return true;
    }
    if (BPF_SRC(insn->opcode) == BPF_X) {
        if (!need(m, insn->src_reg))
            return false;
        src = *reg(m, insn->src_reg);
    }
    int alu = alu_of[op >> 4];
    if (insn->offset == 1)
        alu = alu == ALU_DIV ? ALU_SDIV : ALU_SMOD;
    bool address = result_is_address(m, op, dst, &src);
    dst->value = machine_alu((enum alu_op)alu, dst->value & machine_mask(bits),
                             src.value & machine_mask(bits), bits);
    dst->address = address;
    return true;
}

static const int8_t cond_of[16] = { -1,       COND_EQ,  COND_GT, COND_GE, COND_SET, COND_NE,
                                    COND_SGT, COND_SGE, -1,      -1,      COND_LT,  COND_LE,
                                    COND_SLT, COND_SLE, -1,      -1 };

static bool run_jump(struct machine *m, const struct bpf_insn *insn, bool *taken)
{
    unsigned bits = BPF_CLASS(insn->opcode) == BPF_JMP ? 64 : 32;
    uint64_t y = (uint64_t)(int64_t)insn->imm;
    if (BPF_OP(insn->opcode) == BPF_JA) {
        *taken = true;
        return true;
    }
    if (BPF_OP(insn->opcode) == BPF_JCOND) {
        /* may_goto: when the passes are used up, which may be at any time. */
        *taken = roll(m) % 4 == 0;
        return true;
    }
    if (!need(m, insn->dst_reg) || (BPF_SRC(insn->opcode) == BPF_X && !need(m, insn->src_reg)))
        return false;
    if (BPF_SRC(insn->opcode) == BPF_X)
        y = reg(m, insn->src_reg)->value;
    *taken = machine_cond((enum jump_cond)cond_of[BPF_OP(insn->opcode) >> 4],
                          reg(m, insn->dst_reg)->value & machine_mask(bits), y & machine_mask(bits),
                          bits);
    m->jumped = *taken;
    return true;
}

static bool step(struct machine *m, bool *ends)
{
    const struct bpf_insn *insn = &m->request->insns[m->pc];
    bool taken = false, fine = true;
    switch (BPF_CLASS(insn->opcode)) {
    case BPF_ALU:
    case BPF_ALU64:
        fine = run_alu(m, insn);
        break;
    case BPF_LDX:
        fine = run_load(m, insn);
        break;
    case BPF_ST:
        fine = run_store(m, insn);
        break;
    case BPF_STX:
        fine = BPF_MODE(insn->opcode) == BPF_ATOMIC ? run_atomic(m, insn) : run_store(m, insn);
        break;
    case BPF_LD:
        if (BPF_MODE(insn->opcode) != BPF_IMM)
            return run_legacy_load(m, ends);
        fine = run_lddw(m, insn);
        break;
    default:
        if (BPF_OP(insn->opcode) == BPF_EXIT && BPF_CLASS(insn->opcode) == BPF_JMP)
            return run_exit(m, ends);
        if (BPF_OP(insn->opcode) == BPF_CALL && insn->src_reg == BPF_CALL_LOCAL)
            return run_local_call(m, insn);
        if (BPF_OP(insn->opcode) == BPF_CALL)
            return run_helper(m, insn, ends);
        fine = run_jump(m, insn, &taken);
        break;
    }
    if (fine)
        m->pc = (uint32_t)((int64_t)m->pc + bpf_insn_slots(insn) +
                           (taken ? bpf_jump_distance(insn) : 0));
    return fine;
}

/* Callbacks may multiply what a run takes. */
#define STEPS_RUN 20000

static bool may_go_on(const struct machine *m)
{
    return !m->out_of_room && m->steps < STEPS_RUN;
}

static bool run_to_end(struct machine *m, uint64_t step_limit)
{
    bool ends = false, fine = true;
    while (fine && !ends && may_go_on(m)) {
        if (++m->steps > step_limit)
            fine = escape(m, "runs more than %" PRIu64 " instructions", step_limit);
        else if (m->before != NULL && !m->before(m, m->user))
            fine = m->escape[0] != '\0' ? false : escape(m, "is where no claim holds");
        else
            fine = step(m, &ends);
    }
    return fine;
}

/* Its function is a program of its own, which the figures for the worst case do not count. */
static bool run_timer(struct machine *m, uint32_t index)
{
    uint64_t calls = m->calls, steps = m->steps;
    uint32_t stack = m->stack_most, frames = m->frames_most;
    while (m->frame_count > 0)
        leave_frame(m);
    enter_frame(m);
    m->in_timer = true;
    m->pc = m->timers[index].function;
    *reg(m, 1) = (struct machine_reg){ MACHINE_MAP_BASE + m->timers[index].map * 4096u, true, true };
    *reg(m, 2) = (struct machine_reg){ key_base(m->timers[index].map), true, true };
    *reg(m, 3) = (struct machine_reg){ m->timers[index].value, true, true };
    bool fine = run_to_end(m, UINT64_MAX);
    m->out_of_room = !may_go_on(m); /* cut short: what it holds nobody gives back */
    m->calls = calls;
    m->steps = steps;
    m->stack_most = stack;
    m->frames_most = frames;
    return fine;
}

bool machine_run(struct machine *m, const struct bpf_verify_request *request, uint64_t seed,
                 uint64_t step_limit)
{
    m->request = request;
    m->dice = seed;
    m->pc = 0;
    m->open_references = m->last_reference = m->stack_most = m->frames_most = 0;
    m->steps = m->calls = m->lock = 0;
    m->rcu = m->timer_count = 0;
    m->in_timer = false;
    m->out_of_room = false;
    m->escape[0] = '\0';
    memory_set_up(m);
    bool fine = run_to_end(m, step_limit);
    for (uint32_t i = 0; fine && i < m->timer_count && may_go_on(m); i++)
        fine = run_timer(m, i);
    return fine;
}
