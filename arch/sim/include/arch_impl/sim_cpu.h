/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The running virtual CPU's state, as far as inline code needs it.
 *
 * The virtual CPUs are stacks on one host thread, so "this CPU's" state is one global that is
 * exchanged when another virtual CPU goes on (arch/sim/vcpu.c). */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include the contract, <arch/...>, not a port's bodies"
#endif
#include <axiom/types.h>

struct arch_sim_cpu {
    uint32_t id;
    bool irqs_masked;
    bool irq_line;     /* the interrupt controller asks this CPU for attention */
    bool point_armed;  /* a named point has to ask the schedule policy */
    bool charge_armed; /* the CPU model gives work a cost */
    /* Allocations that the kernel has asked for in this boot, and the one that is to fail (counted
     * from 1; 0: none is). */
    uint64_t allocation_count, allocation_failing;
};
extern struct arch_sim_cpu arch_sim_cpu;

/* Takes interrupts until the line is quiet or they are masked again. */
void arch_sim_take_irqs(void);
/* Asks the schedule policy whether another virtual CPU goes first. */
void arch_sim_point(void);
