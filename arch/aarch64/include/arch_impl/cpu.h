/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/cpu.h>"
#endif

/* TPIDR_EL1 is the index itself. */
static inline uint32_t arch_cpu_id(void)
{
    uint64_t id;
    __asm__ volatile("mrs %0, tpidr_el1" : "=r"(id));
    return (uint32_t)id;
}

static inline void arch_point(void)
{
}

/* In a loop of the port's own that waits for another CPU. */
static inline void port_pause(void)
{
    __asm__ volatile("yield");
}
