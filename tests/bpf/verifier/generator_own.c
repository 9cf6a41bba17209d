/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements with objects of the program's own: made and dropped, counted, put into lists and trees under their lock and taken
 * out again, exchanged into a map's value.
 *
 * Pointers to a few objects lie in slots of the stack, below what other statements use; the generator knows of each whether it
 * is owned, borrowed until the lock is given up, or stale. What may have failed leaves at once, by way of code that gives up
 * all that is held there. Mostly each step fits; a statement that is wrong takes any slot, list and node now and then. */
#include "generator_inside.h"

#define VALUE     (-152) /* where the pointer to the map's value is spilled */
#define SLOT(n)   (-160 - 8 * (int32_t)(n))
#define SLOTS     3
#define OTHER     (-184) /* to another value, or the same */
#define LEAVES    14
#define INSN_MOST 250

/* Whose lock it is: an object's in a slot, or */
enum { OF_VALUE = SLOTS, OF_OTHER };

/* include/uapi/linux/bpf.h */
enum { LOCK = 93, UNLOCK = 94, EXCHANGE = 194 };

enum hold { EMPTY, OWNED, BORROWED, STALE };

/* What a statement that is wrong does wrong, mostly where it can. */
enum misdeed {
    ANY_TYPE,
    NOT_DROPPED,
    COUNTED_NOT_DROPPED,
    NULL_UNCHECKED,
    STALE_LOOKED_AT,
    STALE_DROPPED,
    EXCHANGED_KEPT,
    DROPPED_INSIDE,
    DROPPED_UNDER_LOCK,
    MADE_OF_NO_STRUCT,
    NO_PLAIN_BYTES,
    OTHER_ROOT,
    OTHER_NODE,
    OTHER_LOCK,
    LOCK_KEPT,
    THROWN,
    MISDEED_COUNT
};

struct own {
    enum hold holds[SLOTS];
    enum generated_own types[SLOTS];
    bool locked, wrong;
    enum misdeed misdeed;
    bool two; /* values of the map */
    uint32_t holder;
    uint32_t leaves[LEAVES], leave_count;
};

static bool does(struct generator *g, const struct own *s, enum misdeed misdeed)
{
    return s->wrong && s->misdeed == misdeed && one_in(g, 2);
}

#define ANY       0xfu
#define ONE(type) (1u << GENERATED_##type)

/* A slot that holds this, of one of these types (bits); SLOTS: none does. */
static uint32_t find(struct generator *g, const struct own *s, enum hold hold, uint32_t types)
{
    uint32_t start = pick(g, SLOTS);
    if (does(g, s, ANY_TYPE))
        types = ANY;
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t slot = (start + i) % SLOTS;
        if (s->holds[slot] == hold && (hold == EMPTY || (types >> s->types[slot] & 1) != 0))
            return slot;
    }
    return SLOTS;
}

/* --- Giving up
 * ----------------------------------------------------------------------------------------------------------- */

static int32_t lock_place(const struct own *s)
{
    return s->holder < SLOTS ? SLOT(s->holder) : s->holder == OF_OTHER ? OTHER : VALUE;
}

static void unlock(struct generator *g, const struct own *s)
{
    reload(g, 1, lock_place(s), 0);
    call_helper(g, UNLOCK);
}

static void drop(struct generator *g, const struct own *s, uint32_t slot)
{
    reload(g, 1, SLOT(slot), does(g, s, DROPPED_INSIDE) ? 8 : 0);
    set(g, 2, 0);
    call_kfunc(g, GENERATED_KFUNC_obj_drop_impl);
}

static void give_all_up(struct generator *g, const struct own *s)
{
    if (s->locked && !does(g, s, LOCK_KEPT))
        unlock(g, s);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (s->holds[slot] == OWNED || (s->holds[slot] == STALE && does(g, s, STALE_DROPPED)))
            drop(g, s, slot);
}

/* R0 may be NULL: then all is over. */
static void leave_if_null(struct generator *g, struct own *s)
{
    if (does(g, s, NULL_UNCHECKED))
        return;
    uint32_t goes_on = jump_on(g, BPF_JNE, 0, 0);
    give_all_up(g, s);
    s->leaves[s->leave_count++] = jump_on(g, BPF_JA, 0, 0);
    lands_here(g, goes_on);
}

/* R0, less where its node lies. */
static void keep(struct generator *g, struct own *s, uint32_t slot, enum hold hold, enum generated_own type,
                 uint32_t node)
{
    leave_if_null(g, s);
    if (node != 0)
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 0, 0, 0, -(int64_t)node);
    emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, SLOT(slot), 0);
    s->holds[slot] = hold;
    s->types[slot] = type;
    if (hold == OWNED && does(g, s, NOT_DROPPED)) {
        s->holds[slot] = STALE;
        s->wrong = false; /* this once */
    }
}

/* --- At any time
 * --------------------------------------------------------------------------------------------------------- */

/* Where an object's plain bytes are. */
static int32_t plain_at(struct generator *g, enum generated_own type, bool wrong)
{
    static const uint8_t data[GENERATED_OWN_COUNT] = { 32, 40, 72, 24 };
    if (wrong)
        return 8 * (int32_t)pick(g, generated_own_types[type].size / 8 + 1);
    return one_in(g, 2) && type != GENERATED_HOLDER ? 0 : data[type];
}

static void look(struct generator *g, const struct own *s)
{
    uint32_t slot = pick(g, SLOTS);
    if (s->holds[slot] == EMPTY || (s->holds[slot] == STALE && !does(g, s, STALE_LOOKED_AT)))
        slot = find(g, s, OWNED, ANY);
    if (slot == SLOTS)
        return;
    int32_t at = plain_at(g, s->types[slot], does(g, s, NO_PLAIN_BYTES));
    reload(g, 5, SLOT(slot), 0);
    switch (pick(g, 3)) {
    case 0:
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 5, 0, at, number(g));
        break;
    case 1:
        emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, number(g));
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 5, 4, at, 0);
        break;
    default:
        emit(g, BPF_LDX | BPF_MEM | (one_in(g, 2) ? BPF_DW : BPF_W), 4, 5, at, 0);
        break;
    }
}

static void acquire(struct generator *g, struct own *s)
{
    uint32_t to = find(g, s, EMPTY, ANY), from = find(g, s, OWNED, ONE(COUNTED));
    if (from == SLOTS || (s->locked && one_in(g, 2)))
        from = find(g, s, BORROWED, ONE(COUNTED));
    if (from == SLOTS || to == SLOTS)
        return;
    uses(g, GENERATED_refcount);
    reload(g, 1, SLOT(from), 0);
    set(g, 2, 0);
    call_kfunc(g, GENERATED_KFUNC_refcount_acquire_impl);
    keep(g, s, to, OWNED, GENERATED_COUNTED, 0);
    if (does(g, s, COUNTED_NOT_DROPPED))
        s->holds[to] = STALE;
}

static void drop_one(struct generator *g, struct own *s)
{
    uint32_t slot = find(g, s, does(g, s, STALE_DROPPED) ? STALE : OWNED, ANY);
    if (slot == SLOTS)
        return;
    drop(g, s, slot);
    s->holds[slot] = s->wrong ? STALE : EMPTY;
}

/* --- Under the lock
 * ------------------------------------------------------------------------------------------------------ */

struct root {
    int32_t at;
    enum generated_own type;
    bool tree;
};

static struct root choose_root(struct generator *g, const struct own *s, bool tree)
{
    static const struct root lists[] = { { GENERATOR_ITEMS_AT, GENERATED_ITEM, false },
                                         { GENERATOR_COUNTED_AT, GENERATED_COUNTED, false } },
                             trees[] = { { GENERATOR_TREE_AT, GENERATED_TREE_ITEM, true },
                                         { GENERATOR_COUNTED_TREE_AT, GENERATED_COUNTED, true } };
    struct root root = tree ? trees[pick(g, 2)] : lists[pick(g, 2)];
    if (s->holder < SLOTS && !does(g, s, OTHER_ROOT))
        root = lists[0];
    if (does(g, s, OTHER_ROOT))
        root.at = GENERATOR_ITEMS_AT + 16 * (int32_t)pick(g, 4);
    return root;
}

static uint32_t node_of(const struct root *root)
{
    const struct generated_own_type *t = &generated_own_types[root->type];
    return root->tree ? t->tree_node : t->list_node;
}

static void root_address(struct generator *g, const struct own *s, const struct root *root)
{
    int32_t other = s->holder == OF_VALUE ? OTHER : VALUE;
    reload(g, 1, does(g, s, OTHER_LOCK) ? other : lock_place(s), root->at);
}

static void node_address(struct generator *g, const struct own *s, uint32_t slot, const struct root *root)
{
    const struct generated_own_type *t = &generated_own_types[GENERATED_COUNTED];
    uint32_t node = node_of(root);
    if (does(g, s, OTHER_NODE))
        node = node == t->list_node ? t->tree_node : t->list_node;
    reload(g, 2, SLOT(slot), (int32_t)node);
}

static void put_in(struct generator *g, struct own *s)
{
    bool tree = s->holder >= SLOTS && one_in(g, 2);
    struct root root = choose_root(g, s, tree);
    uint32_t slot = find(g, s, OWNED, 1u << root.type);
    if (slot == SLOTS)
        return;
    uses(g, root.tree ? GENERATED_tree : GENERATED_list);
    root_address(g, s, &root);
    node_address(g, s, slot, &root);
    if (root.tree) {
        load_function(g, 3, root.type == GENERATED_COUNTED ? FUNCTION_LESS_COUNTED : FUNCTION_LESS);
        set(g, 5, 0);
    } else {
        set(g, 3, 0);
    }
    set(g, 4, 0);
    call_kfunc(g, root.tree           ? GENERATED_KFUNC_rbtree_add_impl
                  : take(g) % 2 == 0 ? GENERATED_KFUNC_list_push_front_impl
                                     : GENERATED_KFUNC_list_push_back_impl);
    s->holds[slot] = does(g, s, STALE_DROPPED) ? OWNED : BORROWED;
}

static void take_from_list(struct generator *g, struct own *s)
{
    struct root root = choose_root(g, s, false);
    uint32_t slot = find(g, s, EMPTY, ANY);
    if (slot == SLOTS)
        return;
    uses(g, GENERATED_list);
    root_address(g, s, &root);
    call_kfunc(g, take(g) % 2 == 0 ? GENERATED_KFUNC_list_pop_front : GENERATED_KFUNC_list_pop_back);
    keep(g, s, slot, OWNED, root.type, node_of(&root));
}

static void look_at_first(struct generator *g, struct own *s)
{
    struct root root = choose_root(g, s, true);
    uint32_t slot = find(g, s, EMPTY, ANY);
    if (slot == SLOTS || !root.tree)
        return;
    uses(g, GENERATED_tree);
    root_address(g, s, &root);
    call_kfunc(g, GENERATED_KFUNC_rbtree_first);
    keep(g, s, slot, BORROWED, root.type, node_of(&root));
}

static void take_from_tree(struct generator *g, struct own *s)
{
    struct root root = choose_root(g, s, true);
    uint32_t from = find(g, s, BORROWED, 1u << root.type), to = find(g, s, EMPTY, ANY);
    if (!root.tree)
        return;
    if (from == SLOTS) {
        look_at_first(g, s);
        return;
    }
    uses(g, GENERATED_tree);
    root_address(g, s, &root);
    node_address(g, s, from, &root);
    call_kfunc(g, GENERATED_KFUNC_rbtree_remove);
    keep(g, s, to == SLOTS ? from : to, OWNED, root.type, node_of(&root));
}

static void under_lock(struct generator *g, struct own *s)
{
    static void (*const calm[])(struct generator *g) = { alu, alu_other, access_stack, half_known };
    if (does(g, s, DROPPED_UNDER_LOCK)) {
        drop_one(g, s);
        return;
    }
    switch (pick(g, 9)) {
    case 0:
    case 1:
    case 2:
        put_in(g, s);
        break;
    case 3:
        take_from_list(g, s);
        break;
    case 4:
        take_from_tree(g, s);
        break;
    case 5:
        acquire(g, s);
        break;
    case 6:
        set(g, 0, 1);
        set_number(g, 0);
        calm[pick(g, 4)](g);
        break;
    default:
        look(g, s);
        break;
    }
}

static void take_lock(struct generator *g, struct own *s)
{
    s->holder = OF_VALUE;
    if (one_in(g, 3))
        s->holder = find(g, s, OWNED, ONE(HOLDER)); /* of the map's value, if there is none */
    if (s->holder < SLOTS)
        uses(g, GENERATED_own_holder);
    else if (s->two && one_in(g, 2))
        s->holder = OF_OTHER;
    reload(g, 1, lock_place(s), 0);
    call_helper(g, LOCK);
    s->locked = true;
    for (uint32_t count = 1 + pick(g, 4); count > 0 && g->out->insn_count < INSN_MOST && s->leave_count + 2 < LEAVES;
         count--)
        under_lock(g, s);
    if (does(g, s, THROWN))
        throw_here(g);
    if (!does(g, s, LOCK_KEPT))
        unlock(g, s);
    s->locked = false;
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (s->holds[slot] == BORROWED)
            s->holds[slot] = one_in(g, 2) || s->wrong ? STALE : EMPTY;
}

/* --- Without it
 * ---------------------------------------------------------------------------------------------------------- */

static void make(struct generator *g, struct own *s)
{
    static const enum generated_own types[] = { GENERATED_ITEM, GENERATED_TREE_ITEM, GENERATED_COUNTED,
                                                GENERATED_COUNTED, GENERATED_HOLDER };
    enum generated_own type = types[pick(g, 5)];
    uint32_t slot = find(g, s, EMPTY, ANY);
    if (slot == SLOTS)
        return;
    set(g, 1, does(g, s, MADE_OF_NO_STRUCT) ? 1 + pick(g, 3) : (int64_t)generated_own_id(type));
    set(g, 2, 0);
    call_kfunc(g, GENERATED_KFUNC_obj_new_impl);
    keep(g, s, slot, OWNED, type, 0);
}

static void exchange(struct generator *g, struct own *s)
{
    uint32_t slot = find(g, s, OWNED, ONE(COUNTED));
    if (slot == SLOTS)
        return;
    uses(g, GENERATED_own_exchanged);
    reload(g, 1, VALUE, GENERATOR_OWN_KPTR_AT);
    reload(g, 2, SLOT(slot), 0);
    call_helper(g, EXCHANGE);
    s->holds[slot] = EMPTY;
    if (does(g, s, EXCHANGED_KEPT)) {
        s->holds[slot] = STALE;
        return;
    }
    keep(g, s, slot, OWNED, GENERATED_COUNTED, 0);
}

/* R0 = a value, or NULL. */
void look_up_own(struct generator *g)
{
    emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -48, pick(g, 3));
    stack_address(g, 2, -48);
    emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_OWN);
    emit(g, 0, 0, 0, 0, 0);
    call_helper(g, BPF_FUNC_map_lookup_elem);
}

static bool holds_some(const struct own *s)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (s->holds[slot] == OWNED)
            return true;
    return false;
}

static void step(struct generator *g, struct own *s)
{
    switch (pick(g, 12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        make(g, s);
        break;
    case 4:
        drop_one(g, s);
        break;
    case 5:
        look(g, s);
        break;
    case 6:
        acquire(g, s);
        break;
    case 7:
        exchange(g, s);
        break;
    case 8:
        if (!holds_some(s) || does(g, s, THROWN))
            throw_here(g);
        else
            statements(g, 1);
        break;
    default:
        take_lock(g, s);
        break;
    }
}

static void find_value(struct generator *g, struct own *s, int32_t at)
{
    look_up_own(g);
    leave_if_null(g, s);
    emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, at, 0);
}

void own(struct generator *g)
{
    struct own s = { .wrong = one_in(g, 3), .holder = OF_VALUE };
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT];
    if (g->has_own || g->patch_count > 0 || g->held != K_UNSET || g->function == FUNCTION_INNER ||
        g->function == FUNCTION_TIMER || g->call_count > 8 || g->out->insn_count > INSN_MOST - 80) {
        helper(g);
        return;
    }
    memcpy(kinds, g->kinds, sizeof kinds);
    memcpy(sizes, g->sizes, sizeof sizes);
    uses(g, GENERATED_own);
    if (s.wrong) {
        uses(g, GENERATED_own_wrong);
        s.misdeed = (enum misdeed)pick(g, MISDEED_COUNT);
    }
    s.two = one_in(g, 4) || (s.wrong && s.misdeed == OTHER_LOCK);
    find_value(g, &s, VALUE);
    if (s.two)
        find_value(g, &s, OTHER);
    g->has_own = true;
    g->depth++;
    g->open++;
    make(g, &s);
    for (uint32_t count = 2 + pick(g, 5); count > 0 && g->out->insn_count < INSN_MOST && s.leave_count + 6 < LEAVES;
         count--)
        step(g, &s);
    g->open--;
    g->depth--;
    g->has_own = false;
    give_all_up(g, &s);
    for (uint32_t i = 0; i < s.leave_count; i++)
        lands_here(g, s.leaves[i]);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    load_any(g, 0);
    same_as_before(g, kinds, sizes);
}

/* --- The function that compares
 * ------------------------------------------------------------------------------------------------ */

/* R1 and R2 are two nodes. */
void compare(struct generator *g, enum generated_own type)
{
    int32_t node = (int32_t)generated_own_types[type].tree_node;
    int32_t at = (one_in(g, 2) ? 0 : type == GENERATED_COUNTED ? 72 : 40) - node;
    if (one_in(g, 40))
        at = 8 * ((int32_t)pick(g, 12) - 6);
    if (one_in(g, 3)) {
        emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -node);
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 3, 1, at + node, 0);
    } else {
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 3, 1, at, 0);
    }
    emit(g, BPF_LDX | BPF_MEM | BPF_DW, 4, 2, at, 0);
    if (one_in(g, 4))
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 2, 3, at, 0);
    if (one_in(g, 40)) {
        move(g, 1, 2);
        set(g, 2, 0);
        call_kfunc(g, one_in(g, 2) ? GENERATED_KFUNC_obj_drop_impl : GENERATED_KFUNC_refcount_acquire_impl);
    }
    set(g, 0, one_in(g, 30) ? 2 : 1);
    emit(g, BPF_JMP | BPF_JLT | BPF_X, 3, 4, 1, 0);
    set(g, 0, 0);
    emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}
