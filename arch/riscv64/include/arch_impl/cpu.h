/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/cpu.h>"
#endif

/* Every CPU's tp points to its struct riscv_cpu (arch/riscv64/cpu.h), which begins with its index. */
static inline uint32_t arch_cpu_id(void)
{
    uint32_t id;
    __asm__ volatile("lw %0, 0(tp)" : "=r"(id));
    return id;
}

static inline void arch_point(void)
{
}

/* In a loop of the port's own that waits for another CPU: Zihintpause, which is nothing where the CPU
 * does not have it. */
static inline void port_pause(void)
{
    __asm__ volatile(".word 0x0100000f" ::: "memory");
}
