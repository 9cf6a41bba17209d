/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements that leave the program altogether (bpf_throw()) or come later (work), and iterators over bits and tasks. */
#include "generator_inside.h"

/* --- Exceptions
 * ---------------------------------------------------------------------------------------------------------- */

static bool is_callback(const struct generator *g)
{
    return g->function == FUNCTION_LOOP || g->function == FUNCTION_EACH || g->function == FUNCTION_TIMER;
}

void throw_here(struct generator *g)
{
    if (is_callback(g) && !one_in(g, 12)) {
        helper(g);
        return;
    }
    uses(g, GENERATED_throw);
    uint32_t skips = jump_on(g, one_in(g, 2) ? BPF_JGT : BPF_JSLT, reg_of(g, K_NUMBER), number(g));
    if (one_in(g, 3))
        move(g, 1, reg_of(g, K_NUMBER));
    else
        set(g, 1, number(g));
    call_kfunc(g, GENERATED_KFUNC_throw);
    lands_here(g, skips);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
}

static void throw_somewhere(struct generator *g)
{
    if ((g->held != K_UNSET || g->open > 0) && !one_in(g, 12)) {
        helper(g);
    } else if (one_in(g, 8)) { /* in a read section */
        call_kfunc(g, GENERATED_KFUNC_rcu_read_lock);
        throw_here(g);
        call_kfunc(g, GENERATED_KFUNC_rcu_read_unlock);
        g->kinds[0] = K_UNSET;
    } else {
        throw_here(g);
    }
}

/* --- Iterators
 * ---------------------------------------------------------------------------------------------------------- */

#define PLACE (-208) /* of at most 24 bytes */

struct iterator {
    enum generated_kfunc first; /* new, next, destroy */
    bool tasks, wrong;
};

static void on_iterator(struct generator *g, const struct iterator *it, uint32_t which)
{
    bool other = it->wrong && one_in(g, 12);
    stack_address(g, 1, it->wrong && one_in(g, 12) ? PLACE + 8 : PLACE);
    call_kfunc(g, other ? GENERATED_KFUNC_iter_num_new + (enum generated_kfunc)which
                        : it->first + (enum generated_kfunc)which);
}

static void new_iterator(struct generator *g, const struct iterator *it)
{
    if (it->tasks) {
        set(g, 2, 0);
        set(g, 3, pick(g, 3));
    } else {
        stack_address(g, 2, -40);
        set(g, 3, 1 + pick(g, 3));
    }
    on_iterator(g, it, 0);
}

static void use_element(struct generator *g, const struct iterator *it)
{
    if (!it->tasks) {
        emit(g, BPF_LDX | BPF_MEM | (it->wrong && one_in(g, 6) ? BPF_DW : BPF_W), 4, 0, 0, 0);
        set_number(g, 4);
        return;
    }
    emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, GENERATED_SEEN_SLOT, 0);
    emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, GENERATED_SEEN_SLOT, 0);
    emit(g, BPF_LDX | BPF_MEM | BPF_W, 4, 5, one_in(g, 2) ? 0 : 4, 0);
    set_number(g, 4);
    if (!one_in(g, 3))
        return;
    emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 10, GENERATED_SEEN_SLOT, 0);
    call_kfunc(g, GENERATED_KFUNC_task_acquire);
    uint32_t none = jump_on(g, BPF_JEQ, 0, 0);
    move(g, 1, 0);
    call_kfunc(g, GENERATED_KFUNC_task_release);
    lands_here(g, none);
    g->kinds[0] = K_UNSET;
}

/* The rounds, inside a read section where it is over tasks. */
static void iterate(struct generator *g)
{
    struct iterator it = { .tasks = one_in(g, 2), .wrong = one_in(g, 4) };
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT];
    bool section = it.tasks && !(it.wrong && one_in(g, 3));
    it.first = it.tasks ? GENERATED_KFUNC_iter_task_new : GENERATED_KFUNC_iter_bits_new;
    uses(g, it.tasks ? GENERATED_iterator_tasks : GENERATED_iterator_bits);
    if (section)
        call_kfunc(g, GENERATED_KFUNC_rcu_read_lock);
    new_iterator(g, &it);
    bool left = section && it.wrong && one_in(g, 3);
    if (left)
        call_kfunc(g, GENERATED_KFUNC_rcu_read_unlock);
    memcpy(kinds, g->kinds, sizeof kinds);
    memcpy(sizes, g->sizes, sizeof sizes);
    uint32_t head = g->out->insn_count;
    on_iterator(g, &it, 1);
    uint32_t drained = it.wrong && one_in(g, 6) ? 0 : jump_on(g, BPF_JEQ, 0, 0);
    g->kinds[0] = K_UNSET;
    use_element(g, &it);
    if (!section) {
        g->depth++;
        g->open++;
        statements(g, 1);
        g->open--;
        g->depth--;
    }
    same_as_before(g, kinds, sizes);
    emit(g, BPF_JMP | BPF_JA, 0, 0, (int32_t)head - (int32_t)g->out->insn_count - 1, 0);
    if (drained != 0)
        lands_here(g, drained);
    bool early = !left && section && it.wrong && one_in(g, 3);
    if (early)
        call_kfunc(g, GENERATED_KFUNC_rcu_read_unlock);
    if (!(it.wrong && one_in(g, 6)))
        on_iterator(g, &it, 2);
    if (section && it.wrong && one_in(g, 3)) { /* the last element, or another's */
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 10, GENERATED_SEEN_SLOT, 0);
        emit(g, BPF_LDX | BPF_MEM | BPF_W, 4, 1, 0, 0);
    }
    if (section && !early && !left)
        call_kfunc(g, GENERATED_KFUNC_rcu_read_unlock);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
}

/* --- Work
 * ---------------------------------------------------------------------------------------------------------------- */

#define WORK (-192) /* where the pointer to it is spilled */

static void work_address(struct generator *g)
{
    emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 10, WORK, 0);
    if (one_in(g, 60))
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, 8);
}

static void work(struct generator *g)
{
    uses(g, GENERATED_work);
    look_up_own(g);
    uint32_t none = jump_on(g, BPF_JEQ, 0, 0);
    emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 0, 0, 0, GENERATOR_WORK_AT);
    emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, WORK, 0);
    work_address(g);
    emit(g, BPF_LDDW, 2, BPF_PSEUDO_MAP_IDX, 0, one_in(g, 24) ? GENERATOR_SPECIAL : GENERATOR_OWN);
    emit(g, 0, 0, 0, 0, 0);
    set(g, 3, 0);
    call_kfunc(g, GENERATED_KFUNC_wq_init);
    work_address(g);
    load_function(g, 2, FUNCTION_WORK);
    set(g, 3, 0);
    set(g, 4, 0);
    call_kfunc(g, GENERATED_KFUNC_wq_set_callback_impl);
    if (one_in(g, 2)) {
        work_address(g);
        set(g, 2, 0);
        call_kfunc(g, GENERATED_KFUNC_wq_start);
    }
    lands_here(g, none);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
}

/* --- One of them, or own objects
 * --------------------------------------------------------------------------------------------- */

void own_or_other(struct generator *g)
{
    bool free = g->function == FUNCTION_MAIN && g->patch_count == 0 && g->held == K_UNSET && !g->has_own;
    uint32_t which = pick(g, 8);
    if (which == 0 && free && g->iterator_depth == 0)
        iterate(g);
    else if (which == 1 && free && g->call_count <= 8)
        work(g);
    else if (which == 2)
        throw_somewhere(g);
    else
        own(g);
}

/* --- The functions of it
 * --------------------------------------------------------------------------------------------------------- */

static void direct_bss(struct generator *g, uint32_t dst)
{
    emit(g, BPF_LDDW, dst, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_BSS);
    emit(g, 0, 0, 0, 0, 0);
    g->kinds[dst] = K_VALUE;
    g->sizes[dst] = 64;
}

/* R1 is a map, R2 a key and R3 a value, of which some bytes are plain; nothing of whoever set the timer. */
void begin_timer(struct generator *g)
{
    int32_t at = one_in(g, 12) ? (int32_t)pick(g, 8) * 8 : GENERATOR_PLAIN_AT + 8 * (int32_t)pick(g, 4);
    if (g->function == FUNCTION_WORK)
        at = GENERATOR_OWN_PLAIN_AT + 8 * (int32_t)pick(g, one_in(g, 12) ? 3 : 2);
    if (one_in(g, 2))
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 3, 0, at, number(g));
    else
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 0, 3, at, 0);
    emit(g, BPF_LDX | BPF_MEM | BPF_W, 1, 2, 0, 0);
    direct_bss(g, 7);
    load_any(g, 0);
    load_any(g, 6);
    set_number(g, 1);
}

/* R1 is what was thrown. */
void on_exception(struct generator *g)
{
    uses(g, GENERATED_exception_callback);
    g->out->has_callback = true;
    set_number(g, 1);
    move(g, 0, 1);
    set_number(g, 0);
    alu(g);
    finish(g);
}
