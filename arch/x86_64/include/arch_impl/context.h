/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/context.h>"
#endif
#include <axiom/types.h>

/* A context whose first use is as the `from` of a switch (a boot CPU's) may be all zero. */
struct arch_context {
    uint64_t stack_pointer; /* callee-saved registers lie there */
    void (*entry)(void *argument);
    void *argument;
    bool uses_fpu; /* it has used the FPU; `fpu` is valid while it does not run */
    uint8_t
        fpu[896]; /* XSAVE's 832 bytes, at the first multiple of 64; FXSAVE's are the first 512 */
};
