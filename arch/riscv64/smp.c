/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Other CPUs: the firmware starts them (SBI HSM), and takes them back.
 *
 *   off --arch_cpu_start()--> started --kernel_secondary_main() returns--> parked (stopped for SBI)
 *
 * RISC-V has no interrupt that cannot be masked. A CPU that shall stop because another one panics sees
 * that when it takes an interrupt or waits for something; one that does neither is told of as such. */
#include "smp.h"

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/irqflags.h>
#include <axiom/errno.h>
#include <libfdt.h>
#include <port/backtrace.h>
#include <port/console.h>
#include <port/port.h>

#include "cpu.h"
#include "image.h"
#include "sbi.h"

#define ANSWER_TIMEOUT_US 500000u
#define NOBODY            UINT32_MAX

extern const char riscv_secondary_entry[], riscv_secondary_high[];
void riscv_secondary_start(uint64_t hart);
_Noreturn void riscv_park(uint32_t *parked);

static uint32_t cpu_count = 1;
static uint32_t timebase_hz;
static uint64_t kernel_satp;
static uint32_t answered;          /* 1 + the CPU that came up last */
static uint32_t stopping = NOBODY; /* whose turn it is to stop */

/* The tree's node of a hart; negative: none. */
static int node_of(const void *fdt, uint64_t hart)
{
    int cpus = fdt_path_offset(fdt, "/cpus"), node;
    if (cpus < 0)
        return cpus;
    fdt_for_each_subnode(node, fdt, cpus)
    {
        if (boot_tree_u32(fdt, node, "reg", UINT32_MAX) == hart)
            return node;
    }
    return -FDT_ERR_NOTFOUND;
}

/* The rate is the CPUs' node's, or each CPU's; 10 MHz where neither says it, for our own timeouts. */
static void boot_cpu_look(const void *fdt, uint64_t hart)
{
    int cpus = fdt_path_offset(fdt, "/cpus"), node = node_of(fdt, hart), size = 0;
    timebase_hz = cpus >= 0 ? boot_tree_u32(fdt, cpus, "timebase-frequency", 0) : 0;
    if (timebase_hz == 0 && node >= 0)
        timebase_hz = boot_tree_u32(fdt, node, "timebase-frequency", 0);
    if (timebase_hz == 0)
        timebase_hz = 10000000;
    const char *isa = node >= 0 ? fdt_getprop(fdt, node, "riscv,isa", &size) : NULL;
    if (isa != NULL && size > 0 && isa[size - 1] == '\0')
        riscv_timer_probe(isa);
}

void smp_prepare(const struct boot_tree *tree, uint64_t hart)
{
    cpu_count = 1;
    for (uint32_t i = 0; i < tree->cpu_count && cpu_count < CPU_MAX; i++) {
        if (tree->cpu_ids[i] != hart)
            riscv_cpus[cpu_count++].hart = tree->cpu_ids[i];
    }
    riscv_cpus[0].started = 1;
    boot_cpu_look(tree->fdt, hart);
    if (tree->cpus_left_out != 0)
        console_print("smp: %u CPUs are more than this kernel serves", tree->cpus_left_out);
    if (cpu_count > 1 && !(sbi_has_hsm() && sbi_has_ipi() && sbi_has_rfence())) {
        console_print(
            "smp: the firmware cannot start, interrupt and flush other CPUs: one is used");
        cpu_count = 1;
    }
}

void smp_tables_set(uint64_t satp)
{
    kernel_satp = satp;
}

uint32_t arch_cpu_count(void)
{
    return cpu_count;
}

uint32_t smp_others(void)
{
    uint32_t others = 0, me = arch_cpu_id();
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (i != me && __atomic_load_n(&riscv_cpus[i].started, __ATOMIC_ACQUIRE) != 0)
            others |= 1u << i;
    }
    return others;
}

/* A mask of SBI's has 64 harts from a base on (SBI 1.0, 3.1). */
void smp_each_group(uint32_t cpus, void (*what)(uint64_t mask, uint64_t base, void *context),
                    void *context)
{
    while (cpus != 0) {
        uint64_t base = riscv_cpus[__builtin_ctz(cpus)].hart, mask = 0;
        for (uint32_t i = 0; i < cpu_count; i++) {
            if ((cpus >> i & 1) != 0 && riscv_cpus[i].hart - base < 64) {
                mask |= UINT64_C(1) << (riscv_cpus[i].hart - base);
                cpus &= ~(1u << i);
            }
        }
        what(mask, base, context);
    }
}

/* --- starting --- */

void riscv_secondary_start(uint64_t hart)
{
    uint32_t index = 0;
    while (riscv_cpus[index].hart != hart)
        index++;
    struct riscv_cpu *cpu = &riscv_cpus[index];
    uint64_t base = cpu->stack_base, size = cpu->stack_size;
    riscv_cpu_init(index, hart);
    riscv_stack_note(base, size);
    __atomic_store_n(&answered, index + 1, __ATOMIC_RELEASE);
    kernel_secondary_main();
    /* The stack is the core's again once `parked` is seen: nothing of it may be touched after. */
    arch_irq_disable();
    __atomic_store_n(&cpu->started, 0, __ATOMIC_RELEASE);
    riscv_park(&cpu->parked);
}

static uint64_t ticks_of_us(uint32_t us)
{
    return (uint64_t)us * timebase_hz / 1000000 + 1;
}

static bool wait_for_answer(uint32_t cpu, uint32_t timeout_us)
{
    uint64_t start = CSR_READ("time");
    while (__atomic_load_n(&answered, __ATOMIC_ACQUIRE) != cpu + 1) {
        if (CSR_READ("time") - start > ticks_of_us(timeout_us))
            return false;
        port_pause();
    }
    return true;
}

/* One that was parked a moment ago may still be on its way into the firmware. */
static int64_t hart_start(struct riscv_cpu *target)
{
    uint64_t start = CSR_READ("time");
    int64_t error;
    do {
        error = sbi_hart_start(target->hart, riscv_phys_of(riscv_secondary_entry),
                               riscv_phys_of(target));
    } while (error == SBI_ALREADY_AVAILABLE &&
             CSR_READ("time") - start < ticks_of_us(ANSWER_TIMEOUT_US));
    return error;
}

int arch_cpu_start(uint32_t cpu, void *stack_base, size_t stack_size)
{
    if (cpu == 0 || cpu >= cpu_count)
        return -ENODEV;
    struct riscv_cpu *target = &riscv_cpus[cpu];
    if (target->started != 0)
        return -EBUSY;
    target->context = NULL;
    target->parked = 0;
    target->satp = kernel_satp;
    target->stack_base = (uint64_t)stack_base;
    target->stack_size = stack_size;
    target->stack_top = ((uint64_t)stack_base + stack_size) & ~UINT64_C(15);
    target->start = (uint64_t)riscv_secondary_high;
    __atomic_store_n(&answered, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&target->started, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&target->claim, CLAIM_ASKED, __ATOMIC_SEQ_CST);
    int64_t error = hart_start(target);
    if (error == 0 && wait_for_answer(cpu, ANSWER_TIMEOUT_US))
        return 0;
    /* It must not come later and find another's stack; if it came just now, it answers. */
    if (__atomic_exchange_n(&target->claim, 0, __ATOMIC_ACQ_REL) == CLAIM_COME) {
        while (!wait_for_answer(cpu, ANSWER_TIMEOUT_US))
            continue;
        return 0;
    }
    __atomic_store_n(&target->started, 0, __ATOMIC_RELEASE);
    if (error != 0) {
        console_print("smp: the firmware does not start CPU %u (hart %llu): SBI error %lld", cpu,
                      (unsigned long long)target->hart, (long long)error);
        return -ENODEV;
    }
    return -ETIMEDOUT;
}

bool arch_cpu_parked(uint32_t cpu)
{
    return cpu < cpu_count && __atomic_load_n(&riscv_cpus[cpu].parked, __ATOMIC_ACQUIRE) != 0;
}

/* --- the end of all --- */

void riscv_stop_if_asked(uint64_t pc, uint64_t fp)
{
    if (__builtin_expect(__atomic_load_n(&stopping, __ATOMIC_ACQUIRE) != arch_cpu_id(), 1))
        return;
    arch_irq_disable();
    console_print("CPU %u:", arch_cpu_id());
    backtrace_print(pc, fp);
    __atomic_store_n(&stopping, NOBODY, __ATOMIC_RELEASE);
    port_halt();
}

__attribute__((noinline)) void riscv_stop_if_asked_here(void)
{
    uint64_t fp = (uint64_t)__builtin_frame_address(0);
    const uint64_t *record = (const uint64_t *)(fp - 16);
    riscv_stop_if_asked(record[1] - 1, record[0]);
}

static void send_ipi(uint64_t mask, uint64_t base, void *context)
{
    (void)context;
    sbi_send_ipi(mask, base);
}

void port_stop_others(void)
{
    uint32_t others = smp_others();
    for (uint32_t i = 0; i < cpu_count; i++) {
        if ((others >> i & 1) == 0)
            continue;
        __atomic_store_n(&stopping, i, __ATOMIC_SEQ_CST);
        smp_each_group(1u << i, send_ipi, NULL);
        uint64_t start = CSR_READ("time");
        while (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE) != NOBODY &&
               CSR_READ("time") - start < ticks_of_us(ANSWER_TIMEOUT_US))
            port_pause();
        uint32_t expected = i;
        if (__atomic_exchange_n(&stopping, NOBODY, __ATOMIC_ACQ_REL) == expected)
            console_print("CPU %u: has interrupts masked and does not wait: not stopped", i);
    }
}
