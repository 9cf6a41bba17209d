/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A CPU's own registers. */
#include "cpu.h"

#include <arch/cpu.h>
#include <axiom/string.h>

#include "sbi.h"

#define SIE_SOFTWARE (UINT64_C(1) << IRQ_SOFTWARE)
#define SSTATUS_SUM  (UINT64_C(1) << 18) /* the kernel may use users' pages: never */
#define SSTATUS_MXR  (UINT64_C(1) << 19)

struct riscv_cpu riscv_cpus[CPU_MAX];
static bool has_sstc; /* written once */

void riscv_cpu_init(uint32_t id, uint64_t hart)
{
    struct riscv_cpu *cpu = &riscv_cpus[id];
    cpu->id = id;
    cpu->hart = hart;
    cpu->stack_base = 0;
    cpu->stack_size = UINT64_MAX; /* not known yet: any */
    cpu->emergency_top = (uint64_t)cpu->emergency_stack + EMERGENCY_STACK_SIZE;
    __asm__ volatile("mv tp, %0" ::"r"(cpu));
    CSR_WRITE("sscratch", cpu);
    CSR_WRITE("stvec", riscv_trap_entry);
    CSR_CLEAR("sstatus", SSTATUS_FS | SSTATUS_SUM | SSTATUS_MXR);
    CSR_WRITE("sie", SIE_SOFTWARE);
    __asm__ volatile("fence.i" ::: "memory"); /* code that was made while this CPU was off */
}

/* "rv64imafdc_zicsr_sstc": names after underscores. */
static bool isa_has(const char *isa, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = strchr(isa, '_'); at != NULL; at = strchr(at, '_')) {
        at++;
        if (strncmp(at, name, size) == 0 && (at[size] == '\0' || at[size] == '_'))
            return true;
    }
    return false;
}

/* The firmware says what the CPU has, but it is the firmware that lets us have it (menvcfg.STCE). */
void riscv_timer_probe(const char *isa)
{
    struct riscv_cpu *cpu = riscv_this_cpu();
    has_sstc = false;
    if (isa == NULL || !isa_has(isa, "sstc"))
        return;
    cpu->probing = true;
    CSR_WRITE(CSR_STIMECMP, UINT64_MAX);
    has_sstc = cpu->probing;
    cpu->probing = false;
}

void riscv_timer_set(uint64_t ticks)
{
    if (has_sstc)
        CSR_WRITE(CSR_STIMECMP, ticks);
    else
        sbi_set_timer(ticks);
}
