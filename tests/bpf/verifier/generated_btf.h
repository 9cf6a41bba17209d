/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The BTF of generated programs: the types of their functions. And that of a kernel: of each function
 * that they call by its BTF id, as Linux 6.12 declares it, and no more. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum generated_func {
    GENERATED_NUMBER = 2,      /* u32 */
    GENERATED_FUNC_GLOBAL = 7, /* u32 f(u64, u32 *, struct CONTEXT *) */
    GENERATED_FUNC_STATIC = 9, /* u32 s(u64, u32 *) */
    GENERATED_FUNC_MAIN = 11,  /* u32 m(struct CONTEXT *) */
    GENERATED_STRUCT_TASK = 12, /* struct task_struct: what a value's kernel pointer points to */
    GENERATED_STRUCT_VALUE = 17, /* of the maps with special fields (generator.h, GENERATOR_SPECIAL) */
};

#define GENERATED_BTF_MAX 800
/* `context`: the name of the struct that programs are given. Returns the size in bytes. */
size_t generated_btf(const char *context, uint8_t out[GENERATED_BTF_MAX]);

#define GENERATED_KFUNCS(X)                                                                        \
    X(iter_num_new) X(iter_num_next) X(iter_num_destroy)                                           \
    X(dynptr_from_skb) X(dynptr_from_xdp) X(dynptr_clone) X(dynptr_slice) X(dynptr_slice_rdwr)     \
    X(dynptr_adjust) X(dynptr_size) X(dynptr_is_null) X(dynptr_is_rdonly)                          \
    X(task_from_pid) X(task_acquire) X(task_release) X(rcu_read_lock) X(rcu_read_unlock)
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

#define GENERATED_KERNEL_BTF_MAX 4096
size_t generated_kernel_btf(uint8_t out[GENERATED_KERNEL_BTF_MAX]);
