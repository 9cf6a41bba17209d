/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Objects that the program makes itself: bpf_obj_new() and what is done with them (Linux: kernel/bpf/verifier.c,
 * check_kfunc_args() on "local kptrs"; kernel/bpf/btf.c on what their types may have).
 *
 * One is a REG_BTF of a type of the program's own with REG_ALLOCATED. While it has a reference it is the program's: it
 * may be dropped, exchanged into a map, or put into a list or tree, which then owns it. The pointer stays good after
 * that, borrowed (REG_BORROWED), until the lock that guards the list or tree is given up. Lists and trees are changed
 * under the lock that lies beside them only. */
#include <axiom/string.h>
#include <bpf_internal/special.h>

#include "btf_walk.h"
#include "own_object.h"

#define FULL_ATTR (REG_OWN_TYPE | REG_ALLOCATED)

/* Linux: BPF_GLOBAL_PERCPU_MA_MAX_SIZE */
#define PER_CPU_MAX 512u

struct record {
    uint32_t count;
    struct bpf_special_field fields[BPF_SPECIAL_FIELD_MAX];
};

static bool record_of(const struct verifier *v, uint32_t type_id, struct record *out)
{
    return v->request->btf != NULL &&
           btf_special_fields(v->request->btf, type_id, SPECIAL_IN_OBJECTS, out->fields,
                              BPF_SPECIAL_FIELD_MAX, &out->count) == 0;
}

bool own_type_is_known(const struct verifier *v, uint32_t type_id)
{
    struct record record;
    return record_of(v, type_id, &record);
}

static const struct bpf_special_field *find_kind(const struct record *record,
                                                 enum bpf_special_kind kind)
{
    for (uint32_t i = 0; i < record->count; i++)
        if (record->fields[i].kind == (uint32_t)kind)
            return &record->fields[i];
    return NULL;
}

static bool has_root(const struct record *r)
{
    return find_kind(r, BPF_SPECIAL_LIST_HEAD) != NULL || find_kind(r, BPF_SPECIAL_RB_ROOT) != NULL;
}

static bool is_counted(const struct verifier *v, uint32_t type_id)
{
    struct record record;
    return record_of(v, type_id, &record) && find_kind(&record, BPF_SPECIAL_REFCOUNT) != NULL;
}

/* --- Types that may be
 * --------------------------------------------------------------------------------------------------- */

static int refuse_type(struct verifier *v, const struct kfunc_call *k, const char *why)
{
    return refuse(v, -EINVAL, BPF_REJECT_TYPE, "", "bpf_%s(): %s", k->call.name, why);
}

/* Linux refuses such BTF as a whole (btf_check_and_fixup_fields(), btf_parse_fields()). */
static int check_record(struct verifier *v, const struct kfunc_call *k, uint32_t type_id,
                        const struct record *record)
{
    bool list_node = find_kind(record, BPF_SPECIAL_LIST_NODE) != NULL;
    bool tree_node = find_kind(record, BPF_SPECIAL_RB_NODE) != NULL;
    if (has_root(record) && find_kind(record, BPF_SPECIAL_SPIN_LOCK) == NULL)
        return refuse_type(v, k,
                           "a type with a list or tree must have a struct bpf_spin_lock beside it");
    if (list_node && tree_node && find_kind(record, BPF_SPECIAL_REFCOUNT) == NULL)
        return refuse_type(v, k, "a type for lists and trees must have a struct bpf_refcount");
    for (uint32_t i = 0; i < record->count; i++) {
        const struct bpf_special_field *f = &record->fields[i];
        struct record inner;
        if (f->kind != BPF_SPECIAL_LIST_HEAD && f->kind != BPF_SPECIAL_RB_ROOT)
            continue;
        if (f->btf_id == 0)
            return refuse_type(v, k, "a list or tree without __contains(type, node)");
        if (!record_of(v, f->btf_id, &inner) || f->btf_id == type_id ||
            ((list_node || tree_node) && has_root(&inner)))
            return refuse_type(v, k, "objects of this type could own each other in a circle");
    }
    return 0;
}

/* Numbers, and structs and arrays of them (Linux: __btf_type_is_scalar_struct()). */
static int check_new(struct verifier *v, const struct kfunc_call *k)
{
    const struct bpf_btf *btf = v->request->btf;
    struct bpf_btf_type type;
    struct record record;
    bool per_cpu = k->row->special == BPF_KFUNC_PERCPU_NEW;
    if (!k->has_constant || k->constant > UINT32_MAX || btf == NULL ||
        !bpf_btf_type_at(btf, (uint32_t)k->constant, &type) || type.kind != BPF_BTF_STRUCT)
        return refuse_type(v, k, "its argument is the id of a struct of the program");
    if (!record_of(v, type.id, &record))
        return refuse_type(v, k, "the struct has too many locks, lists, trees and kernel pointers");
    if (!per_cpu)
        return check_record(v, k, type.id, &record);
    if (type.size_or_type > PER_CPU_MAX)
        return refuse_type(v, k, "an object for each CPU has at most 512 bytes");
    if (record.count != 0 || !btf_is_plain(btf, type.id, 0))
        return refuse_type(v, k, "an object for each CPU is a struct of numbers");
    return 0;
}

/* --- Arguments
 * ----------------------------------------------------------------------------------------------------------- */

static bool at_constant(const struct reg *r)
{
    return scalar_is_const(&r->n) && r->n.smin >= 0;
}

/* The program's own, with a reference. */
static bool is_owned(const struct verifier *v, const struct reg *r, uint16_t attr)
{
    return r->type == REG_BTF && r->attr == attr && !r->may_be_null && r->ref != 0 &&
           state_has_reference(&v->state, r->ref);
}

static int check_drop(struct verifier *v, struct kfunc_call *k, uint32_t n)
{
    const struct reg *r = state_reg(&v->state, n);
    bool per_cpu = k->row->special == BPF_KFUNC_PERCPU_DROP;
    if (!is_owned(v, r, per_cpu ? FULL_ATTR | REG_PERCPU : FULL_ATTR) || !at_constant(r) ||
        r->n.umin != 0)
        return refuse_argument(v, &k->call, n,
                               per_cpu ? "an object of bpf_percpu_obj_new() that is the program's"
                                       : "an object of bpf_obj_new() that is the program's");
    k->call.release = r->ref;
    return 0;
}

static int check_counted(struct verifier *v, struct kfunc_call *k, uint32_t n)
{
    const struct reg *r = state_reg(&v->state, n);
    const uint16_t more = REG_BORROWED | REG_RCU;
    bool fine = r->type == REG_BTF && (r->attr & ~more) == FULL_ATTR && !r->may_be_null &&
                at_constant(r) && r->n.umin == 0 && (r->ref != 0 || (r->attr & more) != 0);
    if (!fine || !is_counted(v, r->type_id))
        return refuse_argument(v, &k->call, n,
                               "an object with a struct bpf_refcount, owned or borrowed");
    k->own_type = r->type_id;
    k->owned = (r->attr & REG_BORROWED) == 0 && r->ref != 0;
    return 0;
}

/* The field of this kind that the register points to, in a map's value or an object. */
static bool field_at(const struct verifier *v, const struct reg *r, enum bpf_special_kind kind,
                     struct bpf_special_field *out)
{
    struct record record;
    const struct bpf_special_field *fields = record.fields;
    if (!at_constant(r))
        return false;
    if (r->type == REG_MAP_VALUE) {
        fields = reg_map(v, r)->special_fields;
        record.count = reg_map(v, r)->special_field_count;
    } else if (!record_of(v, r->type_id, &record)) {
        return false;
    }
    for (uint32_t i = 0; i < record.count; i++)
        if (fields[i].kind == (uint32_t)kind && fields[i].offset == r->n.umin) {
            *out = fields[i];
            return true;
        }
    return false;
}

uint32_t lock_place(const struct reg *r)
{
    return r->type == REG_MAP_VALUE ? r->map + 1 : LOCK_IN_OBJECT;
}

bool is_object_with_lock(const struct verifier *v, const struct reg *r)
{
    struct bpf_special_field field;
    return is_owned(v, r, FULL_ATTR) && field_at(v, r, BPF_SPECIAL_SPIN_LOCK, &field);
}

bool own_type_has_node(const struct verifier *v, uint32_t type_id)
{
    struct record record;
    return record_of(v, type_id, &record) && (find_kind(&record, BPF_SPECIAL_LIST_NODE) != NULL ||
                                              find_kind(&record, BPF_SPECIAL_RB_NODE) != NULL);
}

bool is_kptr_in_object(const struct verifier *v, const struct reg *r, struct bpf_special_field *out)
{
    return is_owned(v, r, FULL_ATTR) && field_at(v, r, BPF_SPECIAL_KPTR, out);
}

/* Is the program in the function that compares for bpf_rbtree_add()? */
bool in_comparison(const struct verifier *v)
{
    const struct state *s = &v->state;
    for (uint32_t f = s->frame_count - 1; f != 0; f--)
        if (s->frames[f].kind == FRAME_CALLBACK)
            return insn_row(v, s->frames[f].return_to)->op == BPF_OP_CALL_BTF;
    return false;
}

static int check_root(struct verifier *v, struct kfunc_call *k, enum bpf_special_kind kind)
{
    const struct reg *r = state_reg(&v->state, 1);
    const struct regions *in = &v->state.regions;
    const char *wants = kind == BPF_SPECIAL_LIST_HEAD
                            ? "a struct bpf_list_head in a map value or object"
                            : "a struct bpf_rb_root in a map value or object";
    bool in_map = r->type == REG_MAP_VALUE && !r->may_be_null;
    if ((!in_map && !is_owned(v, r, FULL_ATTR)) || !field_at(v, r, kind, &k->root))
        return refuse_argument(v, &k->call, 1, wants);
    if (k->root.btf_id == 0)
        return refuse_argument(v, &k->call, 1, "declared with __contains(type, node)");
    if (in->lock_map != lock_place(r) || in->lock_id != r->id)
        return refuse(v, -EINVAL, BPF_REJECT_REFERENCE,
                      "bpf_spin_lock() first, of the lock beside it",
                      "bpf_%s(): the lock beside the list or tree is not held", k->call.name);
    if (in_comparison(v))
        return refuse_type(v, k, "not in the function that compares");
    return 0;
}

static int check_node(struct verifier *v, struct kfunc_call *k, bool borrowed)
{
    const struct reg *r = state_reg(&v->state, 2);
    bool mine = borrowed ? r->type == REG_BTF && !r->may_be_null && r->ref == 0 &&
                               (r->attr & ~REG_RCU) == (FULL_ATTR | REG_BORROWED)
                         : is_owned(v, r, FULL_ATTR);
    if (!mine)
        return refuse_argument(v, &k->call, 2,
                               borrowed ? "a node that is in the tree, borrowed"
                                        : "a node of an object that is the program's");
    if (!at_constant(r) || r->type_id != k->root.btf_id || r->n.umin != k->root.flavour)
        return refuse_argument(v, &k->call, 2, "the node that __contains(type, node) names");
    k->call.lives_by = r->ref;
    return 0;
}

static int check_less(struct verifier *v, struct kfunc_call *k)
{
    const struct reg *r = state_reg(&v->state, 3);
    if (r->type != REG_FUNCTION || !at_constant(r) || r->n.umin != 0)
        return refuse_argument(v, &k->call, 3, "a function of the program");
    k->call.callback = r->function;
    k->call.callback_kind = BPF_CALLBACK_LESS;
    k->call.node = graph_node(v, &k->root, true);
    return 0;
}

int check_own_argument(struct verifier *v, struct kfunc_call *k, uint32_t n)
{
    switch (k->row->special) {
    case BPF_KFUNC_OBJ_DROP:
    case BPF_KFUNC_PERCPU_DROP:
        return check_drop(v, k, n);
    case BPF_KFUNC_REFCOUNT_ACQUIRE:
        return check_counted(v, k, n);
    case BPF_KFUNC_LIST_PUSH:
    case BPF_KFUNC_LIST_POP:
        return n == 1 ? check_root(v, k, BPF_SPECIAL_LIST_HEAD) : check_node(v, k, false);
    case BPF_KFUNC_RBTREE_REMOVE:
    case BPF_KFUNC_RBTREE_FIRST:
    case BPF_KFUNC_RBTREE_ADD:
        if (n == 1)
            return check_root(v, k, BPF_SPECIAL_RB_ROOT);
        return n == 2 ? check_node(v, k, k->row->special == BPF_KFUNC_RBTREE_REMOVE)
                      : check_less(v, k);
    default:
        return refuse_argument(v, &k->call, n, "something else");
    }
}

/* --- What they do and give back
 * ---------------------------------------------------------------------------------------------- */

static struct reg object(uint32_t type_id, uint16_t more)
{
    struct reg r = reg_pointer(REG_BTF);
    r.type_id = type_id;
    r.attr = (uint16_t)(FULL_ATTR | more);
    return r;
}

static uint16_t borrowed_attr(const struct verifier *v, uint32_t type_id)
{
    return (uint16_t)(REG_BORROWED | (is_counted(v, type_id) ? REG_RCU : 0));
}

struct reg graph_node(struct verifier *v, const struct bpf_special_field *root, bool borrowed)
{
    struct reg r = object(root->btf_id, borrowed ? borrowed_attr(v, root->btf_id) : 0);
    r.n = scalar_const(root->flavour, BITS);
    r.id = ++v->next_id;
    return r;
}

struct lending {
    uint32_t ref;
    uint16_t attr;
};

static void lend(struct reg *r, void *user)
{
    const struct lending *l = user;
    if (r->type != REG_BTF || r->ref != l->ref)
        return;
    r->ref = 0;
    r->attr |= l->attr;
}

/* The list or tree owns it now: pointers to it are borrowed. */
int own_object_put(struct verifier *v, const struct kfunc_call *k)
{
    struct lending l = { .ref = k->call.lives_by, .attr = borrowed_attr(v, k->root.btf_id) };
    if (l.ref == 0)
        return 0;
    state_each_value(&v->state, lend, &l);
    return reference_release(v, k->call.name, l.ref);
}

static void take_back(struct reg *r, void *user)
{
    if (r->type == REG_BTF && (r->attr & REG_BORROWED) != 0)
        *r = void_pointer(user);
}

void borrowed_end(struct verifier *v)
{
    state_each_value(&v->state, take_back, v);
}

int give_own_object(struct verifier *v, const struct kfunc_call *k, struct reg *out)
{
    int err = 0;
    switch (k->row->special) {
    case BPF_KFUNC_OBJ_NEW:
    case BPF_KFUNC_PERCPU_NEW:
        err = check_new(v, k);
        *out =
            object((uint32_t)k->constant, k->row->special == BPF_KFUNC_PERCPU_NEW ? REG_PERCPU : 0);
        break;
    case BPF_KFUNC_REFCOUNT_ACQUIRE:
        *out = object(k->own_type, 0);
        break;
    case BPF_KFUNC_RBTREE_FIRST:
        *out = graph_node(v, &k->root, true);
        break;
    default:
        *out = graph_node(v, &k->root, false);
        break;
    }
    return err;
}

/* --- Access
 * ----------------------------------------------------------------------------------------------------------- */

int check_own_access(struct verifier *v, const struct reg *base, uint32_t reg_number,
                     int64_t displacement, uint32_t size)
{
    struct record record;
    uint32_t whole;
    struct description is = describe(v, base);
    if (!record_of(v, base->type_id, &record) ||
        bpf_btf_size(v->request->btf, base->type_id, &whole) != 0 || !scalar_is_const(&base->n))
        return refuse(v, -EACCES, BPF_REJECT_OOB, "", "r%u is %s: its members cannot be told",
                      reg_number, is.text);
    int64_t from = base->n.smin + displacement, to = from + size;
    if (from < 0 || to > (int64_t)whole)
        return refuse(v, -EACCES, BPF_REJECT_OOB, "",
                      "r%u is %s: bytes %lld to %lld are outside of it", reg_number, is.text,
                      (long long)from, (long long)to - 1);
    struct btf_place place;
    if (!btf_walk(v->request->btf, base->type_id, (uint64_t)from, size, &place))
        return refuse(v, -EACCES, BPF_REJECT_OOB, "",
                      "r%u is %s: no member of its type lies at %lld with %u bytes", reg_number,
                      is.text, (long long)from, size);
    for (uint32_t i = 0; i < record.count; i++)
        if (from < (int64_t)record.fields[i].offset + record.fields[i].size &&
            to > (int64_t)record.fields[i].offset)
            return refuse(
                v, -EACCES, BPF_REJECT_TYPE, "use the functions for it, and leave its bytes alone",
                "r%u is %s: bytes %lld to %lld are a lock, list, tree, node or kernel pointer",
                reg_number, is.text, (long long)from, (long long)to - 1);
    return 0;
}
