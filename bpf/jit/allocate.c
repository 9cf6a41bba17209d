/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Virtual registers to host registers and spill slots: linear scan over live ranges with holes.
 *
 * Position 2 i is where instruction i reads, 2 i + 1 where it writes, so that a result may take the
 * register of a source that ends there. A register that is live across a call takes a callee-saved
 * host register, one that is live across a division none that the target's division destroys. When
 * no host register is free, who is used least (by loop depth) goes to a slot, for all of its life.
 *
 * Hints save moves: the place a MOV copies from or to, the first source of an operation (x86's
 * instructions write over it), the register an argument arrives or leaves in. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "lower.h"

/* Weights for a position: what shorter lives are all alike. */
#define WEIGHT_SCALE 4096u
#define LENGTH_LEAST 16u

/* How many lives of one host register are looked at for a place among them. */
#define HELD_MAX 128u

struct range {
    struct range *next;
    uint32_t from, to;
};

struct life {
    struct range *ranges; /* ascending, disjoint; while scanning, without those that are past */
    struct life *next;    /* of those in the same host register */
    uint32_t end;
    uint64_t weight; /* reads and writes, each as often as its block runs */
    ir_place place;
    ir_place assigned;  /* a host register, a slot, IR_NONE */
    ir_place hints[2];  /* virtual registers */
    uint8_t fixed_hint; /* host register + 1 */
    bool crosses_call;
    uint64_t forbidden; /* host registers */
};

struct allocator {
    struct lower *f;
    struct life *lives;
    struct life *held[64]; /* by each host register */
    uint64_t *taken[64];   /* the same as a bit per position; NULL: never held anything */
    uint64_t allowed, callee_saved;
    uint8_t order[48]; /* host registers, best first */
    uint32_t order_count;
    /* Of the block that is looked at: what is live, until where its range goes. */
    ir_place *live;
    uint32_t *live_index, *until;
    uint32_t live_count;
    struct range *spare; /* memory for the next ranges */
    uint32_t spare_count;
    bool failed;
};

#define RANGES_AT_ONCE 64u

/* --- Ranges --- */

static void add_range(struct allocator *a, ir_place place, uint32_t from, uint32_t to)
{
    struct life *life = &a->lives[place];
    if (from == to)
        return;
    if (life->ranges != NULL && life->ranges->from == to) {
        life->ranges->from = from;
        return;
    }
    if (a->spare_count == 0) {
        a->spare = lower_alloc_raw(a->f->pass, RANGES_AT_ONCE, sizeof *a->spare);
        if (a->spare == NULL) {
            a->failed = true;
            return;
        }
        a->spare_count = RANGES_AT_ONCE;
    }
    struct range *range = &a->spare[--a->spare_count];
    *range = (struct range){ life->ranges, from, to };
    if (life->ranges == NULL)
        life->end = to;
    life->ranges = range;
}

static bool is_live(const struct allocator *a, ir_place place)
{
    return a->live_index[place] < a->live_count && a->live[a->live_index[place]] == place;
}

static void make_live(struct allocator *a, ir_place place, uint32_t until)
{
    a->live_index[place] = a->live_count;
    a->live[a->live_count++] = place;
    a->until[place] = until;
}

static void make_dead(struct allocator *a, ir_place place)
{
    ir_place last = a->live[--a->live_count];
    a->live[a->live_index[place]] = last;
    a->live_index[last] = a->live_index[place];
}

static void add_hint(struct allocator *a, ir_place place, ir_place hint)
{
    struct life *life = &a->lives[place];
    if (life->hints[0] == IR_NONE)
        life->hints[0] = hint;
    else if (life->hints[1] == IR_NONE)
        life->hints[1] = hint;
}

static void note_hints(struct allocator *a, const struct ir_insn *insn)
{
    if (insn->dst != IR_NONE && insn->a != IR_NONE && insn->op < IR_LEA && insn->op != IR_NOP)
        add_hint(a, insn->dst, insn->a);
    if (insn->op == IR_MOV && insn->a != IR_NONE)
        add_hint(a, insn->a, insn->dst);
    if (insn->op == IR_SELECT)
        add_hint(a, insn->dst, insn->d);
    if (insn->op != IR_CALL)
        return;
    const struct ir_call *call = &a->f->calls[insn->target];
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (call->args[i] != IR_NONE)
            a->lives[call->args[i]].fixed_hint = (uint8_t)(a->f->target->args[i] + 1);
    }
    if (insn->dst != IR_NONE)
        a->lives[insn->dst].fixed_hint = (uint8_t)(a->f->target->result + 1);
}

/* What lives on over this instruction must not be where it destroys. */
static void note_clobbers(struct allocator *a, const struct ir_insn *insn)
{
    bool divides = insn->op >= IR_MULHI && insn->op <= IR_SMOD;
    if (insn->op != IR_CALL && !divides)
        return;
    for (uint32_t i = 0; i < a->live_count; i++) {
        struct life *life = &a->lives[a->live[i]];
        if (insn->op == IR_CALL)
            life->crosses_call = true;
        else
            life->forbidden |= a->f->target->divide_clobbers;
    }
}

static void walk_insn(struct allocator *a, uint32_t index, uint64_t weight)
{
    struct lower *f = a->f;
    struct ir_insn *insn = &f->insns[index];
    if (insn->op == IR_NOP)
        return;
    if (insn->dst != IR_NONE) {
        a->lives[insn->dst].weight += weight;
        if (is_live(a, insn->dst)) {
            add_range(a, insn->dst, 2 * index + 1, a->until[insn->dst]);
            make_dead(a, insn->dst);
        } else {
            add_range(a, insn->dst, 2 * index + 1, 2 * index + 2);
        }
    }
    note_clobbers(a, insn);
    note_hints(a, insn);
    ir_place *sources[LOWER_SOURCE_MAX];
    uint32_t count = lower_sources(f, insn, sources);
    for (uint32_t s = 0; s < count; s++) {
        a->lives[*sources[s]].weight += weight;
        if (!is_live(a, *sources[s]))
            make_live(a, *sources[s], 2 * index + 1);
    }
}

static void walk_block(struct allocator *a, uint32_t number)
{
    const struct ir_block *block = &a->f->blocks[number];
    uint64_t weight = block->frequency;
    a->live_count = 0;
    for (const struct lower_live *out = a->f->live_out[number]; out != NULL; out = out->next)
        make_live(a, out->place, 2 * block->end);
    for (uint32_t i = block->end; i-- != block->first;)
        walk_insn(a, i, weight);
    if (number == 0) {
        for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
            ir_place param = a->f->params[i];
            if (param == IR_NONE)
                continue;
            if (!is_live(a, param)) {
                a->f->params[i] = IR_NONE;
                continue;
            }
            a->lives[param].fixed_hint = (uint8_t)(a->f->target->args[i] + 1);
        }
    }
    for (uint32_t i = 0; i < a->live_count; i++)
        add_range(a, a->live[i], 2 * block->first, a->until[a->live[i]]);
}

/* --- Scanning --- */

static bool overlap(const struct range *a, const struct range *b)
{
    while (a != NULL && b != NULL) {
        if (a->to <= b->from)
            a = a->next;
        else if (b->to <= a->from)
            b = b->next;
        else
            return true;
    }
    return false;
}

/* Forgets what is over at `position`, in the lives that the host register holds. */
static void expire(struct allocator *a, uint32_t host, uint32_t position)
{
    struct life **link = &a->held[host];
    while (*link != NULL) {
        struct life *life = *link;
        while (life->ranges != NULL && life->ranges->to <= position)
            life->ranges = life->ranges->next;
        if (life->ranges == NULL)
            *link = life->next;
        else
            link = &life->next;
    }
}

/* The weight of what is in the way. */
static uint64_t conflict(struct allocator *a, uint32_t host, const struct life *life)
{
    uint64_t weight = 0;
    uint32_t looked = 0;
    for (const struct life *other = a->held[host]; other != NULL; other = other->next) {
        if (++looked > HELD_MAX) /* lives full of holes: not worth the time */
            return UINT64_MAX;
        if (overlap(other->ranges, life->ranges))
            weight += other->weight;
    }
    return weight;
}

static uint64_t allowed_for(const struct allocator *a, const struct life *life)
{
    uint64_t allowed = a->allowed & ~life->forbidden;
    return life->crosses_call ? allowed & a->callee_saved : allowed;
}

/* The bits of positions from..to-1 that lie in `word`. */
static uint64_t bits_of(uint32_t from, uint32_t to, uint32_t word)
{
    uint64_t mask = UINT64_MAX;
    if (word == from / 64)
        mask <<= from % 64;
    if (word == (to - 1) / 64)
        mask &= UINT64_MAX >> (63 - (to - 1) % 64);
    return mask;
}

/* Sets or clears the bits of all ranges. */
static void mark_ranges(uint64_t *bits, const struct range *range, bool set)
{
    for (; range != NULL; range = range->next) {
        for (uint32_t word = range->from / 64; word <= (range->to - 1) / 64; word++) {
            uint64_t mask = bits_of(range->from, range->to, word);
            bits[word] = set ? bits[word] | mask : bits[word] & ~mask;
        }
    }
}

static bool is_free(const struct allocator *a, uint32_t host, const struct life *life)
{
    const uint64_t *bits = a->taken[host];
    if (bits == NULL)
        return true;
    for (const struct range *range = life->ranges; range != NULL; range = range->next) {
        for (uint32_t word = range->from / 64; word <= (range->to - 1) / 64; word++) {
            if ((bits[word] & bits_of(range->from, range->to, word)) != 0)
                return false;
        }
    }
    return true;
}

static void hold(struct allocator *a, uint32_t host, struct life *life)
{
    if (a->taken[host] == NULL)
        a->taken[host] = lower_alloc(a->f->pass, a->f->insn_count / 32 + 2, sizeof *a->taken[host]);
    if (a->taken[host] == NULL) {
        a->failed = true;
        return;
    }
    mark_ranges(a->taken[host], life->ranges, true);
    life->assigned = host;
    life->next = a->held[host];
    a->held[host] = life;
    a->f->saved |= (UINT64_C(1) << host) & a->callee_saved;
}

static void evict(struct allocator *a, uint32_t host, const struct life *life)
{
    struct life **link = &a->held[host];
    while (*link != NULL) {
        struct life *other = *link;
        if (!overlap(other->ranges, life->ranges)) {
            link = &other->next;
            continue;
        }
        *link = other->next;
        other->assigned = IR_NONE;
        mark_ranges(a->taken[host], other->ranges, false);
    }
}

/* Holds it if it is allowed and free. */
static bool try_host(struct allocator *a, struct life *life, uint32_t host, uint64_t allowed)
{
    if ((allowed >> host & 1) == 0 || !is_free(a, host, life))
        return false;
    hold(a, host, life);
    return true;
}

static bool take_hint(struct allocator *a, struct life *life, uint64_t allowed)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (life->hints[i] == IR_NONE)
            continue;
        ir_place host = a->lives[life->hints[i]].assigned;
        if (host < 64 && try_host(a, life, host, allowed))
            return true;
    }
    if (life->fixed_hint != 0 && try_host(a, life, life->fixed_hint - 1u, allowed))
        return true;
    /* Where the other end of a copy would like to be. */
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t wish = life->hints[i] == IR_NONE ? 0 : a->lives[life->hints[i]].fixed_hint;
        if (wish != 0 && try_host(a, life, wish - 1, allowed))
            return true;
    }
    return false;
}

/* Instead of others that are used less; else it stays without a register. */
static void take_from_others(struct allocator *a, struct life *life, uint64_t allowed)
{
    uint32_t cheapest = 64;
    uint64_t cheapest_weight = life->weight;
    for (uint32_t i = 0; i < a->order_count; i++) {
        uint32_t host = a->order[i];
        if ((allowed >> host & 1) == 0)
            continue;
        expire(a, host, life->ranges->from);
        uint64_t weight = conflict(a, host, life);
        if (weight < cheapest_weight) {
            cheapest = host;
            cheapest_weight = weight;
        }
    }
    if (cheapest == 64)
        return;
    evict(a, cheapest, life);
    hold(a, cheapest, life);
}

static void assign(struct allocator *a, struct life *life)
{
    uint64_t allowed = allowed_for(a, life);
    if (take_hint(a, life, allowed))
        return;
    for (uint32_t i = 0; i < a->order_count; i++)
        if (try_host(a, life, a->order[i], allowed))
            return;
    take_from_others(a, life, allowed);
}

/* What it costs to have it in a slot, for each position of a register that it takes. */
static void weigh(struct life *life)
{
    uint64_t length = 0;
    for (const struct range *range = life->ranges; range != NULL; range = range->next)
        length += range->to - range->from;
    life->weight = life->weight * WEIGHT_SCALE / (length + LENGTH_LEAST);
}

/* Lives in the order of their beginnings. */
static int scan(struct allocator *a, struct life ***sorted_out, uint32_t *count_out)
{
    struct lower *f = a->f;
    uint32_t *start = lower_alloc(f->pass, 2 * f->insn_count + 3, sizeof *start);
    struct life **sorted = lower_alloc(f->pass, f->place_count + 1, sizeof(struct life *));
    if (start == NULL || sorted == NULL)
        return -ENOMEM;
    uint32_t count = 0;
    for (ir_place p = 0; p < f->place_count; p++) {
        if (a->lives[p].ranges != NULL) {
            start[a->lives[p].ranges->from + 1]++;
            count++;
        }
    }
    for (uint32_t i = 1; i < 2 * f->insn_count + 3; i++)
        start[i] += start[i - 1];
    for (ir_place p = 0; p < f->place_count; p++) {
        if (a->lives[p].ranges != NULL)
            sorted[start[a->lives[p].ranges->from]++] = &a->lives[p];
    }
    *sorted_out = sorted;
    *count_out = count;
    return 0;
}

/* Slots are shared by lives that do not overlap (from first to last position). */
static int assign_slots(struct allocator *a, struct life **sorted, const uint32_t *begins,
                        uint32_t count)
{
    enum { SLOT_MAX = 512 };
    struct lower *f = a->f;
    uint32_t *free_at = NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct life *life = sorted[i];
        if (life->assigned != IR_NONE)
            continue;
        if (free_at == NULL)
            free_at = lower_alloc_raw(f->pass, SLOT_MAX, sizeof *free_at);
        if (free_at == NULL)
            return -ENOMEM;
        uint32_t slot = 0;
        while (slot < f->spill_count && free_at[slot] > begins[i])
            slot++;
        if (slot == SLOT_MAX)
            return bpf_error_set(f->error, -E2BIG, BPF_ERROR_NO_OFFSET,
                                 "too many values at once for this machine's registers");
        if (slot == f->spill_count)
            f->spill_count++;
        free_at[slot] = life->end;
        life->assigned = IR_SLOT(slot);
    }
    return 0;
}

static void rewrite(struct allocator *a)
{
    struct lower *f = a->f;
    for (uint32_t i = 0; i < f->insn_count; i++) {
        struct ir_insn *insn = &f->insns[i];
        ir_place *places[LOWER_SOURCE_MAX + 1];
        if (insn->op == IR_NOP)
            continue;
        uint32_t count = lower_sources(f, insn, places);
        if (insn->dst != IR_NONE)
            places[count++] = &insn->dst;
        for (uint32_t s = 0; s < count; s++)
            *places[s] = a->lives[*places[s]].assigned;
        if (insn->op == IR_MOV && insn->a == insn->dst && insn->size == 8)
            insn->op = IR_NOP;
    }
    for (uint32_t i = 0; i < IR_ARG_COUNT; i++) {
        if (f->params[i] != IR_NONE)
            f->params[i] = a->lives[f->params[i]].assigned;
    }
}

static int prepare(struct allocator *a)
{
    struct lower *f = a->f;
    const struct bpf_jit_target *target = f->target;
    a->lives = lower_alloc(f->pass, f->place_count + 1, sizeof *a->lives);
    a->live = lower_alloc(f->pass, f->place_count + 1, sizeof *a->live);
    a->live_index = lower_alloc(f->pass, f->place_count + 1, sizeof *a->live_index);
    a->until = lower_alloc(f->pass, f->place_count + 1, sizeof *a->until);
    if (a->lives == NULL || a->live == NULL || a->live_index == NULL || a->until == NULL)
        return -ENOMEM;
    for (ir_place p = 0; p < f->place_count; p++) {
        a->lives[p].place = p;
        a->lives[p].assigned = a->lives[p].hints[0] = a->lives[p].hints[1] = IR_NONE;
    }
    for (uint32_t i = 0; i < target->caller_saved_count; i++) {
        a->order[a->order_count++] = target->caller_saved[i];
        a->allowed |= UINT64_C(1) << target->caller_saved[i];
    }
    for (uint32_t i = 0; i < target->callee_saved_count; i++) {
        a->order[a->order_count++] = target->callee_saved[i];
        a->callee_saved |= UINT64_C(1) << target->callee_saved[i];
    }
    a->allowed |= a->callee_saved;
    return 0;
}

int lower_allocate(struct lower *f)
{
    struct allocator a = { .f = f };
    int err = prepare(&a);
    if (err)
        return err;
    for (uint32_t block = f->block_count; block-- != 0;)
        walk_block(&a, block);
    struct life **sorted = NULL;
    uint32_t count = 0;
    err = a.failed ? -ENOMEM : scan(&a, &sorted, &count);
    if (err)
        return err;
    uint32_t *begins = lower_alloc(f->pass, count + 1, sizeof *begins);
    if (begins == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        begins[i] = sorted[i]->ranges->from;
        weigh(sorted[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        assign(&a, sorted[i]);
    if (a.failed)
        return -ENOMEM;
    err = assign_slots(&a, sorted, begins, count);
    if (err)
        return err;
    rewrite(&a);
    return 0;
}
