/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program for Linux with a kernel object and a kernel function, whose names a log should tell. */
#define SEC(name) __attribute__((section(name), used))

struct task_struct {
    int pid, no_such_member;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(int pid) SEC(".ksyms");
extern void bpf_task_release(struct task_struct *task) SEC(".ksyms");

SEC("tp_btf/sched_switch")
int parent(unsigned long long *ctx)
{
    struct task_struct *previous = (struct task_struct *)ctx[1];
    struct task_struct *task = bpf_task_from_pid(previous->pid);
    if (task != 0)
        bpf_task_release(task);
    return 0;
}

/* Asks for a member that no kernel has. */
SEC("tp_btf/sched_switch")
int missing(unsigned long long *ctx)
{
    return ((struct task_struct *)ctx[1])->no_such_member;
}

char gpl[] SEC("license") = "GPL";
