/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Other CPUs: INIT, then two start-up interrupts with the trampoline's page (Intel SDM volume 3,
 * 8.4.4.1); they come one at a time, so one stack pointer is enough to hand over.
 *
 *   off --arch_cpu_start()--> started --kernel_secondary_main() returns--> parked (INIT wakes it) */
#include "smp.h"

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/irqflags.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <port/console.h>
#include <port/port.h>

#include "calibrate.h"
#include "cpu.h"
#include "image.h"

#define ANSWER_TIMEOUT_US 200000u

extern const char trampoline_start[], trampoline_end[];
void x86_secondary_start(void);

uint64_t x86_kernel_cr3;
extern uint64_t secondary_stack_top;
uint64_t secondary_stack_top;
static uint32_t cpu_count = 1;
static uint32_t starting;
static bool answered;
static bool stopping;
static uint32_t stopped_count;

static bool trap_stacks_take(struct x86_cpu *cpu, struct memmap *map)
{
    uint64_t at = memmap_take(map, TRAP_STACKS_SIZE, UINT64_MAX);
    cpu->trap_stacks = arch_phys_to_virt((struct phys_addr){ at });
    return at != 0;
}

void smp_prepare(const struct acpi_info *acpi, struct memmap *map)
{
    uint32_t boot_id = x86_lapic_id();
    cpu_count = 1;
    x86_cpus[0].apic_id = boot_id;
    x86_cpus[0].started = true;
    for (uint32_t i = 0; i < acpi->cpu_count && cpu_count < CPU_MAX; i++) {
        if (acpi->apic_ids[i] == boot_id)
            continue;
        if (!trap_stacks_take(&x86_cpus[cpu_count], map)) {
            console_print("smp: too little memory for more than %u CPUs", cpu_count);
            break;
        }
        x86_cpus[cpu_count++].apic_id = acpi->apic_ids[i];
    }
    if (acpi->cpus_left_out != 0)
        console_print("smp: %u CPUs are more than this kernel serves", acpi->cpus_left_out);
    memcpy(arch_phys_to_virt((struct phys_addr){ TRAMPOLINE }), trampoline_start,
           (size_t)(trampoline_end - trampoline_start));
}

uint32_t arch_cpu_count(void)
{
    return cpu_count;
}

static void secondary_main(void *argument)
{
    struct x86_cpu *cpu = argument;
    __atomic_store_n(&answered, true, __ATOMIC_RELEASE);
    kernel_secondary_main();
    /* The stack is the core's again once `parked` is seen: nothing of it may be touched after. */
    __asm__ volatile("cli" ::: "memory");
    __atomic_store_n(&cpu->started, false, __ATOMIC_RELEASE);
    x86_flush_asked();
    __asm__ volatile("movb $1, %0\n"
                     "1:\n\t"
                     "hlt\n\t"
                     "jmp 1b"
                     : "=m"(cpu->parked)::"memory");
    __builtin_unreachable();
}

void x86_secondary_start(void)
{
    struct x86_cpu *cpu = &x86_cpus[starting];
    x86_cpu_init(starting);
    if (!x86_lapic_reach(false))
        port_halt(); /* the boot CPU sees that it does not answer */
    x86_lapic_enable();
    secondary_main(cpu);
}

static bool wait_for_answer(uint32_t timeout_us)
{
    for (uint32_t us = 0; us < timeout_us; us += 10) {
        if (__atomic_load_n(&answered, __ATOMIC_ACQUIRE))
            return true;
        x86_delay_us(10);
    }
    return false;
}

int arch_cpu_start(uint32_t cpu, void *stack_base, size_t stack_size)
{
    if (cpu == 0 || cpu >= cpu_count)
        return -ENODEV;
    struct x86_cpu *target = &x86_cpus[cpu];
    if (target->started)
        return -EBUSY;
    starting = cpu;
    secondary_stack_top = ((uint64_t)stack_base + stack_size) & ~UINT64_C(15);
    target->context = NULL;
    target->parked = false;
    __atomic_store_n(&answered, false, __ATOMIC_RELEASE);
    __atomic_store_n(&target->started, true, __ATOMIC_RELEASE);
    x86_lapic_send_init(target->apic_id);
    x86_delay_us(200); /* SDM: 10 ms for CPUs of 1996; those since need none */
    for (uint32_t i = 0; i < 2; i++) {
        x86_lapic_send_startup(target->apic_id, TRAMPOLINE >> 12);
        if (wait_for_answer(i == 0 ? 1000 : ANSWER_TIMEOUT_US))
            return 0;
    }
    /* It must not come later and find another's stack. */
    x86_lapic_send_init(target->apic_id);
    __atomic_store_n(&target->started, false, __ATOMIC_RELEASE);
    return -ETIMEDOUT;
}

bool arch_cpu_parked(uint32_t cpu)
{
    return cpu < cpu_count && __atomic_load_n(&x86_cpus[cpu].parked, __ATOMIC_ACQUIRE);
}

/* --- the end of all --- */

bool x86_stop_asked(void)
{
    return __atomic_load_n(&stopping, __ATOMIC_ACQUIRE);
}

_Noreturn void x86_stopped(void)
{
    __atomic_fetch_add(&stopped_count, 1, __ATOMIC_RELEASE);
    port_halt();
}

void port_stop_others(void)
{
    uint32_t me = arch_cpu_id();
    if (__atomic_exchange_n(&stopping, true, __ATOMIC_ACQ_REL))
        return;
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (i == me || !x86_cpus[i].started)
            continue;
        uint32_t before = __atomic_load_n(&stopped_count, __ATOMIC_ACQUIRE);
        x86_lapic_send_nmi(x86_cpus[i].apic_id);
        for (uint32_t us = 0; us < ANSWER_TIMEOUT_US; us += 100) {
            if (__atomic_load_n(&stopped_count, __ATOMIC_ACQUIRE) != before)
                break;
            x86_delay_us(100);
        }
    }
}
