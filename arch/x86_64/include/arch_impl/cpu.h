/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/cpu.h>"
#endif

/* Every CPU's GS base is its struct x86_cpu (arch/x86_64/cpu.h), which begins with its index. */
static inline uint32_t arch_cpu_id(void)
{
    uint32_t id;
    __asm__ volatile("movl %%gs:0, %0" : "=r"(id));
    return id;
}

static inline void arch_point(void)
{
}

/* In a loop of the port's own that waits for another CPU. */
static inline void port_pause(void)
{
    __asm__ volatile("pause");
}
