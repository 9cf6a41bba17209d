/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The local APIC, as far as the port needs it itself: who am I, start a CPU, ask others. As the
 * board's interrupt controller it has a driver (drivers/irq/lapic.c), which shares nothing with this
 * but the registers; an image on the simulated machine has only this. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch_impl/io.h>
#include <hw/regs/lapic.h>
#include <port/kmap.h>

#include "cpu.h"

#define BUSY_LOOKS_MAX 1000000u

#define MSR_APIC_BASE            0x1bu
#define APIC_BASE_X2APIC         (UINT64_C(1) << 10)
#define APIC_BASE_ENABLE         (UINT64_C(1) << 11)
#define CPUID_ARCH_CAPABILITIES  (1u << 29)
#define MSR_ARCH_CAPABILITIES    0x10au
#define CAPABILITY_XAPIC_DISABLE (UINT64_C(1) << 21)
#define MSR_XAPIC_DISABLE_STATUS 0xbdu

static char *registers;

void x86_lapic_map(uint64_t physical)
{
    registers = kmap_map((struct phys_addr){ physical & ~UINT64_C(0xfff) }, PAGE_SIZE,
                         MMU_READ | MMU_WRITE | KMAP_DEVICE);
}

static uint32_t read(uint32_t reg)
{
    return io_read32(registers + reg);
}

static void write(uint32_t reg, uint32_t value)
{
    io_write32(registers + reg, value);
}

/* Whether firmware may have locked x2APIC mode, and has (SDM volume 3, 10.12.1; volume 4, table 2-2). */
static bool x2apic_is_locked(void)
{
    bool has_capabilities =
        x86_cpuid(0, 0).eax >= 7 && (x86_cpuid(7, 0).edx & CPUID_ARCH_CAPABILITIES) != 0;
    return has_capabilities && (x86_rdmsr(MSR_ARCH_CAPABILITIES) & CAPABILITY_XAPIC_DISABLE) != 0 &&
           (x86_rdmsr(MSR_XAPIC_DISABLE_STATUS) & 1) != 0;
}

bool x86_lapic_reach(void)
{
    uint64_t base = x86_rdmsr(MSR_APIC_BASE);
    if ((base & APIC_BASE_X2APIC) != 0) {
        if (x2apic_is_locked())
            return false;
        base &=
            ~(APIC_BASE_X2APIC | APIC_BASE_ENABLE); /* the only way back is through off (10.12.5) */
        x86_wrmsr(MSR_APIC_BASE, base);
    }
    if ((base & APIC_BASE_ENABLE) == 0)
        x86_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    return true;
}

void x86_lapic_enable(void)
{
    write(LAPIC_TPR, 0);
    write(LAPIC_SVR, LAPIC_SVR_ENABLE | VECTOR_SPURIOUS);
}

uint32_t x86_lapic_id(void)
{
    return read(LAPIC_ID) >> 24;
}

void x86_lapic_eoi(void)
{
    write(LAPIC_EOI, 0);
}

/* The two halves belong together: an interrupt between them could send one of its own. */
static void command(uint32_t apic_id, uint32_t low)
{
    struct arch_irqflags flags = arch_irq_save();
    write(LAPIC_ICR_HIGH, apic_id << 24);
    write(LAPIC_ICR_LOW, low);
    for (uint32_t i = 0; i < BUSY_LOOKS_MAX && (read(LAPIC_ICR_LOW) & LAPIC_ICR_PENDING) != 0; i++)
        port_pause();
    arch_irq_restore(flags);
}

void x86_lapic_send(uint32_t apic_id, uint32_t vector)
{
    command(apic_id, LAPIC_ICR_ASSERT | vector);
}

void x86_lapic_send_nmi(uint32_t apic_id)
{
    command(apic_id, LAPIC_ICR_ASSERT | LAPIC_ICR_NMI);
}

void x86_lapic_send_init(uint32_t apic_id)
{
    command(apic_id, LAPIC_ICR_ASSERT | LAPIC_ICR_INIT);
}

void x86_lapic_send_startup(uint32_t apic_id, uint32_t page)
{
    command(apic_id, LAPIC_ICR_ASSERT | LAPIC_ICR_STARTUP | page);
}

void x86_lapic_timer_run(void)
{
    write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
    write(LAPIC_TIMER_DIVIDE, LAPIC_DIVIDE_BY_1);
    write(LAPIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t x86_lapic_timer_read(void)
{
    return read(LAPIC_TIMER_CURRENT);
}
