/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's kernel functions for programs: what each is besides its type, and who may call it. Those
 * that are not here are refused. */
#include <bpf_linux/contexts.h>
#include <bpf_linux/kfuncs.h>

#define BIT(type) (UINT64_C(1) << BPF_LINUX_##type)
#define EVERY     (~UINT64_C(1))
/* One hook for all of these (Linux: bpf_prog_type_to_kfunc_hook()). */
#define TRACE   (BIT(TRACING) | BIT(TRACEPOINT) | BIT(PERF_EVENT) | BIT(LSM))
#define CPUMASK (TRACE | BIT(STRUCT_OPS) | BIT(SYSCALL))
#define CGROUP_HOOK                                                                    \
    (BIT(CGROUP_SKB) | BIT(CGROUP_SOCK) | BIT(CGROUP_SOCK_ADDR) | BIT(CGROUP_DEVICE) | \
     BIT(CGROUP_SYSCTL) | BIT(CGROUP_SOCKOPT) | BIT(SOCK_OPS))
#define GENERIC (TRACE | BIT(SCHED_CLS) | BIT(XDP) | BIT(STRUCT_OPS) | BIT(SYSCALL) | CGROUP_HOOK)

#define SKBS                                                                             \
    (BIT(SCHED_CLS) | BIT(SCHED_ACT) | BIT(SK_SKB) | BIT(SOCKET_FILTER) | BIT(CGROUP_SKB) | \
     BIT(LWT_OUT) | BIT(LWT_IN) | BIT(LWT_XMIT) | BIT(LWT_SEG6LOCAL) | BIT(NETFILTER) | TRACE)

#define ACQUIRE BPF_KFUNC_ACQUIRE
#define RELEASE BPF_KFUNC_RELEASE
#define OR_NULL BPF_KFUNC_RET_NULL
#define TRUSTED BPF_KFUNC_TRUSTED_ARGS
#define RCU     BPF_KFUNC_RCU

/* (name, flags, who may call it[, what is special]) */
#define K(name, flags, who)       { name, flags, who, BPF_KFUNC_ORDINARY }
#define S(name, flags, who, what) { name, flags, who, what }

// clang-format off
const struct bpf_kfunc bpf_linux_kfuncs[] = {
    K("bpf_arena_alloc_pages", BPF_KFUNC_SLEEPABLE | TRUSTED, EVERY),
    K("bpf_arena_free_pages", BPF_KFUNC_SLEEPABLE | TRUSTED, EVERY),
    K("bpf_cast_to_kern_ctx", BPF_KFUNC_CAST_CONTEXT, EVERY),
    K("bpf_cgroup_acquire", ACQUIRE | RCU | OR_NULL, GENERIC),
    K("bpf_cgroup_ancestor", ACQUIRE | RCU | OR_NULL, GENERIC),
    K("bpf_cgroup_from_id", ACQUIRE | OR_NULL, GENERIC),
    K("bpf_cgroup_release", RELEASE, GENERIC),
    K("bpf_copy_from_user_str", BPF_KFUNC_SLEEPABLE, EVERY),
    K("bpf_cpumask_acquire", ACQUIRE | TRUSTED, CPUMASK),
    K("bpf_cpumask_and", RCU, CPUMASK),
    K("bpf_cpumask_any_and_distribute", RCU, CPUMASK),
    K("bpf_cpumask_any_distribute", RCU, CPUMASK),
    K("bpf_cpumask_clear", RCU, CPUMASK),
    K("bpf_cpumask_clear_cpu", RCU, CPUMASK),
    K("bpf_cpumask_copy", RCU, CPUMASK),
    K("bpf_cpumask_create", ACQUIRE | OR_NULL, CPUMASK),
    K("bpf_cpumask_empty", RCU, CPUMASK),
    K("bpf_cpumask_equal", RCU, CPUMASK),
    K("bpf_cpumask_first", RCU, CPUMASK),
    K("bpf_cpumask_first_and", RCU, CPUMASK),
    K("bpf_cpumask_first_zero", RCU, CPUMASK),
    K("bpf_cpumask_full", RCU, CPUMASK),
    K("bpf_cpumask_intersects", RCU, CPUMASK),
    K("bpf_cpumask_or", RCU, CPUMASK),
    K("bpf_cpumask_release", RELEASE, CPUMASK),
    K("bpf_cpumask_set_cpu", RCU, CPUMASK),
    K("bpf_cpumask_setall", RCU, CPUMASK),
    K("bpf_cpumask_subset", RCU, CPUMASK),
    K("bpf_cpumask_test_and_clear_cpu", RCU, CPUMASK),
    K("bpf_cpumask_test_and_set_cpu", RCU, CPUMASK),
    K("bpf_cpumask_test_cpu", RCU, CPUMASK),
    K("bpf_cpumask_weight", RCU, CPUMASK),
    K("bpf_cpumask_xor", RCU, CPUMASK),
    K("bpf_crypto_ctx_acquire", ACQUIRE | RCU | OR_NULL, BIT(SYSCALL)),
    K("bpf_crypto_ctx_create", ACQUIRE | OR_NULL | BPF_KFUNC_SLEEPABLE, BIT(SYSCALL)),
    K("bpf_crypto_ctx_release", RELEASE, BIT(SYSCALL)),
    K("bpf_crypto_decrypt", RCU, BIT(SCHED_CLS)),
    K("bpf_crypto_encrypt", RCU, BIT(SCHED_CLS)),
    K("bpf_dynptr_adjust", 0, EVERY),
    S("bpf_dynptr_clone", 0, EVERY, BPF_KFUNC_DYNPTR_CLONE),
    S("bpf_dynptr_from_skb", TRUSTED, SKBS, BPF_KFUNC_DYNPTR_FROM_SKB),
    S("bpf_dynptr_from_xdp", 0, BIT(XDP), BPF_KFUNC_DYNPTR_FROM_XDP),
    K("bpf_dynptr_is_null", 0, EVERY),
    K("bpf_dynptr_is_rdonly", 0, EVERY),
    K("bpf_dynptr_size", 0, EVERY),
    S("bpf_dynptr_slice", OR_NULL, EVERY, BPF_KFUNC_DYNPTR_SLICE),
    S("bpf_dynptr_slice_rdwr", OR_NULL, EVERY, BPF_KFUNC_DYNPTR_SLICE_WRITE),
    K("bpf_get_dentry_xattr", BPF_KFUNC_SLEEPABLE | TRUSTED, BIT(LSM)),
    K("bpf_get_file_xattr", BPF_KFUNC_SLEEPABLE | TRUSTED, BIT(LSM)),
    K("bpf_get_task_exe_file", ACQUIRE | TRUSTED | OR_NULL, BIT(LSM)),
    K("bpf_iter_bits_destroy", BPF_KFUNC_ITER_DESTROY, EVERY),
    K("bpf_iter_bits_new", BPF_KFUNC_ITER_NEW, EVERY),
    K("bpf_iter_bits_next", BPF_KFUNC_ITER_NEXT | OR_NULL, EVERY),
    K("bpf_iter_css_destroy", BPF_KFUNC_ITER_DESTROY, EVERY),
    K("bpf_iter_css_new", BPF_KFUNC_ITER_NEW | TRUSTED | BPF_KFUNC_RCU_PROTECTED, EVERY),
    K("bpf_iter_css_next", BPF_KFUNC_ITER_NEXT | OR_NULL, EVERY),
    K("bpf_iter_css_task_destroy", BPF_KFUNC_ITER_DESTROY, EVERY),
    S("bpf_iter_css_task_new", BPF_KFUNC_ITER_NEW | TRUSTED, EVERY, BPF_KFUNC_ITER_CSS_TASK_NEW),
    K("bpf_iter_css_task_next", BPF_KFUNC_ITER_NEXT | OR_NULL, EVERY),
    K("bpf_iter_num_destroy", BPF_KFUNC_ITER_DESTROY, EVERY),
    S("bpf_iter_num_new", BPF_KFUNC_ITER_NEW, EVERY, BPF_KFUNC_ITER_NUM_NEW),
    K("bpf_iter_num_next", BPF_KFUNC_ITER_NEXT | OR_NULL, EVERY),
    K("bpf_iter_task_destroy", BPF_KFUNC_ITER_DESTROY, EVERY),
    K("bpf_iter_task_new", BPF_KFUNC_ITER_NEW | TRUSTED | BPF_KFUNC_RCU_PROTECTED, EVERY),
    K("bpf_iter_task_next", BPF_KFUNC_ITER_NEXT | OR_NULL, EVERY),
    K("bpf_iter_task_vma_destroy", BPF_KFUNC_ITER_DESTROY, EVERY),
    K("bpf_iter_task_vma_new", BPF_KFUNC_ITER_NEW | RCU, EVERY),
    K("bpf_iter_task_vma_next", BPF_KFUNC_ITER_NEXT | OR_NULL, EVERY),
    K("bpf_key_put", RELEASE, TRACE),
    S("bpf_list_pop_back", ACQUIRE | OR_NULL, GENERIC, BPF_KFUNC_LIST_POP),
    S("bpf_list_pop_front", ACQUIRE | OR_NULL, GENERIC, BPF_KFUNC_LIST_POP),
    S("bpf_list_push_back_impl", 0, GENERIC, BPF_KFUNC_LIST_PUSH),
    S("bpf_list_push_front_impl", 0, GENERIC, BPF_KFUNC_LIST_PUSH),
    K("bpf_lookup_system_key", ACQUIRE | OR_NULL, TRACE),
    K("bpf_lookup_user_key", ACQUIRE | OR_NULL | BPF_KFUNC_SLEEPABLE, TRACE),
    S("bpf_obj_drop_impl", RELEASE, GENERIC, BPF_KFUNC_OBJ_DROP),
    S("bpf_obj_new_impl", ACQUIRE | OR_NULL, GENERIC, BPF_KFUNC_OBJ_NEW),
    K("bpf_path_d_path", TRUSTED, BIT(LSM)),
    S("bpf_percpu_obj_drop_impl", RELEASE, GENERIC, BPF_KFUNC_PERCPU_DROP),
    S("bpf_percpu_obj_new_impl", ACQUIRE | OR_NULL, GENERIC, BPF_KFUNC_PERCPU_NEW),
    K("bpf_preempt_disable", BPF_KFUNC_PREEMPT_OFF, EVERY),
    K("bpf_preempt_enable", BPF_KFUNC_PREEMPT_ON, EVERY),
    K("bpf_put_file", RELEASE, BIT(LSM)),
    S("bpf_rbtree_add_impl", 0, GENERIC, BPF_KFUNC_RBTREE_ADD),
    S("bpf_rbtree_first", OR_NULL, GENERIC, BPF_KFUNC_RBTREE_FIRST),
    S("bpf_rbtree_remove", ACQUIRE | OR_NULL, GENERIC, BPF_KFUNC_RBTREE_REMOVE),
    K("bpf_rcu_read_lock", BPF_KFUNC_RCU_LOCK, EVERY),
    K("bpf_rcu_read_unlock", BPF_KFUNC_RCU_UNLOCK, EVERY),
    S("bpf_rdonly_cast", 0, EVERY, BPF_KFUNC_CAST_READ_ONLY),
    S("bpf_refcount_acquire_impl", ACQUIRE | OR_NULL | RCU, GENERIC, BPF_KFUNC_REFCOUNT_ACQUIRE),
    K("bpf_sock_addr_set_sun_path", 0, BIT(CGROUP_SOCK_ADDR)),
    K("bpf_task_acquire", ACQUIRE | RCU | OR_NULL, GENERIC),
    K("bpf_task_from_pid", ACQUIRE | OR_NULL, GENERIC),
    K("bpf_task_get_cgroup1", ACQUIRE | RCU | OR_NULL, GENERIC),
    K("bpf_task_release", RELEASE, GENERIC),
    K("bpf_task_under_cgroup", RCU, GENERIC),
    S("bpf_throw", 0, GENERIC, BPF_KFUNC_THROW),
    S("bpf_wq_init", 0, EVERY, BPF_KFUNC_WORK_INIT),
    S("bpf_wq_set_callback_impl", 0, EVERY, BPF_KFUNC_WORK_CALLBACK),
    S("bpf_wq_start", 0, EVERY, BPF_KFUNC_WORK_START),
};
// clang-format on
const uint32_t bpf_linux_kfunc_count = ARRAY_SIZE(bpf_linux_kfuncs);
