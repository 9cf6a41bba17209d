/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/context.h>"
#endif
#include <axiom/types.h>

/* A context whose first use is as the `from` of a switch (a boot CPU's) may be all zero: its stack is
 * noted then. */
struct arch_context {
    uint64_t stack_pointer;          /* callee-saved registers lie there */
    uint64_t stack_base, stack_size; /* what a trap may use (trap.S); 0: not noted yet */
    void (*entry)(void *argument);
    void *argument;
    bool uses_fpu;        /* it has used the FPU; the two below are valid while it does not run */
    uint64_t f[32], fcsr; /* of the F and D extensions */
};
