/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Kernel threads: a name, a guarded stack of their own, and a place in the schedule.
 *
 * A thread lives from thread_create() to the thread_join() that every creator owes it. */
#pragma once
#include <axiom/types.h>
#include <core/sched.h>

#define THREAD_NAME_MAX 24

struct thread;

struct thread_options {
    const char *name;             /* copied, cut to THREAD_NAME_MAX - 1 */
    int (*entry)(void *argument); /* its return value is what thread_join() gives */
    void *argument;
    struct sched_params sched; /* all zero: fixed priority 0, FIFO */
    uint32_t cpu_mask;         /* CPUs it may run on; 0: any */
};

/* Makes the thread and starts it. -ENOMEM; -EINVAL: the parameters make no sense; -EBUSY: no CPU
 * has room for this deadline reservation. Process context. */
int thread_create(const struct thread_options *options, struct thread **out);
/* Waits for its end, frees it, returns what entry returned. Process context. */
int thread_join(struct thread *thread);
/* Ends the calling thread, as returning from entry does. */
_Noreturn void thread_exit(int result);

/* Asks a thread to end: sets the flag that thread_should_stop() reads, and wakes it. Any context.
 */
void thread_stop(struct thread *thread);
bool thread_should_stop(void);

/* The running thread; the boot CPU's idle thread while the kernel boots. Process context. */
struct thread *thread_current(void);
const char *thread_name(const struct thread *thread);

/* Gives the CPU to another ready thread of the same urgency. Process context. */
void thread_yield(void);
/* Sleeps until ktime_get_ns() >= time_ns. -EINTR: thread_stop() asked it to end; -ENODEV: there are
 * no clock interrupts. Process context. */
int thread_sleep_until(uint64_t time_ns);
int thread_sleep_for(uint64_t duration_ns);

/* For waiting primitives (core/wait.h is what others want): from thread_block_prepare() on, a
 * thread_wake() makes the next thread_block() return at once; thread_block() sleeps until one
 * comes. thread_block_cancel() takes the preparation back. Process context; thread_wake(): any
 * context, true if it was blocked. */
void thread_block_prepare(void);
void thread_block(void);
void thread_block_cancel(void);
bool thread_wake(struct thread *thread);

/* Nanoseconds that the thread has spent on a CPU. Process context, own thread, or a stopped one. */
uint64_t thread_cpu_time_ns(const struct thread *thread);

/* True where sleeping is a mistake: in an interrupt, with interrupts or preemption off. */
bool context_is_atomic(void);
bool context_is_interrupt(void);
