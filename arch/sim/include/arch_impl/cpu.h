/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/cpu.h>"
#endif
#include <arch_impl/sim_cpu.h>

static inline uint32_t arch_cpu_id(void)
{
    return arch_sim_cpu.id;
}

static inline void arch_point(void)
{
    if (__builtin_expect(arch_sim_cpu.point_armed, 0))
        arch_sim_point();
}
