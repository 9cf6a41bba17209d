/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#ifndef ARCH_IMPL_ALLOWED
#error "include <arch/context.h>"
#endif
#include <axiom/types.h>

/* A context whose first use is as the `from` of a switch (a boot CPU's) may be all zero. */
struct arch_context {
    uint64_t stack_pointer; /* x19-x30 lie there */
    void (*entry)(void *argument);
    void *argument;
    bool uses_fpu;        /* it has used the FPU; `fpu` is valid while it does not run */
    uint64_t fpu[64 + 2]; /* V0-V31, FPCR, FPSR */
};
