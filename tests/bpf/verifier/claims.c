/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "claims.h"

#include "generated_btf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM_MAX       30000
#define CLAIMS_PER_INSN 400
#define SLOT_MAX        150000

/* One state that the verifier saw before an instruction: the top frame's registers, all frames' slots. */
struct claim {
    struct claim *next;
    uint32_t frame_count, reference_count;
    uint16_t live;
    struct reg regs[BPF_REG_COUNT];
    const struct slot *slots[MACHINE_FRAME_MAX];
    uint8_t slot_counts[MACHINE_FRAME_MAX];
};

struct claims {
    struct claim *all;
    uint32_t count;
    struct slot *slots;
    uint32_t slot_count;
    struct claim *by_insn[GENERATED_INSN_MAX];
    uint32_t counts[GENERATED_INSN_MAX];
    bool incomplete[GENERATED_INSN_MAX]; /* too many: nothing is checked here */
};

struct claims *claims_create(void)
{
    struct claims *claims = calloc(1, sizeof *claims);
    claims->all = calloc(CLAIM_MAX, sizeof *claims->all);
    claims->slots = calloc(SLOT_MAX, sizeof *claims->slots);
    if (claims->all == NULL || claims->slots == NULL)
        abort();
    return claims;
}

void claims_destroy(struct claims *claims)
{
    free(claims->all);
    free(claims->slots);
    free(claims);
}

void claims_reset(struct claims *c)
{
    memset(c->by_insn, 0, sizeof c->by_insn);
    memset(c->counts, 0, sizeof c->counts);
    memset(c->incomplete, 0, sizeof c->incomplete);
    c->count = c->slot_count = 0;
}

void claims_note(void *user, const struct verifier *v)
{
    const struct state *s = &v->state;
    struct claims *c = user;
    if (c->count == CLAIM_MAX || c->counts[s->pc] == CLAIMS_PER_INSN ||
        c->slot_count + s->slot_count > SLOT_MAX) {
        c->incomplete[s->pc] = true;
        return;
    }
    struct claim *claim = &c->all[c->count++];
    claim->frame_count = s->frame_count;
    claim->reference_count = s->reference_count;
    claim->live = v->info[s->pc].live;
    memcpy(claim->regs, s->frames[s->frame_count - 1].regs, sizeof claim->regs);
    for (uint32_t f = 0; f < s->frame_count; f++) {
        claim->slots[f] = &c->slots[c->slot_count + s->frames[f].slot_base];
        claim->slot_counts[f] = (uint8_t)s->frames[f].slot_count;
    }
    if (s->slot_count != 0)
        memcpy(&c->slots[c->slot_count], s->slots, s->slot_count * sizeof *s->slots);
    c->slot_count += s->slot_count;
    claim->next = c->by_insn[s->pc];
    c->by_insn[s->pc] = claim;
    c->counts[s->pc]++;
}

/* --- Values
 * ------------------------------------------------------------------------------------------------------------- */

static bool offset_holds(const struct reg *r, uint64_t value, uint64_t base)
{
    return scalar_contains(&r->n, value - base, BITS);
}

static bool is_object_of(const struct machine_object *o, const struct reg *r)
{
    switch ((enum reg_type)r->type) {
    case REG_RECORD:
        return o->kind == OBJECT_RECORD && o->size == r->size;
    case REG_MAP_VALUE:
        return o->kind == OBJECT_VALUE && o->map == r->map && o->size == r->size;
    case REG_MAP_KEY:
        return o->kind == OBJECT_KEY && o->map == r->map && o->size == r->size;
    case REG_SOCKET:
        return o->kind == OBJECT_SOCKET;
    default:
        return false;
    }
}

static bool object_holds(const struct machine *m, const struct reg *r, uint64_t value)
{
    for (uint32_t i = 0; i < m->object_count; i++)
        if (m->objects[i].live && is_object_of(&m->objects[i], r) &&
            offset_holds(r, value, m->objects[i].base))
            return true;
    return false;
}

/* Base, and whether as many bytes as were seen to be there are. */
static bool packet_holds(const struct machine *m, const struct reg *r, uint64_t value)
{
    bool meta = r->type == REG_PACKET_META;
    uint64_t base = meta ? m->objects[m->packet].base : machine_packet_data(m);
    uint64_t end = meta ? machine_packet_data(m) : machine_packet_end(m);
    uint64_t n = value - base - (uint64_t)(int64_t)r->fixed;
    return scalar_contains(&r->n, n, BITS) &&
           (r->size == 0 || (n <= end - base && r->size <= end - base - n));
}

/* Memory that a global function was given: which, only the caller knows. */
static bool memory_holds(struct machine *m, const struct reg *r, uint64_t value)
{
    return !scalar_is_const(&r->n) || machine_object_at(m, value - r->n.umin, r->size) != NULL;
}

/* A task, or where it is not known to be alive any address. */
static bool task_holds(struct machine *m, const struct reg *r, uint64_t value)
{
    if (r->ref == 0 && (r->attr & (REG_TRUSTED | REG_RCU)) == 0)
        return true;
    for (uint32_t i = 0; i < m->object_count; i++) {
        const struct machine_object *o = &m->objects[i];
        bool good = o->kind == OBJECT_TASK && o->live && o->life <= (r->ref != 0 ? LIFE_OWNED : LIFE_SEEN);
        if (good && offset_holds(r, value, o->base))
            return true;
    }
    return false;
}

/* An object of the program's own: with a reference, or in a list or tree whose lock is held. */
static bool own_holds(struct machine *m, const struct reg *r, uint64_t value)
{
    bool borrowed = (r->attr & REG_BORROWED) != 0;
    if ((r->attr & REG_UNTRUSTED) != 0 || (r->attr & REG_ALLOCATED) == 0)
        return true;
    for (uint32_t i = 0; i < m->object_count; i++) {
        const struct machine_object *o = &m->objects[i];
        bool good = o->kind == OBJECT_OWN && o->live &&
                    generated_own_id((enum generated_own)o->type) == r->type_id &&
                    (borrowed ? m->lock != 0 : o->references != 0);
        if (good && offset_holds(r, value, o->base))
            return true;
    }
    return false;
}

static bool value_holds(struct machine *m, const struct reg *r, const struct machine_reg *is)
{
    uint32_t first = m->frames[m->frame_count - 1].first;
    if (r->type == REG_UNSET)
        return true;
    if (!is->set)
        return false;
    if (r->may_be_null && is->value == 0)
        return true;
    switch ((enum reg_type)r->type) {
    case REG_NUMBER:
        return (!is->address ||
                bpf_context_has_rule(m->request->context, BPF_RULE_POINTER_LEAKS)) &&
               scalar_contains(&r->n, is->value, BITS);
    case REG_CONTEXT:
        return offset_holds(r, is->value, MACHINE_CONTEXT_BASE);
    case REG_STACK:
        return offset_holds(r, is->value, machine_frame_top(first + r->frame));
    case REG_MAP:
        return is->value == MACHINE_MAP_BASE + r->map * 4096u;
    case REG_FUNCTION:
        return is->value == MACHINE_FUNCTION_BASE + 8u * (uint64_t)r->function;
    case REG_PACKET:
    case REG_PACKET_META:
        return packet_holds(m, r, is->value);
    case REG_PACKET_END:
        return is->value == machine_packet_end(m);
    case REG_MEM:
        return memory_holds(m, r, is->value);
    case REG_BTF:
        return (r->attr & REG_OWN_TYPE) != 0 ? own_holds(m, r, is->value) : task_holds(m, r, is->value);
    default:
        return object_holds(m, r, is->value);
    }
}

/* --- Slots
 * -------------------------------------------------------------------------------------------------------------- */

/* Bytes at to at + 8 are this part of such an object. */
static bool stack_object_holds(struct machine *m, const struct reg *r, uint32_t frame, uint32_t at)
{
    static const uint8_t origins[] = { [DYNPTR_LOCAL] = MACHINE_SHOWS_MEMORY,
                                       [DYNPTR_RINGBUF] = MACHINE_SHOWS_RECORD,
                                       [DYNPTR_SKB] = MACHINE_SHOWS_SKB,
                                       [DYNPTR_XDP] = MACHINE_SHOWS_XDP };
    const struct machine_stack_object *o = machine_on_stack(m, frame, at, 8);
    bool first = (r->attr & REG_FIRST_SLOT) != 0;
    if (o == NULL || (o->at == at) != first)
        return false;
    if (o->kind == STACK_ITERATOR)
        return r->type == REG_SLOT_ITERATOR && ((r->attr & REG_DRAINED) == 0 || o->drained);
    return r->type == REG_SLOT_DYNPTR && origins[r->type_id] == o->origin && (r->ref != 0) == (o->reference != 0);
}

/* The slot's bytes lie at `at` of the machine's frame. */
static bool slot_holds(struct machine *m, const struct slot *slot, uint32_t frame, uint32_t at)
{
    const struct machine_object *o = machine_object_at(m, machine_frame_top(frame) - 512, 512);
    uint64_t value = 0;
    for (uint32_t b = 0; b < 8; b++)
        if ((slot->set >> b & 1) != 0 && !m->frame_set[frame][at + b])
            return false;
    if (slot->spill_size == 0)
        return true;
    if (slot->value.type >= REG_SLOT_DYNPTR)
        return stack_object_holds(m, &slot->value, frame, at);
    struct machine_reg is = { 0, true, false };
    memcpy(&value, o->bytes + at + slot->spill_start, slot->spill_size);
    is.value = value;
    for (uint32_t b = 0; b < slot->spill_size; b++) {
        is.set = is.set && m->frame_set[frame][at + slot->spill_start + b];
        is.address = is.address || m->frame_address[frame][at + slot->spill_start + b];
    }
    return value_holds(m, &slot->value, &is);
}

static bool slots_hold(struct machine *m, const struct claim *claim, uint32_t first)
{
    for (uint32_t f = 0; f < claim->frame_count; f++)
        for (uint32_t i = 0; i < claim->slot_counts[f]; i++)
            if (!slot_holds(m, &claim->slots[f][i], first + f, 512 - 8 * (i + 1)))
                return false;
    return true;
}

static bool claim_holds(struct machine *m, const struct claim *claim)
{
    uint32_t first = m->frames[m->frame_count - 1].first;
    uint32_t acquired = m->open_references - m->frames[first].references;
    /* What may be NULL counts as acquired until it was compared. */
    if (claim->frame_count != m->frame_count - first || claim->reference_count < acquired)
        return false;
    for (uint32_t r = 0; r < BPF_REG_COUNT; r++)
        if ((claim->live >> r & 1) &&
            !value_holds(m, &claim->regs[r], &m->regs[m->frame_count - 1][r]))
            return false;
    return slots_hold(m, claim, first);
}

bool claims_hold(const struct claims *c, struct machine *m, bool *checked)
{
    *checked = !c->incomplete[m->pc];
    for (const struct claim *claim = c->by_insn[m->pc]; claim != NULL && *checked;
         claim = claim->next)
        if (claim_holds(m, claim))
            return true;
    return !*checked;
}
