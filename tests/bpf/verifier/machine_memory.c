/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The machine's memory: objects, what they hold, and every access. */
#include "machine_inside.h"

#include <inttypes.h>
#include <string.h>

/* --- Objects
 * ----------------------------------------------------------------------------------------------------------------
 */

struct machine_object *add_object(struct machine *m, enum machine_object_kind kind,
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

struct machine_object *machine_object_at(struct machine *m, uint64_t at, uint64_t size)
{
    for (uint32_t i = 0; i < m->object_count; i++) {
        struct machine_object *o = &m->objects[i];
        if (o->live && at >= o->base && at - o->base <= o->size && size <= o->size - (at - o->base))
            return o;
    }
    return NULL;
}

/* Values of a map lie far apart, so that one cannot be reached from another. */
uint64_t value_base(uint32_t map, uint32_t index)
{
    return UINT64_C(0x300000000000) + ((uint64_t)map << 40) + ((uint64_t)index << 32);
}

uint64_t key_base(uint32_t map)
{
    return UINT64_C(0x3a0000000000) + ((uint64_t)map << 32);
}

uint32_t value_count(const struct machine *m, uint32_t map)
{
    const struct bpf_map *of = m->request->maps[map];
    return of->value_size == 0 || (of->ops->bit & BPF_MAP_BIT_PROG_ARRAY) != 0 ? 0 : of->max_entries < 4 ? of->max_entries : 4;
}

static struct machine_object *frame_object(struct machine *m, uint32_t frame)
{
    uint32_t i = 0;
    while (m->objects[i].kind != OBJECT_FRAME || m->objects[i].base != machine_frame_top(frame) - 512)
        i++;
    return &m->objects[i];
}

/* What is on the stack before it is set is whatever was there. */
void enter_frame(struct machine *m)
{
    uint32_t f = m->frame_count++;
    memset(m->regs[f], 0, sizeof m->regs[f]);
    memset(m->frame_set[f], 0, 512);
    memset(m->frame_address[f], 0, 512);
    m->regs[f][BPF_REG_FP] = (struct machine_reg){ machine_frame_top(f), true, true };
    m->frames[f] = (struct machine_frame){ .first = f == 0 ? 0 : m->frames[f - 1].first,
                                            .references = m->open_references };
    frame_object(m, f)->live = true;
    if (m->frame_count > m->frames_most)
        m->frames_most = m->frame_count;
}

void leave_frame(struct machine *m)
{
    frame_object(m, --m->frame_count)->live = false;
    stack_object_written(m, m->frame_count, 0, 512);
}

static void add_map(struct machine *m, uint32_t map)
{
    const struct bpf_map *of = m->request->maps[map];
    for (uint32_t v = 0; v < value_count(m, map); v++) {
        struct machine_object *o = add_object(m, OBJECT_VALUE, value_base(map, v), of->value_size);
        o->map = map;
        o->writable = !bpf_map_values_read_only(of);
    }
    if (of->key_size == 0)
        return;
    struct machine_object *key = add_object(m, OBJECT_KEY, key_base(map), of->key_size);
    key->map = map;
    key->writable = false;
}

/* Mostly short, and often as long as what programs ask for. */
void new_packet(struct machine *m)
{
    uint64_t r = roll(m), count = (r >> 50) + m->object_count;
    uint32_t size = r & 1 ? (uint32_t)(r >> 8 & 63) : (uint32_t)(r >> 8 & 15) * 8;
    uint32_t meta_size = r & 2 ? (uint32_t)(r >> 4 & 7) * 4 : 0;
    uint64_t base = UINT64_C(0x800000000000) + (count << 32); /* behind all others */
    if (m->packet != UINT32_MAX)
        m->objects[m->packet].live = false;
    struct machine_object *o = add_object(m, OBJECT_PACKET, base, size + meta_size);
    if (o == NULL) {
        /* No room any more: an empty packet where the last one was. */
        m->objects[m->packet].size = m->meta_size = 0;
        m->objects[m->packet].live = true;
        m->objects[m->packet].base = base;
        return;
    }
    o->writable = has(m, BPF_RULE_PACKET_WRITE);
    m->packet = (uint32_t)(o - m->objects);
    m->meta_size = meta_size;
}

void memory_set_up(struct machine *m)
{
    const struct bpf_verify_request *request = m->request;
    m->object_count = m->memory_used = 0;
    m->packet = UINT32_MAX;
    memset(m->on_stack, 0, sizeof m->on_stack);
    add_object(m, OBJECT_CONTEXT, MACHINE_CONTEXT_BASE, bpf_context_size(request->context));
    for (uint32_t f = 0; f < MACHINE_FRAME_MAX; f++)
        add_object(m, OBJECT_FRAME, machine_frame_top(f) - 512, 512)->live = false;
    for (uint32_t i = 0; i < request->map_count; i++)
        add_map(m, i);
    new_packet(m);
    m->frame_count = 0;
    enter_frame(m);
    m->regs[0][1] = (struct machine_reg){ MACHINE_CONTEXT_BASE, true, true };
}

/* --- Memory
 * -----------------------------------------------------------------------------------------------------------------
 */

bool frame_of(const struct machine_object *o, uint32_t *frame)
{
    if (o->kind != OBJECT_FRAME)
        return false;
    *frame = (uint32_t)((o->base + 512 - machine_frame_top(0)) >> 40);
    return true;
}

/* How much of the stack is in use now. */
static void note_stack(struct machine *m, const struct machine_object *o, uint64_t at)
{
    uint32_t frame, all = 0;
    if (!frame_of(o, &frame))
        return;
    uint32_t low = (uint32_t)(machine_frame_top(frame) - at);
    if (low <= m->frames[frame].low)
        return;
    m->frames[frame].low = low;
    for (uint32_t f = 0; f < m->frame_count; f++)
        all += m->frames[f].low;
    if (all > m->stack_most)
        m->stack_most = all;
}

static bool context_may_write(const struct machine *m, int64_t offset, uint32_t size)
{
    const struct bpf_context_layout *layout = m->request->context;
    return layout->slot_count != 0 ? bpf_context_may_write(layout, offset, size)
                                   : bpf_context_field_at(layout, offset, size, true) != NULL;
}

bool read_bytes(struct machine *m, uint64_t at, uint64_t size, void *to, bool *address)
{
    uint32_t frame;
    const struct machine_object *o = machine_object_at(m, at, size);
    if (o == NULL)
        return escape(m, "reads %" PRIu64 " bytes at 0x%" PRIx64 ", outside every object", size,
                      at);
    if (!no_special(m, o, at, size))
        return false;
    memcpy(to, o->bytes + (at - o->base), size);
    *address = false;
    note_stack(m, o, at);
    if (size != 0 && frame_of(o, &frame) && !stack_object_read(m, frame, (uint32_t)(at - o->base), (uint32_t)size))
        return false;
    for (uint64_t i = 0; frame_of(o, &frame) && i < size; i++) {
        if (!m->frame_set[frame][at - o->base + i] && !has(m, BPF_RULE_UNINIT_STACK))
            return escape(m, "reads the stack at r10-%d, which is not set",
                          (int)(512 - (at - o->base + i)));
        *address |= m->frame_address[frame][at - o->base + i] != 0;
    }
    return true;
}

bool write_bytes(struct machine *m, uint64_t at, uint64_t size, const void *from,
                        bool address)
{
    uint32_t frame;
    struct machine_object *o = machine_object_at(m, at, size);
    if (o == NULL)
        return escape(m, "writes %" PRIu64 " bytes at 0x%" PRIx64 ", outside every object", size,
                      at);
    if (!o->writable ||
        (o->kind == OBJECT_CONTEXT && !context_may_write(m, (int64_t)(at - o->base), (uint32_t)size)))
        return escape(m, "writes what is read-only at 0x%" PRIx64, at);
    if (!no_special(m, o, at, size))
        return false;
    if (address && o->kind != OBJECT_FRAME && !has(m, BPF_RULE_POINTER_LEAKS))
        return escape(m, "writes an address into an object that others see");
    note_stack(m, o, at);
    memcpy(o->bytes + (at - o->base), from, size);
    if (frame_of(o, &frame)) {
        stack_object_written(m, frame, (uint32_t)(at - o->base), (uint32_t)size);
        memset(&m->frame_set[frame][at - o->base], 1, size);
        memset(&m->frame_address[frame][at - o->base], address, size);
    }
    return true;
}

/* Everything, or what is no memory for programs but a list of fields, and atomic operations. */
static bool aligned(struct machine *m, uint64_t at, uint64_t size, bool always)
{
    const struct machine_object *o = machine_object_at(m, at, 1);
    bool must = always || !has(m, BPF_RULE_UNALIGNED) ||
                (o != NULL && o->kind == OBJECT_CONTEXT);
    return !must || at % size == 0
               ? true
               : escape(m, "access of %" PRIu64 " bytes at 0x%" PRIx64 " is misaligned", size, at);
}

/* --- Instructions
 * --------------------------------------------------------------------------------------------------------------
 */

/* Fields that are pointers. */
static bool load_field(struct machine *m, const struct bpf_insn *insn, int64_t offset, bool *done)
{
    const struct bpf_context_layout *layout = m->request->context;
    uint32_t size = bpf_access_size(insn->opcode);
    *done = false;
    if (layout->slot_count != 0)
        return true;
    const struct bpf_context_field *field = bpf_context_field_at(layout, offset, size, false);
    if (field == NULL)
        return escape(m, "reads %u bytes of the context at %" PRId64 ": no field", size, offset);
    struct machine_reg value = { 0, true, true };
    switch (field->kind) {
    case BPF_FIELD_NUMBER:
        return true;
    case BPF_FIELD_PACKET:
        value.value = machine_packet_data(m);
        break;
    case BPF_FIELD_PACKET_META:
        value.value = m->objects[m->packet].base;
        break;
    case BPF_FIELD_PACKET_END:
        value.value = machine_packet_end(m);
        break;
    default:
        return escape(m, "reads the field %s, which no generated program should", field->name);
    }
    if (BPF_MODE(insn->opcode) == BPF_MEMSX)
        value.value = (uint64_t)machine_signed(value.value, size * 8);
    *reg(m, insn->dst_reg) = value;
    *done = true;
    return true;
}

bool run_load(struct machine *m, const struct bpf_insn *insn)
{
    uint64_t size = bpf_access_size(insn->opcode), value = 0;
    bool address;
    if (!need(m, insn->src_reg))
        return false;
    uint64_t at = reg(m, insn->src_reg)->value + (uint64_t)(int64_t)insn->offset;
    bool done = false;
    if (at - MACHINE_CONTEXT_BASE < bpf_context_size(m->request->context) &&
        !load_field(m, insn, (int64_t)(at - MACHINE_CONTEXT_BASE), &done))
        return false;
    if (!done && !load_special(m, insn, at, &done))
        return false;
    if (done)
        return true;
    if (!read_bytes(m, at, size, &value, &address) || !aligned(m, at, size, false))
        return false;
    if (address && size != 8 && !has(m, BPF_RULE_POINTER_LEAKS))
        return escape(m, "loads part of an address");
    if (BPF_MODE(insn->opcode) == BPF_MEMSX)
        value = (uint64_t)machine_signed(value, (unsigned)size * 8);
    *reg(m, insn->dst_reg) = (struct machine_reg){ value, true, address };
    return true;
}

bool run_store(struct machine *m, const struct bpf_insn *insn)
{
    uint64_t size = bpf_access_size(insn->opcode);
    struct machine_reg value = { (uint64_t)(int64_t)insn->imm, true, false };
    if (!need(m, insn->dst_reg) || (BPF_CLASS(insn->opcode) == BPF_STX && !need(m, insn->src_reg)))
        return false;
    if (BPF_CLASS(insn->opcode) == BPF_STX)
        value = *reg(m, insn->src_reg);
    uint64_t at = reg(m, insn->dst_reg)->value + (uint64_t)(int64_t)insn->offset;
    return aligned(m, at, size, false) && write_bytes(m, at, size, &value.value, value.address);
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

/* Load-acquire and store-release are loads and stores to one CPU. */
static bool run_ordered(struct machine *m, const struct bpf_insn *insn)
{
    struct bpf_insn plain = *insn;
    bool loads = insn->imm == BPF_LOAD_ACQUIRE;
    uint32_t base = loads ? insn->src_reg : insn->dst_reg;
    uint64_t size = bpf_access_size(insn->opcode);
    if (!need(m, base) ||
        !aligned(m, reg(m, base)->value + (uint64_t)(int64_t)insn->offset, size, true))
        return false;
    plain.opcode = (uint8_t)((loads ? BPF_LDX : BPF_STX) | BPF_MEM | BPF_SIZE(insn->opcode));
    return loads ? run_load(m, &plain) : run_store(m, &plain);
}

bool run_atomic(struct machine *m, const struct bpf_insn *insn)
{
    if (insn->imm == BPF_LOAD_ACQUIRE || insn->imm == BPF_STORE_RELEASE)
        return run_ordered(m, insn);
    uint64_t size = bpf_access_size(insn->opcode), old = 0, mask = machine_mask((unsigned)size * 8);
    bool address, exchanges = insn->imm == BPF_CMPXCHG;
    if (!need(m, insn->dst_reg) || !need(m, insn->src_reg) || (exchanges && !need(m, 0)))
        return false;
    uint64_t at = reg(m, insn->dst_reg)->value + (uint64_t)(int64_t)insn->offset;
    struct machine_reg *src = reg(m, insn->src_reg), *r0 = reg(m, 0);
    if (!aligned(m, at, size, true) || !read_bytes(m, at, size, &old, &address))
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

bool run_lddw(struct machine *m, const struct bpf_insn *insn)
{
    struct machine_reg value = { (uint32_t)insn[0].imm | (uint64_t)(uint32_t)insn[1].imm << 32,
                                 true, false };
    if (insn->src_reg == BPF_PSEUDO_MAP_IDX)
        value = (struct machine_reg){ MACHINE_MAP_BASE + (uint32_t)insn->imm * 4096u, true, true };
    else if (insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE)
        value = (struct machine_reg){ value_base((uint32_t)insn->imm, 0) + (uint32_t)insn[1].imm,
                                      true, true };
    else if (insn->src_reg == BPF_PSEUDO_FUNC)
        value = (struct machine_reg){
            MACHINE_FUNCTION_BASE + 8 * (uint64_t)((int64_t)m->pc + 1 + insn->imm), true, true
        };
    *reg(m, insn->dst_reg) = value;
    return true;
}

