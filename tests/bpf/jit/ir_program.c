/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ir_program.h"

#include <stdlib.h>
#include <string.h>

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t ir_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t ir_random_number(uint64_t *state)
{
    uint64_t r = ir_random(state), value;
    switch (r & 7) {
    case 0:
        return ir_random(state);
    case 1:
        return ir_random(state) >> (r >> 8 & 63);
    case 2:
        return (uint64_t)(int64_t)(int32_t)ir_random(state);
    case 3:
        return (uint64_t)((int64_t)(int16_t)ir_random(state) >> (r >> 8 & 15));
    default:
        value = (r & 16) != 0 ? UINT64_C(1) << (r >> 8 & 63) : 0;
        value += (r >> 16 & 7) - 3;
        return (r & 32) != 0 ? 0 - value : value;
    }
}

struct maker {
    struct ir_program *p;
    const struct bpf_jit_target *target;
    uint64_t dice;
    uint32_t function; /* that is made */
    bool in_function;  /* BPF function: no calls */
};

static uint32_t roll(struct maker *m, uint32_t count)
{
    return (uint32_t)(ir_random(&m->dice) >> 33) % count;
}

static struct ir_insn *add(struct maker *m, enum ir_op op, uint32_t size)
{
    struct ir_function *f = &m->p->functions[m->function];
    struct ir_insn *insn = &f->insns[f->insn_count++];
    *insn = (struct ir_insn){ .op = (uint8_t)op, .size = (uint8_t)size };
    insn->dst = insn->a = insn->b = insn->c = insn->d = IR_NONE;
    return insn;
}

static ir_place any(struct maker *m)
{
    return m->p->values[roll(m, roll(m, 3) ? IR_VALUE_COUNT : 4)];
}

static uint32_t size_4_8(struct maker *m)
{
    return roll(m, 2) ? 4 : 8;
}

static void b_or_imm(struct maker *m, struct ir_insn *insn)
{
    if (roll(m, 2)) {
        insn->b = any(m);
        return;
    }
    insn->imm = (int64_t)ir_random_number(&m->dice);
    insn->flags |= roll(m, 2) ? IR_BLIND : 0;
}

/* --- Instructions --- */

static void make_alu(struct maker *m)
{
    static const uint8_t ops[] = { IR_ADD,  IR_SUB,  IR_MUL,  IR_AND,   IR_OR,    IR_XOR,
                                   IR_SHL,  IR_SHR,  IR_SAR,  IR_ROL,   IR_DIV,   IR_MOD,
                                   IR_SDIV, IR_SMOD, IR_RSUB, IR_MULHI, IR_SMULHI };
    uint32_t op = ops[roll(m, sizeof ops)];
    if (op == IR_ROL && (m->target->features & IR_HAS_ROTATE) == 0)
        op = IR_SHL;
    bool high = op == IR_MULHI || op == IR_SMULHI;
    struct ir_insn *insn = add(m, (enum ir_op)op, high ? 8 : size_4_8(m));
    insn->dst = any(m);
    insn->a = any(m);
    b_or_imm(m, insn);
    if (high && insn->b == IR_NONE)
        insn->b = any(m);
    if (op == IR_RSUB && insn->b != IR_NONE) {
        insn->b = IR_NONE;
        insn->imm = (int64_t)ir_random_number(&m->dice);
    }
    if (op >= IR_SHL && op <= IR_ROL && insn->b == IR_NONE)
        insn->flags = 0;
}

static void make_unary(struct maker *m)
{
    static const uint8_t froms[] = { 1, 2, 4 }, swaps[] = { 2, 4, 8 };
    uint32_t size = size_4_8(m);
    struct ir_insn *insn;
    switch (roll(m, 6)) {
    case 0:
        insn = add(m, IR_MOV, size);
        break;
    case 1:
        insn = add(m, IR_NEG, size);
        break;
    case 2:
        insn = add(m, IR_SEXT, size);
        insn->cond = froms[roll(m, size == 8 ? 3 : 2)];
        break;
    case 3:
        insn = add(m, IR_ZEXT, size);
        insn->cond = froms[roll(m, 2)];
        break;
    case 4:
        insn = add(m, IR_BSWAP, swaps[roll(m, 3)]);
        break;
    default:
        if ((m->target->features & IR_HAS_BITS) == 0)
            return;
        insn = add(m, IR_BITS, size);
        insn->imm = roll(m, size * 8);
        insn->disp = 1 + (int32_t)roll(m, size * 8 - (uint32_t)insn->imm);
        break;
    }
    insn->dst = any(m);
    insn->a = any(m);
}

/* Sums of numbers, not addresses. */
static void make_sum(struct maker *m)
{
    bool has_32 = (m->target->features & IR_HAS_LEA32) != 0;
    struct ir_insn *insn = add(m, IR_LEA, has_32 ? size_4_8(m) : 8);
    insn->dst = any(m);
    insn->a = any(m);
    if ((m->target->features & IR_HAS_LEA_SHIFT) != 0 && roll(m, 4) != 0) {
        insn->b = any(m);
        insn->scale = (uint8_t)roll(m, 4);
    }
    if (insn->b == IR_NONE || (m->target->features & IR_INDEX_DISP) != 0)
        insn->disp = roll(m, 2) ? 0 : (int32_t)ir_random_number(&m->dice);
}

static void make_constant(struct maker *m)
{
    struct ir_insn *insn = add(m, IR_MOV, size_4_8(m));
    insn->dst = any(m);
    insn->imm = (int64_t)ir_random_number(&m->dice);
    insn->flags = roll(m, 2) ? IR_BLIND : 0;
}

static void make_condition(struct maker *m, struct ir_insn *insn)
{
    insn->cond = (uint8_t)roll(m, IR_NOT_TEST + 1);
    insn->a = any(m);
    b_or_imm(m, insn);
    if (insn->b == IR_NONE && roll(m, 3) == 0)
        insn->imm = roll(m, 2) ? 0 : (int64_t)(UINT64_C(1) << roll(m, insn->size * 8u));
}

static void make_set(struct maker *m)
{
    bool select = (m->target->features & IR_HAS_SELECT) != 0 && roll(m, 2);
    struct ir_insn *insn = add(m, select ? IR_SELECT : IR_SET, size_4_8(m));
    make_condition(m, insn);
    insn->dst = any(m);
    if (select) {
        insn->c = any(m);
        insn->d = any(m);
    }
}

#define BUFFER ((int32_t)offsetof(struct ir_memory, buffer))
#define FAR    ((int32_t)offsetof(struct ir_memory, far_buffer))

/* An aligned place in the buffer or the far buffer, perhaps with a bounded index. */
static void make_address(struct maker *m, struct ir_insn *insn, uint32_t size, ir_place index,
                         uint32_t scale)
{
    insn->a = m->p->pointer;
    insn->b = index;
    insn->scale = (uint8_t)scale;
    uint32_t room = index == IR_NONE ? IR_BUFFER_SIZE : IR_BUFFER_SIZE / 2;
    insn->disp = (roll(m, 3) == 0 ? FAR : BUFFER) + (int32_t)(roll(m, room / size) * size);
}

static void make_access(struct maker *m)
{
    uint32_t log = roll(m, 4), features = m->target->features;
    ir_place index = IR_NONE;
    uint32_t scale = 0;
    if ((features & IR_INDEX) != 0 && roll(m, 2)) {
        /* index = any & 31, so that index << 3 stays in half of the buffer */
        index = any(m);
        struct ir_insn *mask = add(m, IR_AND, 8);
        mask->dst = index;
        mask->a = any(m);
        mask->imm = 31;
        if ((features & IR_INDEX_ANY) != 0)
            scale = roll(m, 4);
        else if ((features & IR_INDEX_SIZE) != 0)
            scale = roll(m, 2) ? log : 0;
    }
    bool is_load = roll(m, 2);
    struct ir_insn *insn = add(m, is_load ? IR_LOAD : IR_STORE, 1u << log);
    make_address(m, insn, 1u << log, index, scale);
    if (index != IR_NONE && (features & IR_INDEX_DISP) == 0) {
        /* no displacement beside an index: the address before */
        struct ir_insn copy = *insn;
        ir_place base = any(m);
        while (base == index)
            base = any(m);
        insn->op = IR_LEA;
        insn->size = 8;
        insn->dst = base;
        insn->b = IR_NONE;
        insn = add(m, (enum ir_op)copy.op, copy.size);
        *insn = copy;
        insn->a = base;
        insn->disp = 0;
    }
    if (is_load) {
        insn->flags = roll(m, 2) ? IR_SIGNED : 0;
        insn->dst = any(m);
        /* addresses must not flow into results: the base is overwritten by a number */
    } else if (roll(m, 2)) {
        insn->c = any(m);
    } else {
        insn->imm = (int64_t)(int32_t)ir_random_number(&m->dice);
        insn->flags = roll(m, 2) ? IR_BLIND : 0;
    }
    if (insn->a != m->p->pointer) {
        /* The base held an address, which differs from run to run. */
        ir_place base = insn->a;
        struct ir_insn *clean = add(m, IR_MOV, 8);
        clean->dst = base;
        clean->imm = 77;
    }
}

static void make_atomic(struct maker *m)
{
    static const uint8_t ops[] = { IR_ATOMIC_ADD,   IR_ATOMIC_AND,   IR_ATOMIC_OR,
                                   IR_ATOMIC_XOR,   IR_ATOMIC_XCHG,  IR_ATOMIC_CMPXCHG,
                                   IR_LOAD_ACQUIRE, IR_STORE_RELEASE };
    uint32_t op = ops[roll(m, sizeof ops)];
    uint32_t size = op >= IR_LOAD_ACQUIRE ? 1u << roll(m, 4) : size_4_8(m);
    struct ir_insn *insn = add(m, (enum ir_op)op, size);
    make_address(m, insn, size, IR_NONE, 0);
    bool wants = op == IR_ATOMIC_CMPXCHG || op == IR_LOAD_ACQUIRE || op == IR_ATOMIC_XCHG;
    if (op != IR_STORE_RELEASE && (wants || roll(m, 2)))
        insn->dst = any(m);
    if (op != IR_LOAD_ACQUIRE)
        insn->c = any(m);
    if (op == IR_ATOMIC_CMPXCHG)
        insn->b = any(m);
}

static void make_counter(struct maker *m)
{
    struct ir_insn *insn = add(m, IR_ADD_MEMORY, size_4_8(m));
    insn->a = m->p->pointer;
    insn->disp = (int32_t)offsetof(struct ir_memory, counter);
    insn->imm = roll(m, 2) ? roll(m, 40) : roll(m, 100000);
}

static void make_call(struct maker *m)
{
    struct ir_function *f = &m->p->functions[m->function];
    struct ir_call *call = &f->calls[f->call_count];
    bool local = roll(m, 2);
    struct ir_insn *insn = add(m, IR_CALL, 8);
    insn->dst = roll(m, 4) ? any(m) : IR_NONE;
    insn->target = f->call_count++;
    *call = (struct ir_call){ .callee = local ? IR_CALL_FUNCTION : IR_CALL_ADDRESS,
                              .function = 1,
                              .address = m->p->calls[IR_INSN_MAX - 1].address };
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++)
        call->args[i] = any(m);
    call->args[IR_ARG_RUN] = m->p->pointer;
}

static void make_insn(struct maker *m)
{
    switch (roll(m, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return make_alu(m);
    case 4:
        return make_sum(m);
    case 5:
    case 6:
        return make_unary(m);
    case 7:
    case 8:
        return make_set(m);
    case 9:
    case 10:
    case 11:
        return make_access(m);
    case 12:
        return make_atomic(m);
    case 13:
        return make_constant(m);
    case 14:
        return m->in_function ? make_alu(m) : make_call(m);
    default:
        return make_counter(m);
    }
}

/* --- Functions --- */

static void copy_values(struct maker *m, enum ir_op op, size_t offset)
{
    for (uint32_t i = 0; i < IR_VALUE_COUNT; i++) {
        struct ir_insn *insn = add(m, op, 8);
        insn->a = m->p->pointer;
        insn->disp = (int32_t)(offset + 8 * i);
        if (op == IR_LOAD)
            insn->dst = m->p->values[i];
        else
            insn->c = m->p->values[i];
    }
}

/* What encoders may believe of blocks that nobody jumps to. */
static void mark_falls(struct ir_function *f)
{
    for (uint32_t b = 1; b < f->block_count; b++)
        f->blocks[b].only_falls = true;
    for (uint32_t b = 0; b < f->block_count; b++) {
        const struct ir_insn *last = &f->insns[f->blocks[b].end - 1];
        if (last->op == IR_JUMP || last->op == IR_BRANCH)
            f->blocks[IR_TARGET(last)].only_falls = false;
    }
}

static void make_function(struct maker *m, uint32_t number, uint32_t block_count)
{
    struct ir_function *f = &m->p->functions[number];
    m->function = number;
    f->insns = m->p->insns[number];
    f->blocks = m->p->blocks[number];
    f->calls = m->p->calls;
    f->block_count = block_count;
    f->first_label = number == 0 ? 0 : IR_BLOCK_MAX;
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++)
        f->params[i] = IR_NONE;
    f->params[IR_ARG_RUN] = m->p->pointer;
    f->has_calls = number == 0;
    for (uint32_t b = 0; b < block_count; b++) {
        f->blocks[b].first = f->insn_count;
        if (b == 0)
            copy_values(m, IR_LOAD, offsetof(struct ir_memory, in));
        /* Mostly short; long ones let what an encoder believes of registers grow old. */
        for (uint32_t i = 0, count = 1 + roll(m, roll(m, 6) ? 5 : 60); i < count; i++)
            make_insn(m);
        uint32_t to = b + 1 + roll(m, block_count - b - 1 > 0 ? block_count - b - 1 : 1);
        if (b + 1 < block_count && roll(m, 3) == 0) {
            add(m, IR_JUMP, 8)->target = to;
        } else if (b + 1 < block_count) {
            struct ir_insn *insn = add(m, IR_BRANCH, size_4_8(m));
            make_condition(m, insn);
            insn->d = to;
        } else {
            copy_values(m, IR_STORE, offsetof(struct ir_memory, out));
            struct ir_insn *insn = add(m, IR_RETURN, 8);
            insn->a = roll(m, 4) ? any(m) : IR_NONE;
            insn->imm = (int64_t)ir_random_number(&m->dice);
        }
        f->blocks[b].end = f->insn_count;
    }
    mark_falls(f);
}

/* Values that live across calls: callee-saved registers, then slots; else any register. */
static void choose_places(struct maker *m, bool across_calls)
{
    const struct bpf_jit_target *t = m->target;
    static const uint16_t first_slots[] = { 0, 0, 300, 5000 };
    uint32_t slots = first_slots[roll(m, 4)], registers = 3 + roll(m, 9), next = 0;
    uint64_t saved = 0;
    for (uint32_t i = 0; i <= IR_VALUE_COUNT; i++) {
        ir_place place = IR_SLOT(slots + i);
        if (across_calls && next < t->callee_saved_count && i < registers)
            place = t->callee_saved[next++];
        else if (!across_calls && next < t->caller_saved_count && i < registers)
            place = t->caller_saved[next++];
        if (place < 64 && (t->divide_clobbers >> place & 1) != 0)
            place = t->caller_saved[next++];
        if (i == IR_VALUE_COUNT)
            m->p->pointer = place;
        else
            m->p->values[i] = place;
        if (across_calls && !IR_IS_SLOT(place))
            saved |= UINT64_C(1) << place;
    }
    if (roll(m, 4) != 0) { /* mostly the pointer has a register */
        ir_place other = m->p->values[0];
        m->p->values[0] = m->p->pointer;
        m->p->pointer = other;
    }
    for (uint32_t i = 0; i < 2; i++) {
        m->p->functions[i].saved = saved;
        m->p->functions[i].slot_count = slots + IR_VALUE_COUNT + 1;
    }
}

void ir_program_make(struct ir_program *p, const struct bpf_jit_target *target, uint64_t seed,
                     uint64_t blinding_seed,
                     uint64_t (*helper)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t))
{
    struct maker m = { .p = p, .target = target, .dice = seed };
    memset(p, 0, sizeof *p);
    p->calls[IR_INSN_MAX - 1].address = (uint64_t)(uintptr_t)helper;
    bool calls = roll(&m, 2);
    choose_places(&m, calls);
    m.in_function = !calls;
    make_function(&m, 0, 2 + roll(&m, 10));
    m.in_function = true;
    make_function(&m, 1, 1 + roll(&m, 4));
    p->functions[0].has_calls = calls;
    p->functions[1].has_calls = false;
    p->form = (struct ir_form){ .target = target,
                                .options = { .blinding_seed = blinding_seed },
                                .functions = p->functions,
                                .function_count = 2,
                                .label_count = 2 * IR_BLOCK_MAX };
}

/* --- The reference --- */

struct machine {
    const struct ir_program *p;
    struct ir_memory *memory;
};

static uint64_t *place_of(uint64_t *places, ir_place place)
{
    return &places[IR_IS_SLOT(place) ? 64 + IR_SLOT_NUMBER(place) % 64 : place];
}

static uint64_t cut(uint64_t value, uint32_t size)
{
    return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

static int64_t with_sign(uint64_t value, uint32_t size)
{
    return (int64_t)(value << (64 - size * 8)) >> (64 - size * 8);
}

static uint64_t divide(uint32_t op, uint64_t a, uint64_t b, uint32_t size)
{
    int64_t sa = with_sign(a, size), sb = with_sign(b, size);
    switch (op) {
    case IR_DIV:
        return b == 0 ? 0 : a / b;
    case IR_MOD:
        return b == 0 ? a : a % b;
    case IR_SDIV:
        return sb == 0 ? 0 : sb == -1 ? 0 - (uint64_t)sa : (uint64_t)(sa / sb);
    default:
        return sb == 0 ? a : sb == -1 ? 0 : (uint64_t)(sa % sb);
    }
}

static uint64_t alu(uint32_t op, uint64_t a, uint64_t b, uint32_t size)
{
    uint32_t bits = size * 8, count = (uint32_t)b & (bits - 1);
    switch (op) {
    case IR_ADD:
        return a + b;
    case IR_SUB:
        return a - b;
    case IR_RSUB:
        return b - a;
    case IR_MUL:
        return a * b;
    case IR_AND:
        return a & b;
    case IR_OR:
        return a | b;
    case IR_XOR:
        return a ^ b;
    case IR_SHL:
        return a << count;
    case IR_SHR:
        return a >> count;
    case IR_SAR:
        return (uint64_t)(with_sign(a, size) >> count);
    case IR_ROL:
        return count == 0 ? a : a << count | a >> (bits - count);
    case IR_MULHI:
        return (uint64_t)((unsigned __int128)a * b >> 64);
    case IR_SMULHI:
        return (uint64_t)((__int128)(int64_t)a * (int64_t)b >> 64);
    default:
        return divide(op, a, b, size);
    }
}

static bool holds(uint32_t cond, uint64_t a, uint64_t b, uint32_t size)
{
    int64_t sa = with_sign(a, size), sb = with_sign(b, size);
    switch (cond) {
    case IR_EQ:
        return a == b;
    case IR_NE:
        return a != b;
    case IR_LTU:
        return a < b;
    case IR_GEU:
        return a >= b;
    case IR_LEU:
        return a <= b;
    case IR_GTU:
        return a > b;
    case IR_LTS:
        return sa < sb;
    case IR_GES:
        return sa >= sb;
    case IR_LES:
        return sa <= sb;
    case IR_GTS:
        return sa > sb;
    case IR_TEST:
        return (a & b) != 0;
    default:
        return (a & b) == 0;
    }
}

static uint64_t unary(const struct ir_insn *insn, uint64_t a)
{
    switch (insn->op) {
    case IR_MOV:
        return a;
    case IR_NEG:
        return 0 - a;
    case IR_SEXT:
        return (uint64_t)with_sign(a, IR_FROM(insn));
    case IR_ZEXT:
        return cut(a, IR_FROM(insn));
    case IR_BSWAP:
        return __builtin_bswap64(a) >> (64 - insn->size * 8);
    default:
        return insn->disp == 64 ? a >> insn->imm
                                : a >> insn->imm & ((UINT64_C(1) << insn->disp) - 1);
    }
}

/* The value that becomes *at, from the old one. */
static uint64_t exchanged(const struct ir_insn *insn, uint64_t old, uint64_t b, uint64_t c)
{
    switch (insn->op) {
    case IR_ATOMIC_ADD:
        return old + c;
    case IR_ATOMIC_AND:
        return old & c;
    case IR_ATOMIC_OR:
        return old | c;
    case IR_ATOMIC_XOR:
        return old ^ c;
    case IR_ATOMIC_CMPXCHG:
        return old == b ? c : old;
    case IR_ADD_MEMORY:
        return old + (uint64_t)insn->imm;
    case IR_LOAD:
    case IR_LOAD_ACQUIRE:
        return old;
    default: /* stores, XCHG */
        return c;
    }
}

static void access_memory(uint64_t *places, const struct ir_insn *insn, uint64_t address)
{
    uint64_t old = 0, b = insn->b == IR_NONE ? 0 : cut(*place_of(places, insn->b), insn->size);
    uint64_t c = insn->c == IR_NONE ? (uint64_t)insn->imm : *place_of(places, insn->c);
    void *at = (void *)(uintptr_t)address;
    memcpy(&old, at, insn->size);
    uint64_t new_value = exchanged(insn, old, b, c);
    memcpy(at, &new_value, insn->size);
    if (insn->dst != IR_NONE)
        *place_of(places, insn->dst) = (insn->flags & IR_SIGNED) != 0 && insn->op == IR_LOAD
                                           ? (uint64_t)with_sign(old, insn->size)
                                           : old;
}

static uint64_t run_function(const struct machine *m, uint32_t number);

static uint64_t call(const struct machine *m, const uint64_t *places, const struct ir_call *c)
{
    if (c->callee == IR_CALL_FUNCTION)
        return run_function(m, c->function);
    uint64_t args[IR_ARG_COUNT];
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++)
        args[i] = *place_of((uint64_t *)(uintptr_t)places, c->args[i]);
    return ((uint64_t(*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t))(
                uintptr_t)c->address)(args[0], args[1], args[2], args[3], args[4], args[5]);
}

static uint64_t run_function(const struct machine *m, uint32_t number)
{
    const struct ir_function *f = &m->p->functions[number];
    uint64_t places[128] = { 0 };
    *place_of(places, m->p->pointer) = (uint64_t)(uintptr_t)m->memory;
    for (uint32_t pc = 0, block = 0;;) {
        const struct ir_insn *insn = &f->insns[pc++];
        uint64_t a = insn->a == IR_NONE ? (uint64_t)insn->imm : *place_of(places, insn->a);
        uint64_t b = insn->b == IR_NONE ? (uint64_t)insn->imm : *place_of(places, insn->b);
        uint64_t address = a + (insn->b == IR_NONE ? 0 : b << insn->scale) + (uint64_t)insn->disp;
        uint64_t *dst = insn->dst == IR_NONE ? NULL : place_of(places, insn->dst);
        while (pc - 1 >= f->blocks[block].end)
            block++;
        if (insn->op <= IR_SMOD && insn->op > IR_MOV) {
            *dst =
                cut(alu(insn->op, cut(a, insn->size), cut(b, insn->size), insn->size), insn->size);
        } else if (insn->op == IR_BITS) {
            *dst = unary(insn, cut(a, insn->size));
        } else if (insn->op < IR_LEA) {
            *dst = cut(unary(insn, a), insn->size);
        } else if (insn->op == IR_LEA) {
            *dst = cut(address, insn->size);
        } else if (insn->op <= IR_ADD_MEMORY) {
            access_memory(places, insn, address);
        } else if (insn->op <= IR_STORE_RELEASE) {
            access_memory(places, insn, a + (uint64_t)insn->disp);
        } else if (insn->op == IR_CALL) {
            uint64_t result = call(m, places, &f->calls[insn->target]);
            if (dst != NULL)
                *dst = result;
        } else if (insn->op == IR_RETURN) {
            return a;
        } else if (insn->op == IR_JUMP) {
            pc = f->blocks[block = (uint32_t)insn->target].first;
        } else {
            bool yes = holds(insn->cond, cut(a, insn->size), cut(b, insn->size), insn->size);
            if (insn->op == IR_SET)
                *dst = yes;
            else if (insn->op == IR_SELECT)
                *dst = *place_of(places, yes ? insn->c : insn->d);
            else if (yes)
                pc = f->blocks[block = insn->d].first;
        }
    }
}

uint64_t ir_program_reference(const struct ir_program *p, struct ir_memory *memory)
{
    const struct machine m = { p, memory };
    return run_function(&m, 0);
}
