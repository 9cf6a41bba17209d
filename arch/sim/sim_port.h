/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of arch/sim share among themselves. */
#pragma once
#include <axiom/types.h>
#include <sim/port.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARCH_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARCH_SIM_ASAN 1
#endif
#endif
#ifndef ARCH_SIM_ASAN
#define ARCH_SIM_ASAN 0
#endif

#if ARCH_SIM_ASAN
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
#endif

static inline void arch_sim_unpoison(const void *at, size_t size)
{
#if ARCH_SIM_ASAN
    if (size != 0)
        __asan_unpoison_memory_region(at, size);
#else
    (void)at;
    (void)size;
#endif
}

/* context.c: forgets the last boot. */
void arch_sim_context_reset(void);

/* vcpu.c. All CPUs off; from here on models may drive their interrupt lines. */
void vcpus_begin(void);
/* The boot CPU is entered on `stack` and runs kernel_main(); returns when the image has
 * ended. */
void vcpus_run(const struct port_boot *boot, void *stack, size_t stack_size);
/* Leaves the image for vcpus_run()'s caller. */
_Noreturn void vcpus_end(void);
/* One word per virtual CPU, for the last words. */
void vcpus_describe(char *text, size_t size);
bool vcpus_running(void);

/* memory.c: physical memory with `reserved` more bytes behind the kernel's, mapped as a guarded
 * stack. -ENOMEM. */
int memory_create(uint64_t size, uint64_t reserved, void **stack);
void memory_destroy(struct sim_result *result);
/* True if the bytes are RAM of the kernel's. */
bool memory_contains(uint64_t address, uint64_t size);

/* panic.c: seed, time, event, place in the trace, CPUs and the caller's backtrace. */
void arch_sim_say_where(void (*write)(const char *text, size_t size));
