/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Written from RFC 9669 alone; shares no code with the interpreter or the verifier beyond the table
 * of encodings (of which it only takes the class of an instruction from the opcode itself). */
#include "machine.h"

#include "domain.h"

#include <bpf/helper.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool escape(struct machine *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool escape(struct machine *m, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(m->escape, sizeof m->escape, "insn %u: ", m->pc);
    va_start(arguments, format);
    vsnprintf(m->escape + length, sizeof m->escape - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

static uint64_t roll(struct machine *m)
{
    return machine_random(&m->dice);
}

static uint64_t roll_number(struct machine *m)
{
    uint64_t r = roll(m);
    return r & 1 ? machine_edge_number(&m->dice, 64) : r & 2 ? r >> 56 : roll(m) >> (r >> 8 & 63);
}

static struct machine_reg *reg(struct machine *m, uint32_t number)
{
    return &m->regs[m->frame_count - 1][number];
}

/* --- Objects
 * ----------------------------------------------------------------------------------------------------------------
 */

static struct machine_object *add_object(struct machine *m, enum machine_object_kind kind,
                                         uint64_t base, uint32_t size)
{
    if (m->object_count == MACHINE_OBJECT_MAX || m->memory_used + size > sizeof m->memory)
        return NULL;
    struct machine_object *object = &m->objects[m->object_count++];
    *object = (struct machine_object){ .base = base,
                                       .size = size,
                                       .bytes = m->memory + m->memory_used,
                                       .kind = (uint8_t)kind,
                                       .writable = true,
                                       .live = true };
    m->memory_used += size;
    for (uint32_t i = 0; i < size; i += 8) {
        uint64_t word = roll_number(m);
        memcpy(object->bytes + i, &word, size - i < 8 ? size - i : 8);
    }
    return object;
}

static struct machine_object *find_object(struct machine *m, uint64_t at, uint64_t size)
{
    for (uint32_t i = 0; i < m->object_count; i++) {
        struct machine_object *o = &m->objects[i];
        if (o->live && at >= o->base && at - o->base <= o->size && size <= o->size - (at - o->base))
            return o;
    }
    return NULL;
}

/* Values of a map lie far apart, so that one cannot be reached from another. */
static uint64_t value_base(uint32_t map, uint32_t index)
{
    return UINT64_C(0x300000000000) + ((uint64_t)map << 40) + ((uint64_t)index << 32);
}

static void enter_frame(struct machine *m)
{
    uint32_t f = m->frame_count++;
    memset(m->regs[f], 0, sizeof m->regs[f]);
    memset(m->frame_set[f], 0, 512);
    memset(m->frame_address[f], 0, 512);
    m->regs[f][BPF_REG_FP] = (struct machine_reg){ machine_frame_top(f), true, true };
    for (uint32_t i = 0; i < m->object_count; i++)
        if (m->objects[i].kind == OBJECT_FRAME && m->objects[i].base == machine_frame_top(f) - 512)
            m->objects[i].live = true;
}

static void set_up(struct machine *m)
{
    const struct bpf_verify_request *request = m->request;
    add_object(m, OBJECT_CONTEXT, MACHINE_CONTEXT_BASE, bpf_context_size(request->context));
    for (uint32_t f = 0; f < MACHINE_FRAME_MAX; f++)
        add_object(m, OBJECT_FRAME, machine_frame_top(f) - 512, 512)->live = false;
    for (uint32_t i = 0; i < request->map_count; i++) {
        const struct bpf_map *map = request->maps[i];
        uint32_t count = map->value_size == 0 ? 0 : map->max_entries < 4 ? map->max_entries : 4;
        for (uint32_t v = 0; v < count; v++) {
            struct machine_object *o =
                add_object(m, OBJECT_VALUE, value_base(i, v), map->value_size);
            o->map = i;
            o->writable = !bpf_map_values_read_only(map);
        }
    }
    m->frame_count = 0;
    enter_frame(m);
    m->regs[0][1] = (struct machine_reg){ MACHINE_CONTEXT_BASE, true, true };
}

/* --- Memory
 * -----------------------------------------------------------------------------------------------------------------
 */

static bool frame_of(const struct machine_object *o, uint32_t *frame)
{
    if (o->kind != OBJECT_FRAME)
        return false;
    *frame = (uint32_t)((o->base + 512 - machine_frame_top(0)) >> 40);
    return true;
}

static bool read_bytes(struct machine *m, uint64_t at, uint64_t size, void *to, bool *address)
{
    uint32_t frame;
    const struct machine_object *o = find_object(m, at, size);
    if (o == NULL)
        return escape(m, "reads %" PRIu64 " bytes at 0x%" PRIx64 ", outside every object", size,
                      at);
    memcpy(to, o->bytes + (at - o->base), size);
    *address = false;
    for (uint64_t i = 0; frame_of(o, &frame) && i < size; i++) {
        if (!m->frame_set[frame][at - o->base + i])
            return escape(m, "reads the stack at r10-%d, which is not set",
                          (int)(512 - (at - o->base + i)));
        *address |= m->frame_address[frame][at - o->base + i] != 0;
    }
    return true;
}

static bool write_bytes(struct machine *m, uint64_t at, uint64_t size, const void *from,
                        bool address)
{
    uint32_t frame;
    struct machine_object *o = find_object(m, at, size);
    if (o == NULL)
        return escape(m, "writes %" PRIu64 " bytes at 0x%" PRIx64 ", outside every object", size,
                      at);
    if (!o->writable ||
        (o->kind == OBJECT_CONTEXT &&
         !bpf_context_may_write(m->request->context, (int64_t)(at - o->base), (uint32_t)size)))
        return escape(m, "writes what is read-only at 0x%" PRIx64, at);
    if (address && o->kind != OBJECT_FRAME)
        return escape(m, "writes an address into an object that others see");
    memcpy(o->bytes + (at - o->base), from, size);
    if (frame_of(o, &frame)) {
        memset(&m->frame_set[frame][at - o->base], 1, size);
        memset(&m->frame_address[frame][at - o->base], address, size);
    }
    return true;
}

static bool aligned(struct machine *m, uint64_t at, uint64_t size)
{
    return at % size == 0
               ? true
               : escape(m, "access of %" PRIu64 " bytes at 0x%" PRIx64 " is misaligned", size, at);
}

/* --- Instructions
 * --------------------------------------------------------------------------------------------------------------
 */

static bool need(struct machine *m, uint32_t number)
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
        const struct machine_object *a = find_object(m, dst->value, 0),
                                    *b = find_object(m, src->value, 0);
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
    if (!need(m, insn->dst_reg) || (BPF_SRC(insn->opcode) == BPF_X && !need(m, insn->src_reg)))
        return false;
    if (BPF_SRC(insn->opcode) == BPF_X)
        y = reg(m, insn->src_reg)->value;
    *taken = machine_cond((enum jump_cond)cond_of[BPF_OP(insn->opcode) >> 4],
                          reg(m, insn->dst_reg)->value & machine_mask(bits), y & machine_mask(bits),
                          bits);
    return true;
}

static bool run_load(struct machine *m, const struct bpf_insn *insn)
{
    uint64_t size = bpf_access_size(insn->opcode), value = 0;
    bool address;
    if (!need(m, insn->src_reg))
        return false;
    uint64_t at = reg(m, insn->src_reg)->value + (uint64_t)(int64_t)insn->offset;
    if (!read_bytes(m, at, size, &value, &address) || !aligned(m, at, size))
        return false;
    if (address && size != 8)
        return escape(m, "loads part of an address");
    if (BPF_MODE(insn->opcode) == BPF_MEMSX)
        value = (uint64_t)machine_signed(value, (unsigned)size * 8);
    *reg(m, insn->dst_reg) = (struct machine_reg){ value, true, address };
    return true;
}

static bool run_store(struct machine *m, const struct bpf_insn *insn)
{
    uint64_t size = bpf_access_size(insn->opcode);
    struct machine_reg value = { (uint64_t)(int64_t)insn->imm, true, false };
    if (!need(m, insn->dst_reg) || (BPF_CLASS(insn->opcode) == BPF_STX && !need(m, insn->src_reg)))
        return false;
    if (BPF_CLASS(insn->opcode) == BPF_STX)
        value = *reg(m, insn->src_reg);
    uint64_t at = reg(m, insn->dst_reg)->value + (uint64_t)(int64_t)insn->offset;
    return aligned(m, at, size) && write_bytes(m, at, size, &value.value, value.address);
}

static uint64_t atomic_result(int32_t imm, uint64_t old, uint64_t operand)
{
    switch (imm & ~BPF_FETCH) {
    case BPF_ADD:
        return old + operand;
    case BPF_OR:
        return old | operand;
    case BPF_AND:
        return old & operand;
    case BPF_XOR:
        return old ^ operand;
    default:
        return operand; /* exchange */
    }
}

static bool run_atomic(struct machine *m, const struct bpf_insn *insn)
{
    uint64_t size = bpf_access_size(insn->opcode), old = 0, mask = machine_mask((unsigned)size * 8);
    bool address, exchanges = insn->imm == BPF_CMPXCHG;
    if (!need(m, insn->dst_reg) || !need(m, insn->src_reg) || (exchanges && !need(m, 0)))
        return false;
    uint64_t at = reg(m, insn->dst_reg)->value + (uint64_t)(int64_t)insn->offset;
    struct machine_reg *src = reg(m, insn->src_reg), *r0 = reg(m, 0);
    if (!aligned(m, at, size) || !read_bytes(m, at, size, &old, &address))
        return false;
    uint64_t new = atomic_result(insn->imm, old, src->value);
    if (exchanges)
        new = (r0->value & mask) == old ? src->value : old;
    if (!write_bytes(m, at, size, &new, address || src->address))
        return false;
    if (exchanges)
        *r0 = (struct machine_reg){ old, true, address };
    else if (insn->imm & BPF_FETCH)
        *src = (struct machine_reg){ old, true, address };
    return true;
}

static bool run_lddw(struct machine *m, const struct bpf_insn *insn)
{
    struct machine_reg value = { (uint32_t)insn[0].imm | (uint64_t)(uint32_t)insn[1].imm << 32,
                                 true, false };
    if (insn->src_reg == BPF_PSEUDO_MAP_IDX)
        value = (struct machine_reg){ MACHINE_MAP_BASE + (uint32_t)insn->imm * 4096u, true, true };
    else if (insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE)
        value = (struct machine_reg){ value_base((uint32_t)insn->imm, 0) + (uint32_t)insn[1].imm,
                                      true, true };
    *reg(m, insn->dst_reg) = value;
    return true;
}

/* --- Calls
 * --------------------------------------------------------------------------------------------------------------------
 */

static bool read_argument(struct machine *m, uint32_t number, uint64_t size)
{
    bool address;
    uint8_t bytes[4096];
    if (size > sizeof bytes)
        return escape(m, "argument r%u of %" PRIu64 " bytes", number, size);
    if (!read_bytes(m, reg(m, number)->value, size, bytes, &address))
        return false;
    return address ? escape(m, "gives an address away in argument r%u", number) : true;
}

static bool fill_argument(struct machine *m, uint32_t number, uint64_t size)
{
    uint64_t at = reg(m, number)->value;
    for (uint64_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)roll_number(m);
        if (!write_bytes(m, at + i, 1, &byte, false))
            return false;
    }
    return find_object(m, at, size) != NULL
               ? true
               : escape(m, "memory argument r%u leaves its object", number);
}

static bool release_record(struct machine *m, uint32_t number)
{
    struct machine_object *o = find_object(m, reg(m, number)->value, 1);
    if (o == NULL || o->kind != OBJECT_RECORD || o->base != reg(m, number)->value)
        return escape(m, "gives back what is no record");
    o->live = false;
    m->open_records--;
    return true;
}

static bool check_argument(struct machine *m, const struct bpf_helper *helper, uint32_t number,
                           uint32_t *map)
{
    enum bpf_arg_type type = helper->args[number - 1];
    const struct machine_reg *r = reg(m, number);
    if (type == BPF_ARG_NONE)
        return true;
    if (!need(m, number))
        return false;
    switch (type) {
    case BPF_ARG_SCALAR:
    case BPF_ARG_SIZE:
    case BPF_ARG_SIZE_OR_ZERO:
    case BPF_ARG_CONST_SIZE:
        if (type == BPF_ARG_SIZE && r->value == 0)
            return escape(m, "a size of zero");
        return r->address ? escape(m, "gives an address away in argument r%u", number) : true;
    case BPF_ARG_MAP:
        *map = (uint32_t)((r->value - MACHINE_MAP_BASE) / 4096);
        if (r->value < MACHINE_MAP_BASE || *map >= m->request->map_count ||
            !(m->request->maps[*map]->ops->bit & helper->map_types))
            return escape(m, "argument r%u is no map", number);
        return true;
    case BPF_ARG_MAP_KEY:
        return read_argument(m, number, m->request->maps[*map]->key_size);
    case BPF_ARG_MAP_VALUE:
        return read_argument(m, number, m->request->maps[*map]->value_size);
    case BPF_ARG_MEM_READ:
        return need(m, number + 1) && read_argument(m, number, reg(m, number + 1)->value);
    case BPF_ARG_MEM_WRITE:
        return need(m, number + 1) && fill_argument(m, number, reg(m, number + 1)->value);
    case BPF_ARG_RINGBUF_RECORD:
        return release_record(m, number);
    default:
        return true;
    }
}

static bool set_result(struct machine *m, const struct bpf_helper *helper, uint32_t map)
{
    struct machine_reg result = { 0, false, false };
    uint64_t size = reg(m, 2)->value;
    if (helper->returns == BPF_RETURN_SCALAR)
        result = (struct machine_reg){ roll_number(m), true, false };
    if (helper->returns == BPF_RETURN_MAP_VALUE_OR_NULL ||
        helper->returns == BPF_RETURN_RINGBUF_RECORD_OR_NULL)
        result = (struct machine_reg){ 0, true, false };
    if (helper->returns == BPF_RETURN_MAP_VALUE_OR_NULL && roll(m) % 4 != 0) {
        uint32_t count =
            m->request->maps[map]->max_entries < 4 ? m->request->maps[map]->max_entries : 4;
        result = (struct machine_reg){ value_base(map, (uint32_t)(roll(m) % count)), true, true };
    }
    if (helper->returns == BPF_RETURN_RINGBUF_RECORD_OR_NULL && roll(m) % 4 != 0) {
        uint64_t base = UINT64_C(0x500000000000) + ((uint64_t)m->object_count << 32);
        if (size <= 4096 && add_object(m, OBJECT_RECORD, base, (uint32_t)size) != NULL) {
            result = (struct machine_reg){ base, true, true };
            m->open_records++;
        }
    }
    for (uint32_t r = 0; r <= 5; r++)
        *reg(m, r) = (struct machine_reg){ roll(m), false, false };
    *reg(m, 0) = result;
    return true;
}

static bool run_helper(struct machine *m, const struct bpf_insn *insn)
{
    uint32_t map = 0;
    const struct bpf_helper *helper = bpf_helper_find(m->request->env, (uint32_t)insn->imm);
    if (helper == NULL || !bpf_helper_allowed(helper, m->request->context))
        return escape(m, "calls helper %d", insn->imm);
    for (uint32_t r = 1; r <= 5; r++)
        if (!check_argument(m, helper, r, &map))
            return false;
    return set_result(m, helper, map);
}

static bool run_local_call(struct machine *m, const struct bpf_insn *insn)
{
    struct machine_reg *caller = m->regs[m->frame_count - 1];
    if (m->frame_count == MACHINE_FRAME_MAX)
        return escape(m, "too many frames");
    m->return_to[m->frame_count] = m->pc + 1;
    enter_frame(m);
    for (uint32_t r = 1; r <= 5; r++)
        *reg(m, r) = caller[r];
    for (uint32_t r = 0; r <= 5; r++)
        caller[r].set = false;
    m->pc = (uint32_t)((int64_t)m->pc + 1 + insn->imm);
    return true;
}

static bool run_exit(struct machine *m, bool *ends)
{
    struct machine_reg result = *reg(m, 0);
    if (m->frame_count > 1) {
        uint32_t f = --m->frame_count;
        for (uint32_t i = 0; i < m->object_count; i++)
            if (m->objects[i].kind == OBJECT_FRAME &&
                m->objects[i].base == machine_frame_top(f) - 512)
                m->objects[i].live = false;
        m->pc = m->return_to[f];
        *reg(m, 0) = result;
        return true;
    }
    *ends = true;
    if (!result.set || result.address)
        return escape(m, "returns %s", result.set ? "an address" : "what is not set");
    return m->open_records == 0 ? true : escape(m, "ends with %u records open", m->open_records);
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
        fine = run_lddw(m, insn);
        break;
    default:
        if (BPF_OP(insn->opcode) == BPF_EXIT && BPF_CLASS(insn->opcode) == BPF_JMP)
            return run_exit(m, ends);
        if (BPF_OP(insn->opcode) == BPF_CALL && insn->src_reg == BPF_CALL_LOCAL)
            return run_local_call(m, insn);
        fine = BPF_OP(insn->opcode) == BPF_CALL ? run_helper(m, insn) : run_jump(m, insn, &taken);
        break;
    }
    if (fine)
        m->pc = (uint32_t)((int64_t)m->pc + bpf_insn_slots(insn) +
                           (taken ? bpf_jump_distance(insn) : 0));
    return fine;
}

bool machine_run(struct machine *m, const struct bpf_verify_request *request, uint64_t seed,
                 uint64_t step_limit)
{
    m->request = request;
    m->dice = seed;
    m->pc = 0;
    m->object_count = m->memory_used = m->open_records = 0;
    m->steps = 0;
    m->escape[0] = '\0';
    set_up(m);
    bool ends = false, fine = true;
    while (fine && !ends) {
        if (++m->steps > step_limit)
            fine = escape(m, "runs more than %" PRIu64 " instructions", step_limit);
        else if (m->before != NULL && !m->before(m, m->user))
            fine = m->escape[0] != '\0' ? false : escape(m, "is where no claim holds");
        else
            fine = step(m, &ends);
    }
    return fine;
}
