/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the simulated machine wants to know or decide about the kernel's work: what it costs, and
 * which allocation fails. On hardware both are nothing, at no cost. */
#pragma once
#include <axiom/types.h>

enum arch_work {
    ARCH_WORK_BPF_INSN,  /* one BPF instruction */
    ARCH_WORK_BPF_ENTRY, /* entering and leaving a BPF program */
    ARCH_WORK_INTERRUPT, /* entry and exit of an interrupt (the port charges this itself) */
    ARCH_WORK_SYSCALL,   /* entry and exit of a system call */
    ARCH_WORK_SWITCH,    /* a context switch */
    ARCH_WORK_MMIO,      /* a device register access (the bus charges this itself) */
    ARCH_WORK_COUNT
};

/* Virtual time passes for `count` units of this work, as the CPU model says; events that come due
 * meanwhile happen now, into latches and FIFOs; interrupts wait for the next delivery point. Gives
 * the ns charged: 0 on hardware and with the default CPU model. Any context. */
static inline uint64_t arch_charge(enum arch_work work, uint64_t count);

/* Allocators ask before each allocation: true if this one is to fail, by the order of a test or a
 * fault script. Always false on hardware. Any context. */
static inline bool arch_allocation_fails(void);

#define ARCH_IMPL_ALLOWED
#include <arch_impl/work.h>
#undef ARCH_IMPL_ALLOWED
