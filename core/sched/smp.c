/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPUs coming up and going, and what they do when there is nothing to do.
 *
 * The context in which a CPU enters the kernel becomes its idle thread. It looks for work with
 * interrupts masked, so that a wake-up between the look and arch_cpu_idle() keeps the interrupt
 * pending and ends the wait at once.
 *
 * One that does not start is left out. A CPU that ends is taken out of the choice first (online),
 * then idle runs on it alone and gives its ready threads away; its timers go to the boot CPU once it
 * is parked. */
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <internal/boot.h>
#include <internal/sched.h>

#define START_TIMEOUT_NS (1ull * NSEC_PER_SEC)

/* Of CPUs 1 and up; NULL: not started. */
static struct {
    void *pages;
    void *stack;
} stacks[CPU_MAX];

int idle_adopt(uint32_t index)
{
    struct cpu *cpu = &cpus[index];
    char name[THREAD_NAME_MAX];
    format_text(name, sizeof name, "idle/%u", index);
    struct thread *idle = thread_allocate(name);
    if (idle == NULL)
        return -ENOMEM;
    idle->is_idle = true;
    idle->cpu = index;
    idle->urgency = URGENCY_IDLE;
    cpu->idle = cpu->current = idle;
    cpu->urgency = URGENCY_IDLE;
    return 0;
}

void idle_release(uint32_t index)
{
    kfree(cpus[index].idle);
    cpus[index].idle = cpus[index].current = NULL;
}

void idle_loop(bool (*ended)(void))
{
    for (;;) {
        BUG_ON(!arch_irqs_disabled());
        if (this_cpu()->need_resched)
            schedule(SCHED_PREEMPT);
        if (ended())
            return;
        if (!this_cpu()->need_resched)
            arch_cpu_idle();
        arch_irq_enable(); /* the interrupt that ended the wait is taken here */
        arch_irq_disable();
    }
}

static bool cpu_is_stopping(void)
{
    return __atomic_load_n(&this_cpu()->stopping, __ATOMIC_ACQUIRE);
}

void kernel_secondary_main(void)
{
    struct cpu *cpu = this_cpu();
    irq_cpu_start();
    timer_cpu_start();
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    idle_loop(cpu_is_stopping);
    sched_evacuate();
}

static int cpu_start(uint32_t index)
{
    int err = thread_stack_make(&stacks[index].pages, &stacks[index].stack);
    if (err)
        return err;
    err = idle_adopt(index);
    if (err)
        goto free_stack;
    err = arch_cpu_start(index, stacks[index].stack, THREAD_STACK_SIZE);
    if (err)
        goto free_idle;
    uint64_t give_up_ns = ktime_get_ns() + START_TIMEOUT_NS;
    while (!__atomic_load_n(&cpus[index].online, __ATOMIC_ACQUIRE)) {
        if (ktime_get_ns() > give_up_ns)
            panic("CPU %u was started and does not answer", index); /* its stack is lost */
        delay_relax(give_up_ns);
    }
    return 0;
free_idle:
    idle_release(index);
free_stack:
    thread_stack_free(stacks[index].pages, stacks[index].stack);
    stacks[index].stack = NULL;
    return err;
}

static void cpu_stop(uint32_t index)
{
    struct cpu *cpu = &cpus[index];
    struct irq_state state = spin_lock_irqsave(&cpu->rq.lock);
    __atomic_store_n(&cpu->online, false, __ATOMIC_RELEASE);
    __atomic_store_n(&cpu->stopping, true, __ATOMIC_RELEASE);
    sched_resched_locked(cpu);
    spin_unlock_irqrestore(&cpu->rq.lock, state);
    while (!arch_cpu_parked(index))
        arch_cpu_relax(TIME_NEVER);
    state = cpu_irq_save();
    timer_queue_adopt(&cpu->timers);
    cpu_irq_restore(state);
    idle_release(index);
    thread_stack_free(stacks[index].pages, stacks[index].stack);
    stacks[index].stack = NULL;
}

void smp_exit(void)
{
    for (uint32_t i = CPU_MAX - 1; i > 0; i--) {
        if (stacks[i].stack != NULL)
            cpu_stop(i);
    }
    spin_contention_set(false);
}

int smp_init(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++)
        stacks[i].stack = NULL;
    uint32_t count = arch_cpu_count();
    if (count > CPU_MAX)
        count = CPU_MAX;
    if (count > 1)
        spin_contention_set(true);
    for (uint32_t i = 1; i < count; i++) {
        int err = cpu_start(i);
        if (err == -ENOMEM) {
            log_err("CPU %u does not start: no memory", i);
            smp_exit();
            return err;
        }
        if (err) /* it is never online; the others do its work */
            log_err("CPU %u does not start: error %d", i, err);
    }
    return 0;
}
