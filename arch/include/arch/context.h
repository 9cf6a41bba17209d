/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Execution contexts: a register set and a stack. The scheduler switches between them; sanitizers
 * are told of it. */
#pragma once
#include <axiom/types.h>

#define ARCH_IMPL_ALLOWED
#include <arch_impl/context.h> /* struct arch_context */
#undef ARCH_IMPL_ALLOWED

/* Prepares a context that calls entry(argument) on the given stack at its first switch, with
 * interrupts masked; entry must not return. */
void arch_context_init(struct arch_context *context, void *stack_base, size_t stack_size,
                       void (*entry)(void *argument), void *argument);
/* Saves the caller in `from` and continues `to`. Interrupts masked. */
void arch_context_switch(struct arch_context *from, struct arch_context *to);
/* The context will not be switched to again; its stack may be freed. Not for the running one. */
void arch_context_destroy(struct arch_context *context);
/* As arch_context_switch() when the caller never runs again. */
_Noreturn void arch_context_exit(struct arch_context *from, struct arch_context *to);
