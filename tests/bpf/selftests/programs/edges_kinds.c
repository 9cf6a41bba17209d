/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Rules of Linux's verifier about loops, callbacks, kinds of program and kernel objects, one program on each side; the
 * running kernel (6.18) was asked about each. */
#include "common.h"
#include "bpf_experimental.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, char[64]);
} array SEC(".maps");

struct locked {
    struct bpf_spin_lock lock;
    __u32 count;
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct locked);
} locks SEC(".maps");

struct timed {
    struct bpf_timer timer;
    __u64 count;
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct timed);
} timers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} ring SEC(".maps");

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *dynptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *dynptr, __u32 offset, void *buffer, __u32 size) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *dynptr, __u32 start, __u32 end) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *dynptr, struct bpf_dynptr *clone) __ksym;
extern void *bpf_cast_to_kern_ctx(void *) __ksym;
extern void *bpf_rdonly_cast(const void *, __u32) __ksym;

/* --- Loops --- */
SEC("tc") ACCEPT int iterator_index_masked(struct __sk_buff *skb)
{
    char buffer[16] = {};
    int i;
    bpf_for(i, 0, 1000)
        buffer[i & 15] = i;
    return buffer[skb->len & 15];
}
SEC("tc") REFUSE int iterator_index_beyond(struct __sk_buff *skb)
{
    char buffer[16] = {};
    int i;
    bpf_for(i, 0, 1000)
        buffer[i & 31] = i;
    return buffer[skb->len & 15];
}
SEC("tc") ACCEPT int iterator_index_itself(struct __sk_buff *skb)
{
    volatile char buffer[16] = {};
    int i;
    bpf_for(i, 0, 16)
        buffer[i] = i;
    return buffer[skb->len & 15];
}
SEC("tc") REFUSE int iterator_not_destroyed(struct __sk_buff *skb)
{
    struct bpf_iter_num it;
    bpf_iter_num_new(&it, 0, 3);
    bpf_iter_num_next(&it);
    return 0;
}
SEC("tc") REFUSE int iterator_used_after(struct __sk_buff *skb)
{
    struct bpf_iter_num it;
    bpf_iter_num_new(&it, 0, 3);
    bpf_iter_num_destroy(&it);
    bpf_iter_num_next(&it);
    return 0;
}
SEC("tc") REFUSE int iterator_copied(struct __sk_buff *skb)
{
    struct bpf_iter_num it, copy;
    bpf_iter_num_new(&it, 0, 3);
    __builtin_memcpy(&copy, &it, sizeof it);
    bpf_iter_num_destroy(&copy);
    return 0;
}
SEC("tc") REFUSE int iterator_element_not_tested(struct __sk_buff *skb)
{
    struct bpf_iter_num it;
    bpf_iter_num_new(&it, 0, 3);
    int *i = bpf_iter_num_next(&it);
    int n = *i;
    bpf_iter_num_destroy(&it);
    return n;
}
SEC("tc") ACCEPT int may_goto_bounds(struct __sk_buff *skb)
{
    int n = 0;
    while (can_loop)
        n += skb->len;
    return n & 1;
}
SEC("tc") REFUSE int may_goto_index(struct __sk_buff *skb)
{
    __u32 key = 0, i = 0;
    char *value = bpf_map_lookup_elem(&array, &key);
    if (value == NULL)
        return 0;
    while (can_loop) {
        barrier_var(i);
        value[i++] = 0;
    }
    return 0;
}
SEC("tc") ACCEPT int may_goto_index_compared(struct __sk_buff *skb)
{
    __u32 key = 0, i = 0;
    char *value = bpf_map_lookup_elem(&array, &key);
    if (value == NULL)
        return 0;
    while (can_loop) {
        if (i > 63)
            break;
        value[i] = 0;
        i++;
        barrier_var(i);
    }
    return 0;
}

/* --- Callbacks --- */
struct seen {
    char *value;
    __u32 count;
};
static int touches(__u32 i, void *data)
{
    struct seen *seen = data;
    seen->count += i;
    return 0;
}
static int stores_its_stack(__u32 i, void *data)
{
    struct seen *seen = data;
    char own[8] = {};
    seen->value = own;
    return 0;
}
static int returns_two(__u32 i, void *data)
{
    return 2;
}
static int takes_the_value_away(__u32 i, void *data)
{
    struct seen *seen = data;
    seen->value = NULL;
    return 0;
}
static int reads_the_value(__u32 i, void *data)
{
    struct seen *seen = data;
    seen->value[63] = 1;
    return 0;
}
static int acquires(__u32 i, void *data)
{
    void *record = bpf_ringbuf_reserve(&ring, 8, 0);
    return record != NULL;
}
SEC("tc") ACCEPT int callback_counts(struct __sk_buff *skb)
{
    struct seen seen = {};
    bpf_loop(5, touches, &seen, 0);
    return seen.count & 1;
}
SEC("tc") REFUSE int callback_stores_its_stack(struct __sk_buff *skb)
{
    struct seen seen = {};
    bpf_loop(5, stores_its_stack, &seen, 0);
    return 0;
}
SEC("tc") REFUSE int callback_result(struct __sk_buff *skb)
{
    bpf_loop(5, returns_two, NULL, 0);
    return 0;
}
SEC("tc") REFUSE int callback_takes_pointer_away(struct __sk_buff *skb)
{
    __u32 key = skb->len;
    struct seen seen = { bpf_map_lookup_elem(&array, &key), 0 };
    if (seen.value == NULL)
        return 0;
    bpf_loop(5, takes_the_value_away, &seen, 0);
    return seen.value[0];
}
SEC("tc") ACCEPT int callback_reads_pointer(struct __sk_buff *skb)
{
    __u32 key = skb->len;
    struct seen seen = { bpf_map_lookup_elem(&array, &key), 0 };
    if (seen.value == NULL)
        return 0;
    bpf_loop(5, reads_the_value, &seen, 0);
    return seen.value[0];
}
SEC("tc") REFUSE int callback_acquires(struct __sk_buff *skb)
{
    bpf_loop(5, acquires, NULL, 0);
    return 0;
}
/* The flags are looked at when it runs. */
SEC("tc") ACCEPT int callback_flags(struct __sk_buff *skb)
{
    struct seen seen = {};
    bpf_loop(5, touches, &seen, 1);
    return 0;
}
static int later(void *map, __u32 *key, struct timed *value)
{
    value->count++;
    return 0;
}
static int later_and_one(void *map, __u32 *key, struct timed *value)
{
    return 1;
}
static int later_and_stops(void *map, __u32 *key, struct timed *value)
{
    bpf_timer_cancel(&value->timer);
    bpf_timer_start(&value->timer, 1, 0);
    return 0;
}
#define TIMER(verdict, name, text)                              \
    SEC("tc") verdict int name(struct __sk_buff *skb)           \
    {                                                           \
        __u32 key = 0;                                          \
        struct timed *value = bpf_map_lookup_elem(&timers, &key); \
        if (value == NULL)                                      \
            return 0;                                           \
        text;                                                   \
        return 0;                                               \
    }
TIMER(ACCEPT, timer_set, bpf_timer_init(&value->timer, &timers, 0); bpf_timer_set_callback(&value->timer, later))
TIMER(REFUSE, timer_result, bpf_timer_init(&value->timer, &timers, 0); bpf_timer_set_callback(&value->timer, later_and_one))
TIMER(ACCEPT, timer_again, bpf_timer_set_callback(&value->timer, later_and_stops))
TIMER(REFUSE, timer_of_other_map, bpf_timer_init(&value->timer, &array, 0))
TIMER(REFUSE, timer_bytes_read, return *(__u64 *)value & 1)
TIMER(REFUSE, timer_moved, bpf_timer_start((void *)value + 8, 1, 0))
TIMER(ACCEPT, timer_count, value->count = skb->len)

/* --- Locks and sections --- */
#define LOCK(verdict, name, text)                              \
    SEC("tc") verdict int name(struct __sk_buff *skb)          \
    {                                                          \
        __u32 key = 0;                                         \
        struct locked *value = bpf_map_lookup_elem(&locks, &key); \
        if (value == NULL)                                     \
            return 0;                                          \
        text;                                                  \
        return 0;                                              \
    }
LOCK(ACCEPT, lock_and_unlock, bpf_spin_lock(&value->lock); value->count++; bpf_spin_unlock(&value->lock))
LOCK(REFUSE, lock_lost, bpf_spin_lock(&value->lock); value->count++)
LOCK(REFUSE, lock_twice, bpf_spin_lock(&value->lock); bpf_spin_lock(&value->lock); bpf_spin_unlock(&value->lock))
LOCK(REFUSE, lock_and_call, bpf_spin_lock(&value->lock); bpf_ktime_get_ns(); bpf_spin_unlock(&value->lock))
LOCK(REFUSE, lock_bytes_written, *(__u32 *)value = 0)
LOCK(REFUSE, lock_copied, struct locked copy = *value; __sink(copy); return copy.count)
LOCK(REFUSE, lock_on_one_way, if (skb->len > 5) bpf_spin_lock(&value->lock); value->count++; bpf_spin_unlock(&value->lock))
LOCK(REFUSE, section_in_lock, bpf_spin_lock(&value->lock); bpf_rcu_read_lock(); bpf_rcu_read_unlock(); bpf_spin_unlock(&value->lock))
SEC("tc") ACCEPT int section(struct __sk_buff *skb) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }
SEC("tc") REFUSE int section_left_open(struct __sk_buff *skb) { bpf_rcu_read_lock(); return 0; }
SEC("tc") REFUSE int section_not_entered(struct __sk_buff *skb) { bpf_rcu_read_unlock(); return 0; }
SEC("tc") ACCEPT int no_preemption(struct __sk_buff *skb) { bpf_preempt_disable(); bpf_preempt_enable(); return 0; }
SEC("tc") ACCEPT int no_preemption_nested(struct __sk_buff *skb) { bpf_preempt_disable(); bpf_preempt_disable(); bpf_preempt_enable(); bpf_preempt_enable(); return 0; }
SEC("tc") REFUSE int no_preemption_once(struct __sk_buff *skb) { bpf_preempt_disable(); bpf_preempt_disable(); bpf_preempt_enable(); return 0; }
SEC("?fentry.s/bpf_fentry_test1") REFUSE int BPF_PROG(sleeps_without_preemption, int a) { char b[8]; bpf_preempt_disable(); bpf_copy_from_user(b, 8, NULL); bpf_preempt_enable(); return 0; }

/* --- Kernel objects --- */
SEC("tp_btf/task_newtask") ACCEPT int BPF_PROG(task_member, struct task_struct *task, u64 flags) { return task->pid & 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(task_member_written, struct task_struct *task, u64 flags) { task->pid = 0; return 0; }
SEC("tp_btf/task_newtask") ACCEPT int BPF_PROG(task_acquired, struct task_struct *task, u64 flags) { struct task_struct *t = bpf_task_acquire(task); if (t) bpf_task_release(t); return 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(task_lost, struct task_struct *task, u64 flags) { struct task_struct *t = bpf_task_acquire(task); return 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(task_released_not_acquired, struct task_struct *task, u64 flags) { bpf_task_release(task); return 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(task_released_not_tested, struct task_struct *task, u64 flags) { struct task_struct *t = bpf_task_acquire(task); bpf_task_release(t); return 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(task_walked_acquired, struct task_struct *task, u64 flags) { struct task_struct *t = bpf_task_acquire(task->last_wakee); if (t) bpf_task_release(t); return 0; }
SEC("tp_btf/task_newtask") ACCEPT int BPF_PROG(task_parent_acquired, struct task_struct *task, u64 flags) { struct task_struct *t = bpf_task_acquire(task->real_parent); if (t) bpf_task_release(t); return 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(task_parent_parent_acquired, struct task_struct *task, u64 flags) { struct task_struct *t = bpf_task_acquire(task->parent->parent); if (t) bpf_task_release(t); return 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(pointer_partly, struct task_struct *task, u64 flags) { return *(volatile __u32 *)&task->mm; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(member_and_next, struct task_struct *task, u64 flags) { volatile __u64 *p = (void *)&task->exit_state; barrier_var(p); return *p & 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(beyond_task, struct task_struct *task, u64 flags) { return *(volatile char *)(task + 1); }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(before_task, struct task_struct *task, u64 flags) { return *((volatile char *)task - 1); }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(variable_member, struct task_struct *task, u64 flags) { return *((volatile char *)task + (flags & 7)); }
SEC("tp_btf/task_newtask") ACCEPT int BPF_PROG(name_member, struct task_struct *task, u64 flags) { return *(volatile __u64 *)task->comm & 0; }
SEC("tp_btf/task_newtask") REFUSE int BPF_PROG(name_and_more, struct task_struct *task, u64 flags) { return *(volatile __u64 *)(task->comm + 9); }
SEC("raw_tp/task_newtask") REFUSE int BPF_PROG(raw_is_number, struct task_struct *task, u64 flags) { return *(volatile int *)&task->pid; }
SEC("fentry/bpf_fentry_test1") REFUSE int BPF_PROG(argument_beyond, int a) { return ctx[3]; }
SEC("fexit/bpf_fentry_test1") ACCEPT int BPF_PROG(result_argument, int a, int ret) { return ret & 0; }
SEC("fentry/bpf_fentry_test1") REFUSE int BPF_PROG(result_at_entry, int a, int ret) { return ret; }
SEC("fentry/bpf_fentry_test1") REFUSE int BPF_PROG(argument_written, int a) { ctx[0] = 1; return 0; }
SEC("fentry/bpf_fentry_test1") REFUSE int BPF_PROG(argument_half, int a) { return *((volatile __u32 *)ctx + 1); }

/* --- Dynptrs --- */
SEC("tc") ACCEPT int dynptr_read(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    char buffer[8];
    bpf_dynptr_from_skb(skb, 0, &p);
    char *at = bpf_dynptr_slice(&p, 0, buffer, sizeof buffer);
    return at != NULL ? at[7] & 1 : 0;
}
SEC("tc") REFUSE int dynptr_read_not_tested(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    char buffer[8];
    bpf_dynptr_from_skb(skb, 0, &p);
    return *(char *)bpf_dynptr_slice(&p, 0, buffer, sizeof buffer);
}
SEC("tc") REFUSE int dynptr_slice_written(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    char buffer[8];
    bpf_dynptr_from_skb(skb, 0, &p);
    char *at = bpf_dynptr_slice(&p, 0, buffer, sizeof buffer);
    if (at != NULL)
        at[0] = 1;
    return 0;
}
SEC("tc") REFUSE int dynptr_slice_larger_than_buffer(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    char buffer[8];
    bpf_dynptr_from_skb(skb, 0, &p);
    char *at = bpf_dynptr_slice(&p, 0, buffer, 600);
    return at != NULL;
}
SEC("tc") REFUSE int dynptr_slice_after_change(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    char buffer[8];
    bpf_dynptr_from_skb(skb, 0, &p);
    char *at = bpf_dynptr_slice(&p, 0, buffer, sizeof buffer);
    bpf_skb_pull_data(skb, 0);
    return at != NULL ? at[0] : 0;
}
SEC("tc") REFUSE int dynptr_bytes_read(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    bpf_dynptr_from_skb(skb, 0, &p);
    return *(volatile __u32 *)&p;
}
SEC("tc") REFUSE int dynptr_not_made(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    return bpf_dynptr_adjust(&p, 0, 1);
}
SEC("tc") ACCEPT int dynptr_cloned(struct __sk_buff *skb)
{
    struct bpf_dynptr p, q;
    bpf_dynptr_from_skb(skb, 0, &p);
    bpf_dynptr_clone(&p, &q);
    return bpf_dynptr_adjust(&q, 0, 1) & 1;
}
SEC("tc") REFUSE int dynptr_record_lost(struct __sk_buff *skb)
{
    struct bpf_dynptr p;
    bpf_ringbuf_reserve_dynptr(&ring, 8, 0, &p);
    return 0;
}
SEC("tc") REFUSE int dynptr_record_clone_after_submit(struct __sk_buff *skb)
{
    struct bpf_dynptr p, q;
    bpf_ringbuf_reserve_dynptr(&ring, 8, 0, &p);
    bpf_dynptr_clone(&p, &q);
    bpf_ringbuf_submit_dynptr(&p, 0);
    return bpf_dynptr_adjust(&q, 0, 1);
}
SEC("tc") ACCEPT int dynptr_record_clone_submitted(struct __sk_buff *skb)
{
    struct bpf_dynptr p, q;
    bpf_ringbuf_reserve_dynptr(&ring, 8, 0, &p);
    bpf_dynptr_clone(&p, &q);
    bpf_ringbuf_submit_dynptr(&q, 0);
    return 0;
}
SEC("tc") ACCEPT int context_cast(struct __sk_buff *skb)
{
    struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);
    return kernel->len & 1;
}
SEC("tc") ACCEPT int context_cast_device(struct __sk_buff *skb)
{
    struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);
    return kernel->dev->ifindex & 1;
}
SEC("tc") REFUSE int context_cast_pointer_in_union_partly(struct __sk_buff *skb)
{
    struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);
    return *(volatile __u32 *)&kernel->dev & 1;
}
SEC("tc") REFUSE int context_cast_written(struct __sk_buff *skb)
{
    struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);
    kernel->len = 0;
    return 0;
}
SEC("raw_tp/sys_enter") REFUSE int context_of_numbers_cast(void *ctx) { return bpf_cast_to_kern_ctx(ctx) != NULL; }
