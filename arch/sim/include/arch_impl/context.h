/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/context.h>"
#endif
#include <axiom/types.h>

/* A context whose first use is as the `from` of a switch (a boot CPU's) may be all zero. */
struct arch_context {
    void *stack_pointer; /* callee-saved registers lie there */
    void (*entry)(void *argument);
    void *argument;
    /* What AddressSanitizer wants to know of the stack. */
    const void *stack_base;
    size_t stack_size;
    void *fake_stack;
};
