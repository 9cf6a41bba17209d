/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The BTF of generated programs: the types of their functions. And that of a kernel: of each function
 * that they call by its BTF id, as Linux 6.12 declares it, and no more. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum generated_func {
    GENERATED_NUMBER = 2,      /* u32 */
    GENERATED_FUNC_GLOBAL = 7, /* u32 f(u64, u32 *, struct CONTEXT *) */
    GENERATED_FUNC_STATIC = 9, /* u32 s(u64, u32 *) */
    GENERATED_FUNC_MAIN = 11,  /* u32 m(struct CONTEXT *) */
    GENERATED_STRUCT_TASK = 12, /* struct task_struct: what a value's kernel pointer points to */
    GENERATED_STRUCT_VALUE = 17, /* of the maps with special fields (generator.h, GENERATOR_SPECIAL) */
    GENERATED_STRUCT_OWN = 23,   /* the first of enum generated_own */
    GENERATED_STRUCT_OWN_VALUE = 30, /* of the map GENERATOR_OWN */
    GENERATED_FUNC_EXCEPTION = 32,   /* u32 x(u64): the exception callback */
};

/* Objects of the program's own. */
enum generated_own {
    GENERATED_ITEM,      /* for lists */
    GENERATED_TREE_ITEM, /* for trees */
    GENERATED_COUNTED,   /* for both, with a count of references */
    GENERATED_HOLDER,    /* has a lock and a list of items */
    GENERATED_OWN_COUNT
};

#define GENERATED_NONE UINT32_MAX

/* Where what is no plain bytes lies in one. */
struct generated_own_type {
    uint32_t size, list_node, tree_node, count, lock, list_head; /* GENERATED_NONE: it has none */
};
extern const struct generated_own_type generated_own_types[GENERATED_OWN_COUNT];

#define GENERATED_LIST_NODE_SIZE 24
#define GENERATED_TREE_NODE_SIZE 32
#define GENERATED_ROOT_SIZE      16 /* of lists and trees */

static inline uint32_t generated_own_id(enum generated_own type)
{
    return GENERATED_STRUCT_OWN + (uint32_t)type;
}

#define GENERATED_BTF_MAX 2400
/* `context`: the name of the struct that programs are given; `exception`: the program has an exception callback. Returns
 * the size in bytes. */
size_t generated_btf(const char *context, bool exception, uint8_t out[GENERATED_BTF_MAX]);

#define GENERATED_KFUNCS(X)                                                                        \
    X(iter_num_new) X(iter_num_next) X(iter_num_destroy)                                           \
    X(dynptr_from_skb) X(dynptr_from_xdp) X(dynptr_clone) X(dynptr_slice) X(dynptr_slice_rdwr)     \
    X(dynptr_adjust) X(dynptr_size) X(dynptr_is_null) X(dynptr_is_rdonly)                          \
    X(task_from_pid) X(task_acquire) X(task_release) X(rcu_read_lock) X(rcu_read_unlock)           \
    X(obj_new_impl) X(obj_drop_impl) X(refcount_acquire_impl) X(list_push_front_impl)              \
    X(list_push_back_impl) X(list_pop_front) X(list_pop_back) X(rbtree_remove) X(rbtree_add_impl)  \
    X(rbtree_first) X(throw)                                                                       \
    X(iter_bits_new) X(iter_bits_next) X(iter_bits_destroy)                                        \
    X(iter_task_new) X(iter_task_next) X(iter_task_destroy)                                        \
    X(wq_init) X(wq_set_callback_impl) X(wq_start)
#define GENERATED_KFUNC(name) GENERATED_KFUNC_##name,
enum generated_kfunc { GENERATED_KFUNCS(GENERATED_KFUNC) GENERATED_KFUNC_COUNT };

/* struct task_struct { int pid; int tgid; struct task_struct *group_leader; u64 start_time; } */
#define GENERATED_TASK_SIZE   24
#define GENERATED_TASK_LEADER 8
/* Of the stack, where pointers to tasks lie: acquired, seen in a map's value. */
#define GENERATED_TASK_SLOT (-136)
#define GENERATED_SEEN_SLOT (-144)

/* The id of bpf_NAME() in the kernel's BTF; and back, GENERATED_KFUNC_COUNT where it is none. */
int32_t generated_kfunc_id(enum generated_kfunc kfunc);
enum generated_kfunc generated_kfunc_of(int32_t id);
/* The id by the whole name, 0: there is none. */
int32_t generated_kfunc_named(const char *name);

#define GENERATED_KERNEL_BTF_MAX 8192
size_t generated_kernel_btf(uint8_t out[GENERATED_KERNEL_BTF_MAX]);
