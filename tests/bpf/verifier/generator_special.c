/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements with locks, timers and kernel pointers in the values of a map, and with tasks.
 *
 * Pointers to the value and to what was acquired lie below what other statements use of the stack, so that these go on
 * between. Under a lock there are only statements that do not call, or now and then one that does. */
#include "generator_inside.h"

#define VALUE (-120) /* where the pointer to the map's value is spilled */
#define OTHER (-128) /* to another value of the map, or the same */
#define TASK  GENERATED_TASK_SLOT
#define SEEN  GENERATED_SEEN_SLOT

/* include/uapi/linux/bpf.h */
enum { LOCK = 93, UNLOCK = 94, TIMER_INIT = 169, SET_CALLBACK, START, CANCEL, EXCHANGE = 194 };

static void spill(struct generator *g, int32_t at, uint32_t r)
{
    emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, r, at, 0);
}

/* A pointer to a value of the special map in the stack; returns the jump where there is none, 0 where that cannot be. */
static uint32_t find_value(struct generator *g, int32_t at, uint32_t *map)
{
    uint32_t leaves = 0;
    *map = one_in(g, 3) ? GENERATOR_SPECIAL_BSS : GENERATOR_SPECIAL;
    if (*map == GENERATOR_SPECIAL_BSS) {
        emit(g, BPF_LDDW, 0, BPF_PSEUDO_MAP_IDX_VALUE, 0, GENERATOR_SPECIAL_BSS);
        emit(g, 0, 0, 0, 0, 0);
    } else {
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -48, pick(g, 4));
        stack_address(g, 2, -48);
        emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_SPECIAL);
        emit(g, 0, 0, 0, 0, 0);
        call_helper(g, BPF_FUNC_map_lookup_elem);
        leaves = jump_on(g, BPF_JEQ, 0, 0);
    }
    spill(g, at, 0);
    return leaves;
}

/* --- Locks
 * -------------------------------------------------------------------------------------------------------------- */

static void on_lock(struct generator *g, int32_t at, int32_t id)
{
    reload(g, 1, at, GENERATOR_LOCK_AT + (one_in(g, 100) ? 4 : 0));
    call_helper(g, id);
}

static void under_lock(struct generator *g, bool wrong)
{
    static void (*const calm[])(struct generator * g) = { alu, alu_other, access_object,
                                                          access_stack, half_known };
    reload(g, 3, VALUE, 0);
    emit(g, BPF_ST | BPF_MEM | BPF_DW, 3, 0,
         one_in(g, 24) ? 0 : GENERATOR_PLAIN_AT + 8 * (int32_t)pick(g, 4), number(g));
    for (uint32_t count = pick(g, 3); count > 0; count--)
        calm[pick(g, sizeof calm / sizeof calm[0])](g);
    if (wrong && one_in(g, 3))
        call_helper(g, BPF_FUNC_ktime_get_ns);
}

static void with_lock(struct generator *g)
{
    bool wrong = one_in(g, 5), two = one_in(g, 3);
    uint32_t leaves[3] = { 0, 0, 0 }, map;
    uses(g, two ? GENERATED_lock_other : GENERATED_lock);
    leaves[0] = find_value(g, VALUE, &map);
    if (two)
        leaves[1] = find_value(g, OTHER, &map);
    on_lock(g, VALUE, LOCK);
    set_number(g, 0);
    emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, number(g));
    g->open++;
    under_lock(g, wrong);
    g->open--;
    if (wrong) {
        uses(g, GENERATED_lock_wrong);
        if (one_in(g, 2))
            leaves[2] = jump_on(g, BPF_JGT, reg_of(g, K_NUMBER), number(g));
        else if (one_in(g, 2))
            on_lock(g, VALUE, one_in(g, 2) ? LOCK : UNLOCK);
    }
    on_lock(g, two && one_in(g, 4) ? OTHER : VALUE, UNLOCK);
    if (two && one_in(g, 2)) {
        on_lock(g, OTHER, LOCK);
        on_lock(g, OTHER, UNLOCK);
    }
    for (uint32_t i = 0; i < 3; i++)
        if (leaves[i] != 0)
            lands_here(g, leaves[i]);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
}

/* --- Timers
 * ------------------------------------------------------------------------------------------------------------- */

static void with_timer(struct generator *g)
{
    uint32_t map, none = find_value(g, VALUE, &map);
    uses(g, GENERATED_timer);
    reload(g, 1, VALUE, GENERATOR_TIMER_AT + (one_in(g, 60) ? 8 : 0));
    emit(g, BPF_LDDW, 2, BPF_PSEUDO_MAP_IDX, 0, one_in(g, 24) ? GENERATOR_SPECIAL : map);
    emit(g, 0, 0, 0, 0, 0);
    set(g, 3, pick(g, 3));
    call_helper(g, TIMER_INIT);
    reload(g, 1, VALUE, GENERATOR_TIMER_AT);
    load_function(g, 2, FUNCTION_TIMER);
    call_helper(g, SET_CALLBACK);
    if (one_in(g, 2)) {
        move(g, 2, reg_of(g, K_NUMBER));
        reload(g, 1, VALUE, GENERATOR_TIMER_AT);
        set(g, 3, 0);
        call_helper(g, START);
    }
    if (one_in(g, 4)) {
        reload(g, 1, VALUE, GENERATOR_TIMER_AT);
        call_helper(g, CANCEL);
    }
    if (none != 0)
        lands_here(g, none);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
}

/* --- Tasks
 * -------------------------------------------------------------------------------------------------------------- */

/* Some member of the task that the stack points to. */
static void look_at(struct generator *g, int32_t at)
{
    static const struct {
        uint8_t size;
        int8_t offset;
    } members[] = { { BPF_W, 0 }, { BPF_W, 4 }, { BPF_DW, 16 }, { BPF_DW, GENERATED_TASK_LEADER } };
    uint32_t which = pick(g, 4);
    reload(g, 5, at, 0);
    emit(g, BPF_LDX | BPF_MEM | members[which].size, 4, 5, members[which].offset, 0);
    if (members[which].offset != GENERATED_TASK_LEADER) {
        set_number(g, 4);
        return;
    }
    emit(g, BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 1, 0);
    emit(g, BPF_LDX | BPF_MEM | BPF_W, 4, 4, 4, 0);
}

static void release(struct generator *g, int32_t at)
{
    reload(g, 1, at, one_in(g, 60) ? 8 : 0);
    call_kfunc(g, GENERATED_KFUNC_task_release);
}

/* One more reference to a task that the stack points to, given up at once. */
static void acquire_more(struct generator *g, int32_t at)
{
    uses(g, GENERATED_task_acquired);
    reload(g, 1, at, 0);
    call_kfunc(g, GENERATED_KFUNC_task_acquire);
    uint32_t none = jump_on(g, BPF_JEQ, 0, 0);
    move(g, 1, 0);
    call_kfunc(g, GENERATED_KFUNC_task_release);
    lands_here(g, none);
}

/* What is in the map's value now: a task that is there until the read section ends. */
static void look_into_map(struct generator *g, bool wrong)
{
    bool section = one_in(g, 3), after = section && one_in(g, 2);
    uses(g, GENERATED_kptr_looked_at);
    if (section)
        call_kfunc(g, GENERATED_KFUNC_rcu_read_lock);
    reload(g, 3, VALUE, 0);
    emit(g, BPF_LDX | BPF_MEM | (one_in(g, 40) ? BPF_W : BPF_DW), 0, 3, GENERATOR_KPTR_AT, 0);
    uint32_t none = one_in(g, 30) ? 0 : jump_on(g, BPF_JEQ, 0, 0);
    spill(g, SEEN, 0);
    look_at(g, SEEN);
    if (one_in(g, 2))
        acquire_more(g, SEEN);
    if (wrong && one_in(g, 2))
        release(g, SEEN);
    if (after) {
        uint32_t skips = wrong && one_in(g, 3) ? jump_on(g, BPF_JGT, 4, 7) : 0;
        call_kfunc(g, GENERATED_KFUNC_rcu_read_unlock);
        if (skips != 0)
            lands_here(g, skips);
        uses(g, GENERATED_kptr_after_section);
        look_at(g, SEEN);
        if (wrong)
            acquire_more(g, SEEN);
        uint32_t over = jump_on(g, BPF_JA, 0, 0);
        if (none != 0)
            lands_here(g, none);
        call_kfunc(g, GENERATED_KFUNC_rcu_read_unlock);
        lands_here(g, over);
        return;
    }
    if (none != 0)
        lands_here(g, none);
    if (section)
        call_kfunc(g, GENERATED_KFUNC_rcu_read_unlock);
}

static void exchange(struct generator *g, bool wrong)
{
    uses(g, GENERATED_kptr_exchanged);
    reload(g, 1, VALUE, GENERATOR_KPTR_AT);
    reload(g, 2, TASK, 0);
    call_helper(g, EXCHANGE);
    if (wrong && one_in(g, 3))
        look_at(g, TASK);
    uint32_t none = jump_on(g, BPF_JEQ, 0, 0);
    move(g, 1, 0);
    call_kfunc(g, GENERATED_KFUNC_task_release);
    lands_here(g, none);
}

static void with_task(struct generator *g)
{
    bool wrong = one_in(g, 6);
    uint32_t no_value, no_task, skips = 0, map;
    uses(g, GENERATED_task);
    no_value = find_value(g, VALUE, &map);
    if (one_in(g, 2))
        look_into_map(g, wrong);
    set(g, 1, pick(g, 9));
    call_kfunc(g, GENERATED_KFUNC_task_from_pid);
    no_task = jump_on(g, BPF_JEQ, 0, 0);
    spill(g, TASK, 0);
    g->kinds[0] = K_UNSET;
    g->open++;
    g->depth++;
    look_at(g, TASK);
    if (one_in(g, 3))
        acquire_more(g, TASK);
    if (one_in(g, 2))
        statements(g, 1);
    g->open--;
    g->depth--;
    if (wrong) {
        uses(g, GENERATED_task_wrong);
        if (one_in(g, 3))
            skips = jump_on(g, BPF_JGT, reg_of(g, K_NUMBER), number(g));
    }
    bool exchanged = one_in(g, 2);
    if (exchanged)
        exchange(g, wrong);
    if (!exchanged || (wrong && one_in(g, 2)))
        release(g, TASK);
    if (wrong && one_in(g, 3))
        look_at(g, TASK);
    lands_here(g, no_task);
    if (no_value != 0)
        lands_here(g, no_value);
    if (skips != 0)
        lands_here(g, skips);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
}

void special(struct generator *g)
{
    if (!has_packets(g) || g->has_special || g->patch_count > 0 || g->held != K_UNSET) {
        helper(g);
        return;
    }
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT];
    memcpy(kinds, g->kinds, sizeof kinds);
    memcpy(sizes, g->sizes, sizeof sizes);
    g->has_special = true;
    uint32_t which = pick(g, 5);
    if (which == 0 && g->function == FUNCTION_MAIN && g->call_count <= 10)
        with_timer(g);
    else if (which <= 2)
        with_lock(g);
    else
        with_task(g);
    g->has_special = false;
    same_as_before(g, kinds, sizes);
}
