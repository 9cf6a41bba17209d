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

#define ACQUIRE BPF_KFUNC_ACQUIRE
#define RELEASE BPF_KFUNC_RELEASE
#define OR_NULL BPF_KFUNC_RET_NULL
#define TRUSTED BPF_KFUNC_TRUSTED_ARGS
#define RCU     BPF_KFUNC_RCU

// clang-format off
const struct bpf_kfunc bpf_linux_kfuncs[] = {
    { "bpf_cast_to_kern_ctx", BPF_KFUNC_CAST_CONTEXT, EVERY },
    { "bpf_cgroup_acquire", ACQUIRE | RCU | OR_NULL, GENERIC },
    { "bpf_cgroup_ancestor", ACQUIRE | RCU | OR_NULL, GENERIC },
    { "bpf_cgroup_from_id", ACQUIRE | OR_NULL, GENERIC },
    { "bpf_cgroup_release", RELEASE, GENERIC },
    { "bpf_cpumask_acquire", ACQUIRE | TRUSTED, CPUMASK },
    { "bpf_cpumask_and", RCU, CPUMASK },
    { "bpf_cpumask_any_and_distribute", RCU, CPUMASK },
    { "bpf_cpumask_any_distribute", RCU, CPUMASK },
    { "bpf_cpumask_clear", RCU, CPUMASK },
    { "bpf_cpumask_clear_cpu", RCU, CPUMASK },
    { "bpf_cpumask_copy", RCU, CPUMASK },
    { "bpf_cpumask_create", ACQUIRE | OR_NULL, CPUMASK },
    { "bpf_cpumask_empty", RCU, CPUMASK },
    { "bpf_cpumask_equal", RCU, CPUMASK },
    { "bpf_cpumask_first", RCU, CPUMASK },
    { "bpf_cpumask_first_and", RCU, CPUMASK },
    { "bpf_cpumask_first_zero", RCU, CPUMASK },
    { "bpf_cpumask_full", RCU, CPUMASK },
    { "bpf_cpumask_intersects", RCU, CPUMASK },
    { "bpf_cpumask_or", RCU, CPUMASK },
    { "bpf_cpumask_release", RELEASE, CPUMASK },
    { "bpf_cpumask_set_cpu", RCU, CPUMASK },
    { "bpf_cpumask_setall", RCU, CPUMASK },
    { "bpf_cpumask_subset", RCU, CPUMASK },
    { "bpf_cpumask_test_and_clear_cpu", RCU, CPUMASK },
    { "bpf_cpumask_test_and_set_cpu", RCU, CPUMASK },
    { "bpf_cpumask_test_cpu", RCU, CPUMASK },
    { "bpf_cpumask_weight", RCU, CPUMASK },
    { "bpf_cpumask_xor", RCU, CPUMASK },
    { "bpf_get_task_exe_file", ACQUIRE | TRUSTED | OR_NULL, BIT(LSM) },
    { "bpf_preempt_disable", BPF_KFUNC_PREEMPT_OFF, EVERY },
    { "bpf_preempt_enable", BPF_KFUNC_PREEMPT_ON, EVERY },
    { "bpf_put_file", RELEASE, BIT(LSM) },
    { "bpf_rcu_read_lock", BPF_KFUNC_RCU_LOCK, EVERY },
    { "bpf_rcu_read_unlock", BPF_KFUNC_RCU_UNLOCK, EVERY },
    { "bpf_task_acquire", ACQUIRE | RCU | OR_NULL, GENERIC },
    { "bpf_task_from_pid", ACQUIRE | OR_NULL, GENERIC },
    { "bpf_task_get_cgroup1", ACQUIRE | RCU | OR_NULL, GENERIC },
    { "bpf_task_release", RELEASE, GENERIC },
    { "bpf_task_under_cgroup", RCU, GENERIC },
};
// clang-format on
const uint32_t bpf_linux_kfunc_count = ARRAY_SIZE(bpf_linux_kfuncs);
