/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a port gives arch/common/context.c: contexts are switched the same way on all of them. All of these with
 * interrupts masked, on the CPU that switches. */
#pragma once
#include <arch/context.h>

/* Where the calling CPU keeps which context runs; NULL there: none yet. */
struct arch_context **port_context(void);
/* What the CPU holds of a context beside its stack changes hands: FPU state, bounds of the stack. */
void port_context_change(struct arch_context *from, struct arch_context *to);
/* Saves what the C calling convention keeps on the stack, and goes on on the other. Assembly. */
void port_switch_stack(uint64_t *save_sp, uint64_t load_sp);

/* context.c's, for the port's first frame (arch_context_init()): calls the context's entry. On its stack, interrupts
 * masked. */
_Noreturn void port_context_main(void);
