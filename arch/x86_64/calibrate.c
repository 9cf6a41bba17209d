/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The reference is ACPI's PM timer (3.579545 MHz, 4.8.3.3), else channel 0 of the 8254 (1.193182
 * MHz; Intel 8254 datasheet 231164, mode 2). */
#include "calibrate.h"

#include <arch_impl/io.h>
#include <port/console.h>

#include "cpu.h"

#define PM_TIMER_HZ 3579545u
#define PIT_HZ      1193182u
#define WINDOW_US   1000u
#define LOOKS_MAX   10000000u
#define TSC_GUESS   UINT64_C(4000000000) /* for delays, until it is known: rather too long */

static uint64_t tsc_hz = TSC_GUESS;

void x86_delay_us(uint32_t us)
{
    uint64_t start = x86_rdtsc();
    uint64_t ticks = tsc_hz / 1000000 * us;
    while (x86_rdtsc() - start < ticks)
        __asm__ volatile("pause");
}

struct window { /* what the counters showed, and ns between */
    uint64_t tsc_from, tsc_to;
    uint32_t lapic_from, lapic_to;
    uint64_t ns;
};

static void note_from(struct window *w)
{
    w->lapic_from = x86_lapic_timer_read();
    w->tsc_from = x86_rdtsc();
}

static void note_to(struct window *w)
{
    w->tsc_to = x86_rdtsc();
    w->lapic_to = x86_lapic_timer_read();
}

static bool by_pm_timer(uint32_t port, struct window *w)
{
    const uint32_t wanted = PM_TIMER_HZ / (1000000 / WINDOW_US);
    uint32_t start = io_port_read32(port) & 0xffffff;
    uint32_t passed = 0;
    note_from(w);
    for (uint32_t i = 0; i < LOOKS_MAX && passed < wanted; i++)
        passed = ((io_port_read32(port) & 0xffffff) - start) & 0xffffff;
    note_to(w);
    w->ns = (uint64_t)passed * NSEC_PER_SEC / PM_TIMER_HZ;
    return passed >= wanted;
}

static uint32_t pit_count(void)
{
    io_port_write8(0x43, 0x00); /* latch channel 0 */
    uint32_t low = io_port_read8(0x40);
    return low | (uint32_t)io_port_read8(0x40) << 8;
}

static bool by_pit(struct window *w)
{
    const uint32_t wanted = PIT_HZ / (1000000 / WINDOW_US);
    io_port_write8(0x43, 0x34); /* channel 0, both bytes, mode 2: counts down from 65536, again and
                                   again; its interrupt is masked */
    io_port_write8(0x40, 0);
    io_port_write8(0x40, 0);
    uint32_t start = pit_count();
    uint32_t passed = 0;
    note_from(w);
    for (uint32_t i = 0; i < LOOKS_MAX / 100 && passed < wanted; i++)
        passed = (start - pit_count()) & 0xffff;
    note_to(w);
    w->ns = (uint64_t)passed * NSEC_PER_SEC / PIT_HZ;
    return passed >= wanted; /* a missing one shows one value for ever */
}

static uint64_t frequency(uint64_t ticks, uint64_t ns)
{
    uint64_t hz = ticks * NSEC_PER_SEC / ns;
    return hz >= 1000000 && hz <= UINT64_C(100) * NSEC_PER_SEC ? hz : 0;
}

void calibrate(const struct acpi_info *acpi, struct calibration *out)
{
    struct window w = { 0 };
    *out = (struct calibration){ 0 };
    x86_lapic_timer_run();
    if ((acpi->pm_timer_port == 0 || !by_pm_timer(acpi->pm_timer_port, &w)) && !by_pit(&w)) {
        console_print("timer: neither ACPI's PM timer nor an 8254 to measure the CPU's clocks by");
        return;
    }
    out->tsc_hz = frequency(w.tsc_to - w.tsc_from, w.ns);
    out->lapic_hz = frequency(w.lapic_from - w.lapic_to, w.ns);
    out->tsc_invariant =
        x86_cpuid(0x80000000, 0).eax >= 0x80000007 && (x86_cpuid(0x80000007, 0).edx >> 8 & 1) != 0;
    if (out->tsc_hz != 0)
        tsc_hz = out->tsc_hz;
}
