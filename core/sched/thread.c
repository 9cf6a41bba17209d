/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The life of a thread: made, started, ended, joined. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <internal/sched.h>

struct thread *thread_current(void)
{
    struct irq_state state = cpu_irq_save();
    struct thread *thread = this_cpu()->current;
    cpu_irq_restore(state);
    return thread;
}

const char *thread_name(const struct thread *thread)
{
    return thread->name;
}

bool context_is_interrupt(void)
{
    return this_cpu()->irq_depth != 0; /* in an interrupt the CPU cannot change */
}

bool context_is_atomic(void)
{
    if (arch_irqs_disabled())
        return true;
    struct arch_irqflags flags =
        arch_irq_save(); /* else an interrupt may move us between the two */
    const struct cpu *cpu = this_cpu();
    bool atomic = cpu->irq_depth != 0 || cpu->preempt_count != 0;
    arch_irq_restore(flags);
    return atomic;
}

int thread_stack_make(void **pages, void **stack)
{
    void *memory = page_alloc(THREAD_STACK_ORDER);
    if (memory == NULL)
        return -ENOMEM;
    int err = arch_stack_map(arch_virt_to_phys(memory), THREAD_STACK_SIZE, stack);
    if (err) {
        page_free(memory, THREAD_STACK_ORDER);
        return err;
    }
    *pages = memory;
    return 0;
}

void thread_stack_free(void *pages, void *stack)
{
    arch_stack_unmap(stack, THREAD_STACK_SIZE);
    page_free(pages, THREAD_STACK_ORDER);
}

struct thread *thread_allocate(const char *name)
{
    struct thread *thread = kzalloc(sizeof *thread);
    if (thread == NULL)
        return NULL;
    string_copy(thread->name, sizeof thread->name, name);
    completion_init(&thread->exited);
    spin_lock_init(&thread->lock);
    list_init(&thread->ready_link);
    list_init(&thread->held);
    list_init(&thread->mutex_link);
    thread->donated = URGENCY_IDLE;
    thread->state = THREAD_RUNNABLE;
    return thread;
}

/* The first frame of every thread. */
static void thread_main(void *argument)
{
    struct thread *thread = argument;
    sched_switch_finish();
    arch_irq_enable();
    sched_preempt(); /* what was woken while interrupts were off */
    thread_exit(thread->entry(thread->argument));
}

int thread_create(const struct thread_options *options, struct thread **out)
{
    struct thread *thread = thread_allocate(options->name);
    if (thread == NULL)
        return -ENOMEM;
    thread->entry = options->entry;
    thread->argument = options->argument;
    thread->params = options->sched;
    thread->cpu_mask = options->cpu_mask != 0 ? options->cpu_mask : UINT32_MAX;
    thread->cpu = arch_cpu_id(); /* a hint: where its creator is */
    int err = thread_stack_make(&thread->stack_pages, &thread->stack);
    if (err)
        goto free_thread;
    err = sched_params_admit(&thread->params, &thread->cpu_mask, &thread->cpu);
    if (err)
        goto free_stack;
    arch_context_init(&thread->context, thread->stack, THREAD_STACK_SIZE, thread_main, thread);
    *out = thread; /* before it runs: it may look */
    sched_start(thread);
    return 0;
free_stack:
    thread_stack_free(thread->stack_pages, thread->stack);
free_thread:
    kfree(thread);
    return err;
}

void thread_exit(int result)
{
    struct thread *thread = thread_current();
    BUG_ON(context_is_atomic());
    BUG_ON(!list_empty(&thread->held));
    thread->result = result;
    arch_irq_disable();
    __atomic_store_n(&thread->state, THREAD_EXITED, __ATOMIC_RELEASE);
    schedule(SCHED_EXIT);
    panic("thread %s runs after its end", thread->name);
}

void thread_destroy(struct thread *thread)
{
    BUG_ON(thread->state != THREAD_EXITED);
    timer_cancel_sync(&thread->replenish);
    if (thread->params.policy == SCHED_POLICY_DEADLINE)
        deadline_release(&thread->params, thread->cpu);
    arch_context_destroy(&thread->context);
    thread_stack_free(thread->stack_pages, thread->stack);
    kfree(thread);
}

int thread_join(struct thread *thread)
{
    completion_wait(&thread->exited);
    int result = thread->result;
    thread_destroy(thread);
    return result;
}

void thread_stop(struct thread *thread)
{
    __atomic_store_n(&thread->should_stop, true, __ATOMIC_RELEASE);
    thread_wake(thread);
}

bool thread_should_stop(void)
{
    return __atomic_load_n(&thread_current()->should_stop, __ATOMIC_ACQUIRE);
}

void thread_yield(void)
{
    BUG_ON(context_is_atomic());
    arch_irq_disable();
    schedule(SCHED_YIELD);
    arch_irq_enable();
}

static void state_set(enum thread_state new_state)
{
    struct thread *thread = thread_current();
    struct irq_state state = spin_lock_irqsave(&thread->lock);
    __atomic_store_n(&thread->state, (uint8_t)new_state, __ATOMIC_SEQ_CST);
    spin_unlock_irqrestore(&thread->lock, state);
}

void thread_block_prepare(void)
{
    state_set(THREAD_BLOCKED);
}

void thread_block_cancel(void)
{
    state_set(THREAD_RUNNABLE);
}

void thread_block(void)
{
    BUG_ON(context_is_atomic());
    arch_irq_disable();
    if (this_cpu()->current->state == THREAD_BLOCKED)
        schedule(SCHED_BLOCK);
    arch_irq_enable();
}

static void sleep_expired(struct timer *timer, void *thread)
{
    (void)timer;
    thread_wake(thread);
}

int thread_sleep_until(uint64_t time_ns)
{
    struct timer timer;
    int err = 0;
    timer_init(&timer, sleep_expired, thread_current());
    while (ktime_get_ns() < time_ns && err == 0) {
        thread_block_prepare();
        timer_start(&timer, time_ns);
        if (!time_is_running())
            err = -ENODEV; /* or it is not any more */
        else if (thread_should_stop())
            err = -EINTR;
        else
            thread_block();
    }
    thread_block_cancel();
    timer_cancel_sync(&timer);
    return err;
}

int thread_sleep_for(uint64_t duration_ns)
{
    uint64_t until_ns;
    if (__builtin_add_overflow(ktime_get_ns(), duration_ns, &until_ns))
        until_ns = TIME_NEVER - 1;
    return thread_sleep_until(until_ns);
}
