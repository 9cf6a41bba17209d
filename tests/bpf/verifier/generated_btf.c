/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "generated_btf.h"

#include <bpf/btf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Header and records: Linux, Documentation/bpf/btf.rst. */
enum {
    NUMBER = BPF_BTF_INT << 24,
    POINTER = BPF_BTF_PTR << 24,
    STRUCTURE = BPF_BTF_STRUCT << 24,
    PROTO = BPF_BTF_FUNC_PROTO << 24,
    FUNC = BPF_BTF_FUNC << 24,
    TAG = BPF_BTF_TYPE_TAG << 24,
};

static size_t put_sections(uint8_t *out, const uint32_t *types, uint32_t types_size,
                           const char *strings, uint32_t strings_size)
{
    const uint32_t header[] = { 0x0001eb9f, 24, 0, types_size, types_size, strings_size };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, types, types_size);
    memcpy(out + sizeof header + types_size, strings, strings_size);
    return sizeof header + types_size + strings_size;
}

/* --- Writing
 * ------------------------------------------------------------------------------------------------------------- */

struct writer {
    uint32_t types[1400], type_count; /* words */
    char strings[3600];
    uint32_t strings_size;
};

static void put(struct writer *w, uint32_t word)
{
    if (w->type_count == sizeof w->types / sizeof w->types[0])
        abort();
    w->types[w->type_count++] = word;
}

static uint32_t name(struct writer *w, const char *text)
{
    uint32_t at = w->strings_size, size = (uint32_t)strlen(text) + 1;
    if (size == 1)
        return 0;
    if (at + size > sizeof w->strings)
        abort();
    memcpy(w->strings + at, text, size);
    w->strings_size += size;
    return at;
}

static void put_type(struct writer *w, const char *text, uint32_t info, uint32_t size_or_type)
{
    put(w, name(w, text));
    put(w, info);
    put(w, size_or_type);
}

static void put_number(struct writer *w, const char *text, uint32_t bytes)
{
    put_type(w, text, NUMBER, bytes);
    put(w, bytes * 8);
}

static void put_member(struct writer *w, const char *text, uint32_t type, uint32_t offset)
{
    put(w, name(w, text));
    put(w, type);
    put(w, offset * 8);
}

static void put_tag(struct writer *w, const char *text, uint32_t type, uint32_t member)
{
    put_type(w, text, BPF_BTF_DECL_TAG << 24, type);
    put(w, member);
}

static size_t finish(const struct writer *w, uint8_t *out, size_t room)
{
    if (w->type_count * 4 + w->strings_size + 24 > room)
        abort();
    return put_sections(out, w->types, w->type_count * 4, w->strings, w->strings_size);
}

/* --- The program's
 * ------------------------------------------------------------------------------------------------------------- */

const struct generated_own_type generated_own_types[GENERATED_OWN_COUNT] = {
    [GENERATED_ITEM] = { 40, 8, GENERATED_NONE, GENERATED_NONE, GENERATED_NONE, GENERATED_NONE },
    [GENERATED_TREE_ITEM] = { 48, GENERATED_NONE, 8, GENERATED_NONE, GENERATED_NONE, GENERATED_NONE },
    [GENERATED_COUNTED] = { 80, 8, 32, 64, GENERATED_NONE, GENERATED_NONE },
    [GENERATED_HOLDER] = { 32, GENERATED_NONE, GENERATED_NONE, GENERATED_NONE, 0, 8 },
};

/* The program's types, by their ids. */
enum program_type {
    P_U64 = 1,
    P_U32,
    P_TO_U32,
    P_CONTEXT,
    P_TO_CONTEXT,
    P_LOCK = 13,
    P_TIMER,
    P_TO_TASK = 16,
    P_LIST_HEAD = 18,
    P_LIST_NODE,
    P_TREE_ROOT,
    P_TREE_NODE,
    P_REFCOUNT,
    P_TO_COUNTED = 28,
    P_WORK,
};

static void put_words(struct writer *w, const char *text, uint32_t count)
{
    put_type(w, text, STRUCTURE | count, count * 8);
    for (uint32_t i = 0; i < count; i++)
        put_member(w, "a", P_U64, i * 8);
}

static void put_proto(struct writer *w, uint32_t count, uint32_t result, const uint32_t params[])
{
    put_type(w, "", PROTO | count, result);
    for (uint32_t i = 0; i < count; i++) {
        put(w, name(w, "a"));
        put(w, params[i]);
    }
}

static void put_own_types(struct writer *w)
{
    const struct generated_own_type *t = generated_own_types;
    put_words(w, "bpf_list_head", 2);
    put_words(w, "bpf_list_node", 3);
    put_words(w, "bpf_rb_root", 2);
    put_words(w, "bpf_rb_node", 4);
    put_type(w, "bpf_refcount", STRUCTURE | 1, 4);
    put_member(w, "a", P_U32, 0);
    put_type(w, "item", STRUCTURE | 3, t[GENERATED_ITEM].size);
    put_member(w, "key", P_U64, 0);
    put_member(w, "list", P_LIST_NODE, t[GENERATED_ITEM].list_node);
    put_member(w, "data", P_U64, 32);
    put_type(w, "tree_item", STRUCTURE | 3, t[GENERATED_TREE_ITEM].size);
    put_member(w, "key", P_U64, 0);
    put_member(w, "tree", P_TREE_NODE, t[GENERATED_TREE_ITEM].tree_node);
    put_member(w, "data", P_U64, 40);
    put_type(w, "counted", STRUCTURE | 6, t[GENERATED_COUNTED].size);
    put_member(w, "key", P_U64, 0);
    put_member(w, "list", P_LIST_NODE, t[GENERATED_COUNTED].list_node);
    put_member(w, "tree", P_TREE_NODE, t[GENERATED_COUNTED].tree_node);
    put_member(w, "count", P_REFCOUNT, t[GENERATED_COUNTED].count);
    put_member(w, "small", P_U32, 68);
    put_member(w, "data", P_U64, 72);
    put_type(w, "holder", STRUCTURE | 4, t[GENERATED_HOLDER].size);
    put_member(w, "lock", P_LOCK, t[GENERATED_HOLDER].lock);
    put_member(w, "small", P_U32, 4);
    put_member(w, "items", P_LIST_HEAD, t[GENERATED_HOLDER].list_head);
    put_member(w, "data", P_U64, 24);
    put_type(w, "kptr", TAG, generated_own_id(GENERATED_COUNTED));
    put_type(w, "", POINTER, P_TO_COUNTED - 1);
    put_words(w, "bpf_wq", 2);
}

/* generator.c says so, too: GENERATOR_OWN. */
static void put_own_value(struct writer *w)
{
    put_type(w, "own_value", STRUCTURE | 10, 112);
    put_member(w, "lock", P_LOCK, 0);
    put_member(w, "small", P_U32, 4);
    put_member(w, "items", P_LIST_HEAD, 8);
    put_member(w, "counted", P_LIST_HEAD, 24);
    put_member(w, "tree", P_TREE_ROOT, 40);
    put_member(w, "counted_tree", P_TREE_ROOT, 56);
    put_member(w, "kept", P_TO_COUNTED, 72);
    put_member(w, "data", P_U64, 80);
    put_member(w, "more", P_U64, 88);
    put_member(w, "work", P_WORK, 96);
}

static void put_tags(struct writer *w, bool exception)
{
    put_tag(w, "contains:item:list", generated_own_id(GENERATED_HOLDER), 2);
    put_tag(w, "contains:item:list", GENERATED_STRUCT_OWN_VALUE, 2);
    put_tag(w, "contains:counted:list", GENERATED_STRUCT_OWN_VALUE, 3);
    put_tag(w, "contains:tree_item:tree", GENERATED_STRUCT_OWN_VALUE, 4);
    put_tag(w, "contains:counted:tree", GENERATED_STRUCT_OWN_VALUE, 5);
    if (exception)
        put_tag(w, "exception_callback:x", GENERATED_FUNC_MAIN, UINT32_MAX);
}

size_t generated_btf(const char *context, bool exception, uint8_t out[GENERATED_BTF_MAX])
{
    struct writer w = { .strings_size = 1 };
    put_number(&w, "u64", 8);
    put_number(&w, "u32", 4);
    put_type(&w, "", POINTER, P_U32);
    put_type(&w, context, STRUCTURE, 1);
    put_type(&w, "", POINTER, P_CONTEXT);
    put_proto(&w, 3, P_U32, (const uint32_t[]){ P_U64, P_TO_U32, P_TO_CONTEXT });
    put_type(&w, "f", FUNC | BPF_BTF_GLOBAL, GENERATED_FUNC_GLOBAL - 1);
    put_proto(&w, 2, P_U32, (const uint32_t[]){ P_U64, P_TO_U32 });
    put_type(&w, "s", FUNC | BPF_BTF_STATIC, GENERATED_FUNC_STATIC - 1);
    put_proto(&w, 1, P_U32, (const uint32_t[]){ P_TO_CONTEXT });
    put_type(&w, "m", FUNC | BPF_BTF_GLOBAL, GENERATED_FUNC_MAIN - 1);
    put_type(&w, "task_struct", STRUCTURE, 8);
    put_type(&w, "bpf_spin_lock", STRUCTURE | 1, 4);
    put_member(&w, "a", P_U32, 0);
    put_words(&w, "bpf_timer", 2);
    put_type(&w, "kptr", TAG, GENERATED_STRUCT_TASK);
    put_type(&w, "", POINTER, P_TO_TASK - 1);
    put_type(&w, "value", STRUCTURE | 4, 64);
    put_member(&w, "lock", P_LOCK, 0);
    put_member(&w, "timer", P_TIMER, 8);
    put_member(&w, "task", P_TO_TASK, 24);
    put_member(&w, "data", P_U64, 32);
    put_own_types(&w);
    put_own_value(&w);
    put_proto(&w, 1, P_U32, (const uint32_t[]){ P_U64 });
    put_type(&w, "x", FUNC | BPF_BTF_GLOBAL, GENERATED_FUNC_EXCEPTION - 1);
    put_tags(&w, exception);
    return finish(&w, out, GENERATED_BTF_MAX);
}

/* --- The kernel's
 * -------------------------------------------------------------------------------------------------------------- */

/* Its first types, by their ids. */
enum kernel_type {
    VOID,
    INT,
    U64_,
    ITER_NUM,
    INT_P,
    ITER_NUM_P,
    DYNPTR,
    DYNPTR_P,
    VOID_P,
    SKB,
    SKB_P,
    XDP,
    XDP_P,
    TASK,
    TASK_P,
    LIST_HEAD,
    LIST_HEAD_P,
    LIST_NODE,
    LIST_NODE_P,
    TREE_ROOT,
    TREE_ROOT_P,
    TREE_NODE,
    TREE_NODE_P,
    ITER_BITS,
    ITER_BITS_P,
    ITER_TASK,
    ITER_TASK_P,
    WORK,
    WORK_P,
    FIRST_PROTO
};

struct kernel_param {
    const char *name;
    enum kernel_type type;
};

#define PARAM_MAX 5
/* Protos and functions take turns, from FIRST_PROTO on. */
static const struct kernel_func {
    const char *name;
    enum kernel_type returns;
    struct kernel_param params[PARAM_MAX];
} kernel_funcs[GENERATED_KFUNC_COUNT] = {
    [GENERATED_KFUNC_iter_num_new] = { "bpf_iter_num_new", INT,
                                       { { "it", ITER_NUM_P }, { "start", INT }, { "end", INT } } },
    [GENERATED_KFUNC_iter_num_next] = { "bpf_iter_num_next", INT_P, { { "it", ITER_NUM_P } } },
    [GENERATED_KFUNC_iter_num_destroy] = { "bpf_iter_num_destroy", VOID, { { "it", ITER_NUM_P } } },
    [GENERATED_KFUNC_dynptr_from_skb] = { "bpf_dynptr_from_skb", INT,
                                          { { "s", SKB_P }, { "flags", U64_ }, { "ptr__uninit", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_from_xdp] = { "bpf_dynptr_from_xdp", INT,
                                          { { "x", XDP_P }, { "flags", U64_ }, { "ptr__uninit", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_clone] = { "bpf_dynptr_clone", INT,
                                       { { "p", DYNPTR_P }, { "clone__uninit", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_slice] = { "bpf_dynptr_slice", VOID_P,
                                       { { "p", DYNPTR_P }, { "offset", INT }, { "buffer__opt", VOID_P },
                                         { "buffer__szk", INT } } },
    [GENERATED_KFUNC_dynptr_slice_rdwr] = { "bpf_dynptr_slice_rdwr", VOID_P,
                                            { { "p", DYNPTR_P }, { "offset", INT }, { "buffer__opt", VOID_P },
                                              { "buffer__szk", INT } } },
    [GENERATED_KFUNC_dynptr_adjust] = { "bpf_dynptr_adjust", INT,
                                        { { "p", DYNPTR_P }, { "start", INT }, { "end", INT } } },
    [GENERATED_KFUNC_dynptr_size] = { "bpf_dynptr_size", INT, { { "p", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_is_null] = { "bpf_dynptr_is_null", INT, { { "p", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_is_rdonly] = { "bpf_dynptr_is_rdonly", INT, { { "p", DYNPTR_P } } },
    [GENERATED_KFUNC_task_from_pid] = { "bpf_task_from_pid", TASK_P, { { "pid", INT } } },
    [GENERATED_KFUNC_task_acquire] = { "bpf_task_acquire", TASK_P, { { "p", TASK_P } } },
    [GENERATED_KFUNC_task_release] = { "bpf_task_release", VOID, { { "p", TASK_P } } },
    [GENERATED_KFUNC_rcu_read_lock] = { "bpf_rcu_read_lock", VOID, { { 0 } } },
    [GENERATED_KFUNC_rcu_read_unlock] = { "bpf_rcu_read_unlock", VOID, { { 0 } } },
    [GENERATED_KFUNC_obj_new_impl] = { "bpf_obj_new_impl", VOID_P,
                                       { { "local_type_id__k", U64_ }, { "meta__ign", VOID_P } } },
    [GENERATED_KFUNC_obj_drop_impl] = { "bpf_obj_drop_impl", VOID,
                                        { { "p__alloc", VOID_P }, { "meta__ign", VOID_P } } },
    [GENERATED_KFUNC_refcount_acquire_impl] = { "bpf_refcount_acquire_impl", VOID_P,
                                                { { "p__refcounted_kptr", VOID_P }, { "meta__ign", VOID_P } } },
    [GENERATED_KFUNC_list_push_front_impl] = { "bpf_list_push_front_impl", INT,
                                               { { "head", LIST_HEAD_P }, { "node", LIST_NODE_P },
                                                 { "meta__ign", VOID_P }, { "off", U64_ } } },
    [GENERATED_KFUNC_list_push_back_impl] = { "bpf_list_push_back_impl", INT,
                                              { { "head", LIST_HEAD_P }, { "node", LIST_NODE_P },
                                                { "meta__ign", VOID_P }, { "off", U64_ } } },
    [GENERATED_KFUNC_list_pop_front] = { "bpf_list_pop_front", LIST_NODE_P, { { "head", LIST_HEAD_P } } },
    [GENERATED_KFUNC_list_pop_back] = { "bpf_list_pop_back", LIST_NODE_P, { { "head", LIST_HEAD_P } } },
    [GENERATED_KFUNC_rbtree_remove] = { "bpf_rbtree_remove", TREE_NODE_P,
                                        { { "root", TREE_ROOT_P }, { "node", TREE_NODE_P } } },
    [GENERATED_KFUNC_rbtree_add_impl] = { "bpf_rbtree_add_impl", INT,
                                          { { "root", TREE_ROOT_P }, { "node", TREE_NODE_P }, { "less", VOID_P },
                                            { "meta__ign", VOID_P }, { "off", U64_ } } },
    [GENERATED_KFUNC_rbtree_first] = { "bpf_rbtree_first", TREE_NODE_P, { { "root", TREE_ROOT_P } } },
    [GENERATED_KFUNC_throw] = { "bpf_throw", VOID, { { "cookie", U64_ } } },
    [GENERATED_KFUNC_iter_bits_new] = { "bpf_iter_bits_new", INT,
                                        { { "it", ITER_BITS_P }, { "unsafe_ptr__ign", VOID_P }, { "nr_words", INT } } },
    [GENERATED_KFUNC_iter_bits_next] = { "bpf_iter_bits_next", INT_P, { { "it", ITER_BITS_P } } },
    [GENERATED_KFUNC_iter_bits_destroy] = { "bpf_iter_bits_destroy", VOID, { { "it", ITER_BITS_P } } },
    [GENERATED_KFUNC_iter_task_new] = { "bpf_iter_task_new", INT,
                                        { { "it", ITER_TASK_P }, { "task__nullable", TASK_P }, { "flags", INT } } },
    [GENERATED_KFUNC_iter_task_next] = { "bpf_iter_task_next", TASK_P, { { "it", ITER_TASK_P } } },
    [GENERATED_KFUNC_iter_task_destroy] = { "bpf_iter_task_destroy", VOID, { { "it", ITER_TASK_P } } },
    [GENERATED_KFUNC_wq_init] = { "bpf_wq_init", INT, { { "wq", WORK_P }, { "p__map", VOID_P }, { "flags", INT } } },
    [GENERATED_KFUNC_wq_set_callback_impl] = { "bpf_wq_set_callback_impl", INT,
                                               { { "wq", WORK_P }, { "callback_fn", VOID_P }, { "flags", INT },
                                                 { "aux__prog", VOID_P } } },
    [GENERATED_KFUNC_wq_start] = { "bpf_wq_start", INT, { { "wq", WORK_P }, { "flags", INT } } },
};

int32_t generated_kfunc_id(enum generated_kfunc kfunc)
{
    return FIRST_PROTO + 2 * (int32_t)kfunc + 1;
}

enum generated_kfunc generated_kfunc_of(int32_t id)
{
    int32_t at = id - FIRST_PROTO;
    return at > 0 && at % 2 == 1 && at / 2 < GENERATED_KFUNC_COUNT ? (enum generated_kfunc)(at / 2)
                                                                   : GENERATED_KFUNC_COUNT;
}

int32_t generated_kfunc_named(const char *text)
{
    for (uint32_t i = 0; i < GENERATED_KFUNC_COUNT; i++)
        if (strcmp(kernel_funcs[i].name, text) == 0)
            return generated_kfunc_id((enum generated_kfunc)i);
    return 0;
}

static void put_func(struct writer *w, const struct kernel_func *func)
{
    uint32_t count = 0;
    while (count < PARAM_MAX && func->params[count].name != NULL)
        count++;
    put_type(w, "", PROTO | count, func->returns);
    for (uint32_t i = 0; i < count; i++) {
        put(w, name(w, func->params[i].name));
        put(w, func->params[i].type);
    }
    uint32_t id = FIRST_PROTO + 2 * (uint32_t)(func - kernel_funcs);
    put_type(w, func->name, FUNC | BPF_BTF_STATIC, id);
}

/* A struct of so many words, and what points to it. */
static void put_opaque(struct writer *w, const char *text, uint32_t words, enum kernel_type id)
{
    put_type(w, text, STRUCTURE | words, words * 8);
    for (uint32_t i = 0; i < words; i++)
        put_member(w, "__opaque", U64_, i * 8);
    put_type(w, "", POINTER, id);
}

size_t generated_kernel_btf(uint8_t out[GENERATED_KERNEL_BTF_MAX])
{
    struct writer w = { .strings_size = 1 };
    put_number(&w, "int", 4);
    put_number(&w, "u64", 8);
    put_type(&w, "bpf_iter_num", STRUCTURE | 1, 8);
    put_member(&w, "__opaque", U64_, 0);
    put_type(&w, "", POINTER, INT);
    put_type(&w, "", POINTER, ITER_NUM);
    put_type(&w, "bpf_dynptr", STRUCTURE | 2, 16);
    put_member(&w, "__opaque", U64_, 0);
    put_member(&w, "__more", U64_, 8);
    put_type(&w, "", POINTER, DYNPTR);
    put_type(&w, "", POINTER, VOID);
    put_type(&w, "__sk_buff", STRUCTURE, 192);
    put_type(&w, "", POINTER, SKB);
    put_type(&w, "xdp_md", STRUCTURE, 24);
    put_type(&w, "", POINTER, XDP);
    put_type(&w, "task_struct", STRUCTURE | 4, GENERATED_TASK_SIZE);
    put_member(&w, "pid", INT, 0);
    put_member(&w, "tgid", INT, 4);
    put_member(&w, "group_leader", TASK_P, GENERATED_TASK_LEADER);
    put_member(&w, "start_time", U64_, 16);
    put_type(&w, "", POINTER, TASK);
    put_opaque(&w, "bpf_list_head", 2, LIST_HEAD);
    put_opaque(&w, "bpf_list_node", 3, LIST_NODE);
    put_opaque(&w, "bpf_rb_root", 2, TREE_ROOT);
    put_opaque(&w, "bpf_rb_node", 4, TREE_NODE);
    put_opaque(&w, "bpf_iter_bits", 2, ITER_BITS);
    put_opaque(&w, "bpf_iter_task", 3, ITER_TASK);
    put_opaque(&w, "bpf_wq", 2, WORK);
    for (uint32_t i = 0; i < GENERATED_KFUNC_COUNT; i++)
        put_func(&w, &kernel_funcs[i]);
    return finish(&w, out, GENERATED_KERNEL_BTF_MAX);
}
