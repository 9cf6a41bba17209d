/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/work.h>"
#endif
#include <arch_impl/sim_cpu.h>

uint64_t arch_sim_charge(enum arch_work work, uint64_t count);

static inline uint64_t arch_charge(enum arch_work work, uint64_t count)
{
    if (__builtin_expect(arch_sim_cpu.charge_armed, 0))
        return arch_sim_charge(work, count);
    return 0;
}

static inline bool arch_allocation_fails(void)
{
    arch_sim_cpu.allocation_count++;
    return __builtin_expect(arch_sim_cpu.allocation_count == arch_sim_cpu.allocation_failing, 0);
}
