/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From the CPU's interrupt to the root controller, and back out through the scheduler.
 *
 * Interrupts stay masked inside, so the depth is 0 or 1 and needs no lock. It is published before
 * any handler is looked up: irq_synchronize() sees either the depth or a CPU that will see its
 * change. */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/irqflags.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/irq.h>
#include <core/time.h>
#include <internal/boot.h>
#include <internal/irq.h>
#include <internal/sched.h>

static struct irq_root *root; /* changes while one CPU is up */

void irq_count_spurious(void)
{
    this_cpu()->spurious_count++;
}

void kernel_irq(void)
{
    struct cpu *cpu = this_cpu();
    BUG_ON(cpu->irq_depth != 0);
    __atomic_store_n(&cpu->irq_depth, 1, __ATOMIC_RELAXED);
    bool look = ++cpu->irq_count % STORM_LOOK_EACH == 0;
    cpu->irq_leaf = NULL;
    uint64_t begin_ns = look ? ktime_get_ns() : 0;
    arch_mb();
    if (__builtin_expect(root != NULL, 1))
        root->handle(root);
    else
        irq_count_spurious();
    if (look)
        irq_storm_look(cpu, begin_ns);
    __atomic_store_n(&cpu->irq_depth, 0, __ATOMIC_RELEASE);
    if (cpu->need_resched && cpu->preempt_count == 0)
        schedule(SCHED_PREEMPT);
}

void irq_root_ipi(void)
{
    /* Its purpose is done: the CPU is in kernel_irq(), which looks at need_resched on the way out.
     */
}

void irq_send_resched(uint32_t cpu)
{
    if (root != NULL)
        root->send_ipi(root, 1u << cpu);
}

void irq_cpu_start(void)
{
    if (root != NULL)
        root->cpu_start(root);
}

int irq_root_register(struct irq_root *new_root)
{
    if (root != NULL) {
        log_err("irq: a second root controller");
        return -EBUSY;
    }
    struct irq_state state = cpu_irq_save();
    root = new_root;
    irq_cpu_start();
    cpu_irq_restore(state);
    return 0;
}

void irq_root_unregister(struct irq_root *old_root)
{
    if (root == old_root)
        root = NULL;
}

void irq_synchronize(void)
{
    uint32_t self = arch_cpu_id();
    arch_mb();
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        uint64_t before = __atomic_load_n(&cpus[i].irq_count, __ATOMIC_ACQUIRE);
        while (i != self && __atomic_load_n(&cpus[i].irq_depth, __ATOMIC_ACQUIRE) != 0 &&
               __atomic_load_n(&cpus[i].irq_count, __ATOMIC_ACQUIRE) == before)
            arch_cpu_relax(TIME_NEVER);
    }
}

void irq_counts(uint64_t *taken, uint64_t *spurious)
{
    *taken = *spurious = 0;
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        *taken += cpus[i].irq_count;
        *spurious += cpus[i].spurious_count;
    }
}

int irq_init(void)
{
    root = NULL;
    irq_domains_init();
    return 0;
}

void irq_exit(void)
{
    root = NULL;
}
