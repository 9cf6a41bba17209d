/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Objects of the program's own, lists and trees of them (Linux: kernel/bpf/helpers.c, bpf_obj_new_impl() and what follows).
 *
 * The machine counts the program's references to each and knows in which list and tree it is. Memory goes with the last
 * reference of the program: what only lies in a list or tree others may take out and free as soon as the lock is given up,
 * and so they do, always. While a lock is held nothing goes; of what others put into lists and trees before, dice say. */
#include "generator.h"
#include "machine_inside.h"

static const struct generated_own_type *type_of(const struct machine_object *o)
{
    return &generated_own_types[o->type];
}

static bool overlaps(uint32_t field, uint32_t field_size, uint64_t at, uint64_t size)
{
    return field != GENERATED_NONE && at < (uint64_t)field + field_size && at + size > field;
}

bool own_is_plain(const struct machine_object *o, uint64_t at, uint64_t size)
{
    const struct generated_own_type *t = type_of(o);
    return !overlaps(t->list_node, GENERATED_LIST_NODE_SIZE, at, size) &&
           !overlaps(t->tree_node, GENERATED_TREE_NODE_SIZE, at, size) && !overlaps(t->count, 4, at, size) &&
           !overlaps(t->lock, 4, at, size) && !overlaps(t->list_head, GENERATED_ROOT_SIZE, at, size);
}

bool own_has_lock(const struct machine_object *o, uint64_t at)
{
    return type_of(o)->lock == at;
}

/* --- Memory
 * ------------------------------------------------------------------------------------------------------------ */

static struct machine_object *new_own(struct machine *m, enum generated_own type)
{
    struct machine_object *o = add_object(m, OBJECT_OWN, new_base(m), generated_own_types[type].size);
    if (o == NULL)
        m->out_of_room = true;
    else
        o->type = (uint8_t)type;
    return o;
}

/* NULL, where there is no room. */
static struct machine_reg pointer_to(const struct machine_object *o, uint32_t offset)
{
    return o == NULL ? (struct machine_reg){ 0, true, false } : (struct machine_reg){ o->base + offset, true, true };
}

static void give(struct machine *m, struct machine_object *o)
{
    if (o == NULL)
        return;
    o->references++;
    m->open_references++;
}

/* The program has one reference less, after which nothing may go while a lock is held. */
static void give_up(struct machine *m, struct machine_object *o)
{
    o->references--;
    m->open_references--;
    if (o->references == 0 && m->lock == 0)
        o->live = false;
}

void own_unlocked(struct machine *m)
{
    for (uint32_t i = 0; i < m->object_count; i++) {
        struct machine_object *o = &m->objects[i];
        if (o->kind != OBJECT_OWN)
            continue;
        o->live = o->live && o->references != 0;
        if (roll(m) % 2 == 0)
            o->in_list = 0;
        if (roll(m) % 2 == 0)
            o->in_tree = 0;
    }
}

/* --- Arguments
 * ----------------------------------------------------------------------------------------------------------- */

/* The object whose byte `offset` argument `number` points to. */
static bool need_own(struct machine *m, uint32_t number, struct machine_object **out)
{
    if (!need(m, number))
        return false;
    *out = machine_object_at(m, reg(m, number)->value, 1);
    return *out != NULL && (*out)->kind == OBJECT_OWN
               ? true
               : escape(m, "argument r%u is no object of the program's own", number);
}

static bool need_owned(struct machine *m, uint32_t number, struct machine_object **out)
{
    if (!need_own(m, number, out))
        return false;
    return (*out)->references != 0 ? true : escape(m, "argument r%u is an object that is not the program's", number);
}

struct root {
    uint64_t at;
    enum generated_own type; /* what it has */
    uint32_t node;           /* where that has the node */
    bool tree;
};

static bool root_at(struct machine *m, uint64_t at, bool tree, struct root *out)
{
    const struct machine_object *o = machine_object_at(m, at, GENERATED_ROOT_SIZE);
    *out = (struct root){ at, GENERATED_ITEM, generated_own_types[GENERATED_ITEM].list_node, tree };
    if (o == NULL || (o->kind == OBJECT_OWN && (tree || type_of(o)->list_head != at - o->base)))
        return false;
    if (o->kind != OBJECT_OWN) {
        const struct bpf_special_field *f =
            field_there(m, o, at, tree ? BPF_SPECIAL_RB_ROOT : BPF_SPECIAL_LIST_HEAD);
        if (f == NULL)
            return false;
        out->type = (enum generated_own)(f->btf_id - GENERATED_STRUCT_OWN);
        out->node = f->flavour;
    }
    return m->lock == o->base ? true : escape(m, "the lock beside the list or tree is not held");
}

/* Argument 1, with the lock that lies beside it held. */
static bool need_root(struct machine *m, bool tree, struct root *out)
{
    if (!need(m, 1))
        return false;
    if (root_at(m, reg(m, 1)->value, tree, out))
        return true;
    return m->escape[0] != '\0' ? false : escape(m, "argument r1 is no %s", tree ? "tree" : "list");
}

/* Argument 2: the right node of what the list or tree has. */
static bool need_node(struct machine *m, const struct root *root, struct machine_object **out)
{
    if (!need_own(m, 2, out))
        return false;
    return (*out)->type == root->type && reg(m, 2)->value == (*out)->base + root->node
               ? true
               : escape(m, "argument r2 is no node for this list or tree");
}

/* --- Lists and trees
 * ------------------------------------------------------------------------------------------------------- */

static uint64_t *place_of(struct machine_object *o, const struct root *root)
{
    return root->tree ? &o->in_tree : &o->in_list;
}

/* One that is in it: the program's own, or somebody else's. */
static struct machine_object *find_in(struct machine *m, const struct root *root)
{
    uint64_t r = roll(m);
    for (uint32_t i = 0; r % 2 == 0 && i < m->object_count; i++) {
        struct machine_object *o = &m->objects[i];
        if (o->kind == OBJECT_OWN && o->live && *place_of(o, root) == root->at)
            return o;
    }
    if (r % 8 == 1)
        return NULL;
    struct machine_object *o = new_own(m, root->type);
    if (o != NULL)
        *place_of(o, root) = root->at;
    return o;
}

/* What is in one already stays there, and the reference is given up nevertheless. */
static bool put_into(struct machine *m, struct machine_object *o, const struct root *root)
{
    bool fresh = *place_of(o, root) == 0;
    if (fresh)
        *place_of(o, root) = root->at;
    give_up(m, o);
    return fresh;
}

static bool push(struct machine *m, struct machine_reg *result)
{
    struct root root;
    struct machine_object *o;
    if (!need_root(m, false, &root) || !need_node(m, &root, &o) || !need_owned(m, 2, &o))
        return false;
    *result = (struct machine_reg){ put_into(m, o, &root) ? 0 : 0 - UINT64_C(22), true, false };
    return true;
}

static bool pop(struct machine *m, struct machine_reg *result)
{
    struct root root;
    if (!need_root(m, false, &root))
        return false;
    struct machine_object *o = find_in(m, &root);
    if (o != NULL)
        o->in_list = 0;
    give(m, o);
    *result = pointer_to(o, root.node);
    return true;
}

static bool first(struct machine *m, struct machine_reg *result)
{
    struct root root;
    if (!need_root(m, true, &root))
        return false;
    *result = pointer_to(find_in(m, &root), root.node);
    return true;
}

static bool take_out(struct machine *m, struct machine_reg *result)
{
    struct root root;
    struct machine_object *o;
    if (!need_root(m, true, &root) || !need_node(m, &root, &o))
        return false;
    if (o->in_tree != root.at)
        o = NULL;
    else
        o->in_tree = 0;
    give(m, o);
    *result = pointer_to(o, root.node);
    return true;
}

bool run_tree_add(struct machine *m)
{
    struct root root;
    struct machine_object *o;
    if (!need_root(m, true, &root) || !need_node(m, &root, &o) || !need_owned(m, 2, &o) || !need_function(m, 3))
        return false;
    if (m->frame_count == MACHINE_FRAME_MAX)
        return escape(m, "too many frames");
    struct machine_frame kept = {
        .return_to = m->pc,
        .callback = BPF_CALLBACK_LESS,
        .function = (uint32_t)((reg(m, 3)->value - MACHINE_FUNCTION_BASE) / 8),
        .round_count = o->in_tree != 0 ? 0 : (uint32_t)(roll(m) % 4),
        .root = root.at,
        .added = (uint32_t)(o - m->objects),
    };
    if (kept.round_count != 0) {
        enter_callback(m, &kept);
        return true;
    }
    own_added(m, &kept);
    finish_call(m, (struct machine_reg){ roll_number(m), true, false });
    return true;
}

void own_compare(struct machine *m, const struct machine_frame *f)
{
    struct root root;
    if (!root_at(m, f->root, true, &root))
        return;
    const struct machine_object *other = find_in(m, &root);
    /* There is none: then it compares with itself, which is no worse. */
    if (other == NULL)
        other = &m->objects[f->added];
    *reg(m, 1) = pointer_to(&m->objects[f->added], root.node);
    *reg(m, 2) = pointer_to(other, root.node);
}

void own_added(struct machine *m, const struct machine_frame *f)
{
    struct root root;
    if (root_at(m, f->root, true, &root))
        put_into(m, &m->objects[f->added], &root);
}

/* --- Made, counted, given up
 * -------------------------------------------------------------------------------------------------- */

static bool make(struct machine *m, struct machine_reg *result)
{
    if (!need_number(m, 1))
        return false;
    uint64_t type = reg(m, 1)->value - GENERATED_STRUCT_OWN;
    if (type >= GENERATED_OWN_COUNT)
        return escape(m, "makes an object of type %u", (uint32_t)reg(m, 1)->value);
    struct machine_object *o = roll(m) % 4 == 0 ? NULL : new_own(m, (enum generated_own)type);
    give(m, o);
    *result = pointer_to(o, 0);
    return true;
}

static bool drop(struct machine *m)
{
    struct machine_object *o;
    if (!need_owned(m, 1, &o))
        return false;
    if (reg(m, 1)->value != o->base)
        return escape(m, "drops what is not the beginning of an object");
    give_up(m, o);
    return true;
}

/* One more reference; none where the last is gone, or may be, as only others had any. */
static bool acquire(struct machine *m, struct machine_reg *result)
{
    struct machine_object *o;
    if (!need_own(m, 1, &o))
        return false;
    if (reg(m, 1)->value != o->base || type_of(o)->count == GENERATED_NONE)
        return escape(m, "argument r1 has no count of references");
    bool gone = o->references == 0 && roll(m) % 4 == 0;
    if (gone)
        o = NULL;
    give(m, o);
    *result = pointer_to(o, 0);
    return true;
}

bool own_exchange(struct machine *m, struct machine_reg *result)
{
    struct machine_object *o;
    if (reg(m, 2)->value != 0) {
        if (!need_owned(m, 2, &o))
            return false;
        if (o->type != GENERATED_COUNTED || reg(m, 2)->value != o->base)
            return escape(m, "puts another type into a map's value");
        give_up(m, o);
    }
    o = roll(m) % 4 == 0 ? NULL : new_own(m, GENERATED_COUNTED);
    give(m, o);
    *result = pointer_to(o, 0);
    return true;
}

bool run_own_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result)
{
    switch (which) {
    case GENERATED_KFUNC_obj_new_impl:
        return make(m, result);
    case GENERATED_KFUNC_obj_drop_impl:
        return drop(m);
    case GENERATED_KFUNC_refcount_acquire_impl:
        return acquire(m, result);
    case GENERATED_KFUNC_list_push_front_impl:
    case GENERATED_KFUNC_list_push_back_impl:
        return push(m, result);
    case GENERATED_KFUNC_list_pop_front:
    case GENERATED_KFUNC_list_pop_back:
        return pop(m, result);
    case GENERATED_KFUNC_rbtree_first:
        return first(m, result);
    default:
        return take_out(m, result);
    }
}
