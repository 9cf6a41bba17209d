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

#define MSR_APIC_BASE    0x1bu
#define APIC_BASE_X2APIC (UINT64_C(1) << 10)
#define APIC_BASE_ENABLE (UINT64_C(1) << 11)

static char *registers;
static bool x2; /* they are model-specific registers; all CPUs' */

void x86_lapic_map(uint64_t physical)
{
    if (!x2)
        registers = kmap_map((struct phys_addr){ physical & ~UINT64_C(0xfff) }, PAGE_SIZE,
                             MMU_READ | MMU_WRITE | KMAP_DEVICE);
}

static uint32_t read(uint32_t reg)
{
    return x2 ? (uint32_t)x86_rdmsr(LAPIC_MSR(reg)) : io_read32(registers + reg);
}

static void write(uint32_t reg, uint32_t value)
{
    if (x2)
        x86_wrmsr(LAPIC_MSR(reg), value);
    else
        io_write32(registers + reg, value);
}

/* As firmware left it: x2APIC mode may be locked (10.12.1), and on some CPUs what was switched off stays
 * so until a reset (10.4.3), which is the only way out of that mode (10.12.5, figure 10-27). */
bool x86_lapic_reach(bool boot_cpu)
{
    uint64_t base = x86_rdmsr(MSR_APIC_BASE);
    if (boot_cpu)
        x2 = (base & APIC_BASE_X2APIC) != 0;
    if ((base & APIC_BASE_X2APIC) != 0 && !x2) {
        base &= ~(APIC_BASE_X2APIC | APIC_BASE_ENABLE);
        x86_wrmsr(MSR_APIC_BASE, base);
    }
    if ((base & APIC_BASE_ENABLE) == 0) {
        base |= APIC_BASE_ENABLE;
        x86_wrmsr(MSR_APIC_BASE, base);
    }
    if (x2 && (base & APIC_BASE_X2APIC) == 0)
        x86_wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
    uint64_t mode = APIC_BASE_ENABLE | (x2 ? APIC_BASE_X2APIC : 0);
    return (x86_rdmsr(MSR_APIC_BASE) & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == mode;
}

bool x86_lapic_is_x2(void)
{
    return x2;
}

void x86_lapic_enable(void)
{
    write(LAPIC_TPR, 0);
    write(LAPIC_SVR, LAPIC_SVR_ENABLE | VECTOR_SPURIOUS);
}

uint32_t x86_lapic_id(void)
{
    return x2 ? read(LAPIC_ID) : read(LAPIC_ID) >> 24;
}

void x86_lapic_eoi(void)
{
    write(LAPIC_EOI, 0);
}

/* The two halves belong together: an interrupt between them could send one of its own. */
static void command(uint32_t apic_id, uint32_t low)
{
    if (x2) {
        x86_send_fence();
        x86_wrmsr(LAPIC_MSR_ICR, (uint64_t)apic_id << LAPIC_MSR_ID_AT | low);
        return;
    }
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
