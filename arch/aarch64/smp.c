/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Other CPUs: PSCI starts them one at a time and takes them off again.
 *
 *   off --arch_cpu_start()--> started --kernel_secondary_main() returns--> parked (off, by CPU_OFF)
 *
 * A CPU that comes after its starter has given up must not run: whoever takes `open` from 1 to 0
 * decides. */
#include "smp.h"

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <axiom/errno.h>
#include <port/backtrace.h>
#include <port/console.h>
#include <port/layout.h>
#include <port/port.h>

#include "cpu.h"
#include "gic.h"
#include "psci.h"

#define ANSWER_TIMEOUT_US 200000u

extern const char arm_secondary_entry[];
void arm_secondary_start(uint32_t cpu);

static struct arm_start_record records[CPU_MAX];
static uint64_t image_at, idmap_root, kernel_root;
static uint32_t cpu_count = 1;
static bool answered;
static bool stopping;
static uint32_t stopped_count;

void smp_prepare(const struct boot_tree *tree, uint64_t image, uint64_t idmap, uint64_t kernel)
{
    image_at = image;
    idmap_root = idmap;
    kernel_root = kernel;
    cpu_count = 1;
    arm_cpus[0].started = true;
    for (uint32_t i = 0; i < tree->cpu_count && cpu_count < CPU_MAX && psci_present(); i++) {
        if (tree->cpu_ids[i] != arm_cpus[0].mpidr)
            arm_cpus[cpu_count++].mpidr = tree->cpu_ids[i];
    }
    if (tree->cpu_count > 1 && !psci_present())
        console_print("smp: one of %u CPUs is used: the device tree has no PSCI to start others",
                      tree->cpu_count);
    if (tree->cpus_left_out != 0)
        console_print("smp: %u CPUs are more than this kernel serves", tree->cpus_left_out);
}

uint32_t arch_cpu_count(void)
{
    return cpu_count;
}

static uint64_t image_phys(const void *at)
{
    return image_at + ((uint64_t)at - (uint64_t)image_start);
}

void arm_secondary_start(uint32_t id)
{
    struct arm_cpu *cpu = &arm_cpus[id];
    arm_cpu_init(id);
    arm_cpu_protect();
    __atomic_store_n(&answered, true, __ATOMIC_RELEASE);
    kernel_secondary_main();
    /* The stack is the core's again once `parked` is seen: nothing of it may be touched after. */
    arch_irq_disable();
    __atomic_store_n(&cpu->started, false, __ATOMIC_RELEASE);
    psci_cpu_off(&cpu->parked);
}

static bool wait_for_answer(void)
{
    for (uint32_t us = 0; us < ANSWER_TIMEOUT_US; us += 10) {
        if (__atomic_load_n(&answered, __ATOMIC_ACQUIRE))
            return true;
        arm_delay_us(10);
    }
    return false;
}

/* Until a CPU that was told to go off is, it cannot be told to come on. */
static int turn_on(const struct arm_cpu *target, uint64_t entry, uint64_t record)
{
    int err = -EBUSY;
    for (uint32_t us = 0; us < ANSWER_TIMEOUT_US && err == -EBUSY; us += 100) {
        err = psci_cpu_on(target->mpidr, entry, record);
        if (err == -EBUSY)
            arm_delay_us(100);
    }
    return err;
}

int arch_cpu_start(uint32_t cpu, void *stack_base, size_t stack_size)
{
    if (cpu == 0 || cpu >= cpu_count)
        return -ENODEV;
    struct arm_cpu *target = &arm_cpus[cpu];
    struct arm_start_record *record = &records[cpu];
    if (target->started)
        return -EBUSY;
    *record = (struct arm_start_record){
        .ttbr0 = idmap_root,
        .ttbr1 = kernel_root,
        .stack = ((uint64_t)stack_base + stack_size) & ~UINT64_C(15),
        .self = (uint64_t)record,
        .open = 1,
        .cpu = cpu,
    };
    /* Read by a CPU whose caches are off. */
    for (uint64_t at = (uint64_t)record; at < (uint64_t)(record + 1); at += 16)
        __asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
    __asm__ volatile("dsb sy" ::: "memory");
    target->context = NULL;
    target->parked = false;
    __atomic_store_n(&answered, false, __ATOMIC_RELEASE);
    __atomic_store_n(&target->started, true, __ATOMIC_RELEASE);
    int err = turn_on(target, image_phys(arm_secondary_entry), image_phys(record));
    if (err == 0 &&
        (wait_for_answer() || __atomic_exchange_n(&record->open, 0, __ATOMIC_ACQ_REL) == 0))
        return 0;
    __atomic_store_n(&target->started, false, __ATOMIC_RELEASE);
    return err ? err : -ETIMEDOUT;
}

bool arch_cpu_parked(uint32_t cpu)
{
    return cpu < cpu_count && __atomic_load_n(&arm_cpus[cpu].parked, __ATOMIC_ACQUIRE);
}

/* --- the end of all --- */

bool smp_stop_asked(void)
{
    return __atomic_load_n(&stopping, __ATOMIC_RELAXED);
}

_Noreturn void smp_stopped(uint64_t pc, uint64_t fp)
{
    arch_irq_disable();
    if (!arm_this_cpu()->started)
        port_halt();
    console_print("CPU %u:", arch_cpu_id());
    backtrace_print(pc, fp);
    __atomic_fetch_add(&stopped_count, 1, __ATOMIC_RELEASE);
    port_halt();
}

void port_stop_others(void)
{
    uint32_t me = arch_cpu_id(), running = 0;
    for (uint32_t i = 0; i < cpu_count; i++)
        running += i != me && __atomic_load_n(&arm_cpus[i].started, __ATOMIC_ACQUIRE) ? 1 : 0;
    if (__atomic_exchange_n(&stopping, true, __ATOMIC_ACQ_REL))
        return;
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (i != me && arm_cpus[i].started)
            gic_send(i);
    }
    uint32_t stopped = 0;
    for (uint32_t us = 0; us < ANSWER_TIMEOUT_US && stopped < running; us += 100) {
        arm_delay_us(100);
        stopped = __atomic_load_n(&stopped_count, __ATOMIC_ACQUIRE);
    }
    if (stopped < running)
        console_print("smp: %u CPUs do not answer: they have interrupts masked, and do not wait",
                      running - stopped);
}
