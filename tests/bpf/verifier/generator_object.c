/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements with objects of the kernel that live on the stack: iterators.
 *
 * Their places lie below what other statements use of a frame; now and then one is put where those
 * write. What is acquired is given back on every way, or now and then not. */
#include "generator_inside.h"

void call_kfunc(struct generator *g, enum generated_kfunc kfunc)
{
    call_helper(g, generated_kfunc_id(kfunc));
    if (g->out->insn_count < GENERATED_INSN_MAX)
        g->out->insns[g->out->insn_count - 1].src_reg = BPF_CALL_BTF_ID;
}

uint32_t jump_on(struct generator *g, uint32_t opcode, uint32_t r, int64_t value)
{
    emit(g, BPF_JMP | opcode, r, 0, 0, value);
    return g->out->insn_count - 1;
}

void lands_here(struct generator *g, uint32_t jump)
{
    g->out->insns[jump].offset = (int16_t)(g->out->insn_count - jump - 1);
}

/* --- Iterators
 * ---------------------------------------------------------------------------------------------------------- */

#define ITERATOR_PLACE (-64) /* of the outermost; the next lie below */
#define ITERATOR_DEPTH 2

static void place_of(struct generator *g, int32_t place, bool in_caller)
{
    if (in_caller)
        caller_address(g, 1, place - 128); /* below the caller's own */
    else
        stack_address(g, 1, place);
}

/* What the next calls do: each is wrong now and then. */
static void on_iterator(struct generator *g, int32_t place, bool in_caller,
                        enum generated_kfunc kfunc)
{
    place_of(g, one_in(g, 200) ? place + 8 - (int32_t)pick(g, 17) : place, in_caller);
    call_kfunc(g, kfunc);
}

static void new_iterator(struct generator *g, int32_t place, bool in_caller)
{
    int64_t first = one_in(g, 4) ? number(g) : pick(g, 5);
    if (one_in(g, 6)) {
        move(g, 3, reg_of(g, K_NUMBER));
        if (one_in(g, 2))
            bound(g, 3, 32);
    } else {
        set(g, 3, first + (one_in(g, 8) ? number(g) : pick(g, 12)));
    }
    place_of(g, place, in_caller);
    set(g, 2, first);
    call_kfunc(g, GENERATED_KFUNC_iter_num_new);
}

#define KEPT \
    (-40) /* where a pointer to the last element is kept, or to a value if there was none */

/* Between R0 = next() and the next round. */
static void use_element(struct generator *g, bool keeps)
{
    uint32_t dst = 1 + pick(g, 4);
    if (keeps)
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, KEPT, 0);
    if (one_in(g, 40)) {
        uses(g, GENERATED_iterator_wrong);
        emit(g, one_in(g, 2) ? BPF_ST | BPF_MEM | BPF_W : BPF_LDX | BPF_MEM | BPF_DW, 0, 0, 0, 0);
        return;
    }
    if (one_in(g, 6)) {
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, -8, 0);
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, -8, 0);
        emit(g, BPF_LDX | BPF_MEM | BPF_H, dst, 5, 2 * (int32_t)pick(g, 2), 0);
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 5);
    } else {
        emit(g, BPF_LDX | (one_in(g, 4) ? BPF_MEMSX : BPF_MEM) | BPF_W, dst, 0, 0, 0);
    }
    set_number(g, dst);
}

void same_as_before(struct generator *g, const enum kind kinds[], const uint32_t sizes[])
{
    if (kinds[6] == K_NUMBER && g->kinds[6] != K_NUMBER)
        load_any(g, 6);
    if (kinds[7] == K_VALUE && (g->kinds[7] != K_VALUE || g->sizes[7] < sizes[7])) {
        emit(g, BPF_LDDW, 7, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_BSS);
        emit(g, 0, 0, 0, 0, 0);
    }
    g->kinds[6] = kinds[6];
    g->kinds[7] = kinds[7];
    g->sizes[7] = sizes[7];
}

static void iterate(struct generator *g)
{
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT], leaves[2] = { 0, 0 };
    if (g->iterator_depth == ITERATOR_DEPTH || g->patch_count > 0) {
        helper(g);
        return;
    }
    bool wrong = one_in(g, g->careful ? 20 : 10), keeps = g->kinds[7] == K_VALUE && one_in(g, 12);
    bool in_caller = g->kinds[6] == K_STACK && one_in(g, 4);
    int32_t place = ITERATOR_PLACE - 8 * (int32_t)g->iterator_depth;
    if (wrong && one_in(g, 3))
        place = -32;
    uses(g, g->iterator_depth > 0 ? GENERATED_iterator_nested : GENERATED_iterator);
    if (keeps)
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 7, KEPT, 0);
    new_iterator(g, place, in_caller);
    memcpy(kinds, g->kinds, sizeof kinds);
    memcpy(sizes, g->sizes, sizeof sizes);
    uint32_t head = g->out->insn_count;
    on_iterator(g, place, in_caller, GENERATED_KFUNC_iter_num_next);
    uint32_t drained = jump_on(g, BPF_JEQ, 0, 0);
    g->kinds[0] = K_UNSET;
    use_element(g, keeps);
    g->depth++;
    g->open++;
    g->iterator_depth++;
    statements(g, 1 + pick(g, 2));
    if (one_in(g, 3)) {
        uses(g, GENERATED_iterator_left);
        leaves[0] = jump_on(g, one_in(g, 2) ? BPF_JEQ : BPF_JGT, reg_of(g, K_NUMBER), number(g));
        if (one_in(g, 2))
            statements(g, 1);
    }
    g->depth--;
    g->open--;
    g->iterator_depth--;
    same_as_before(g, kinds, sizes);
    emit(g, BPF_JMP | BPF_JA, 0, 0, (int32_t)head - (int32_t)g->out->insn_count - 1, 0);
    lands_here(g, drained);
    if (leaves[0] != 0 && !(wrong && one_in(g, 2)))
        lands_here(g, leaves[0]), leaves[0] = 0;
    if (wrong) { /* not given up on some way, or twice */
        uses(g, GENERATED_iterator_wrong);
        if (one_in(g, 3))
            on_iterator(g, place, in_caller, GENERATED_KFUNC_iter_num_next);
        else if (one_in(g, 2))
            leaves[1] = jump_on(g, BPF_JGT, reg_of(g, K_NUMBER), number(g));
        else
            on_iterator(g, place, in_caller, GENERATED_KFUNC_iter_num_destroy);
    }
    on_iterator(g, place, in_caller, GENERATED_KFUNC_iter_num_destroy);
    for (uint32_t i = 0; i < 2; i++)
        if (leaves[i] != 0)
            lands_here(g, leaves[i]);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    g->kinds[6] = kinds[6];
    if (keeps) {
        if (one_in(g, 3)) { /* it is gone */
            emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, KEPT, 0);
            emit(g, BPF_LDX | BPF_MEM | BPF_W, 5, 5, 0, 0);
        }
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, KEPT, 1);
    }
    load_any(g, 0);
}

void kernel_object(struct generator *g)
{
    static const struct {
        uint32_t flag;
        void (*make)(struct generator *g);
    } kinds[] = {
        { GENERATE_ITERATORS, iterate },
        { GENERATE_DYNPTRS, dynptr },
        { GENERATE_SPECIAL, special },
    };
    if ((g->flags & GENERATE_OWN) != 0 && has_packets(g) && !one_in(g, 3)) {
        own_or_other(g);
        return;
    }
    uint32_t which = has_packets(g) && one_in(g, 3) ? 2 : pick(g, 3);
    while ((g->flags & kinds[which].flag) == 0)
        which = (which + 1) % 3;
    kinds[which].make(g);
}
