/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a real CPU has and the simulated one has not: page permissions that trap, an FPU whose state
 * follows threads, symbols in the image. */
#include "fpu.h"
#include "ktest.h"
#include "storm.h"
#include "threads.h"

#include <arch/cpu.h>
#include <arch/exec_mem.h>
#include <arch/irqflags.h>
#include <axiom/string.h>
#include <core/thread.h>
#include <core/time.h>
#include <port/kmap.h>
#include <port/layout.h>
#include <port/symbols.h>

static void nothing_is_writable_and_executable(void)
{
    void *code;
    KTEST(kmap_count_wx() == 0);
    KTEST(arch_exec_alloc(100, &code) == 0);
    KTEST(kmap_count_wx() == 0);
    KTEST(arch_exec_seal(code, 100) == 0);
    KTEST(kmap_count_wx() == 0);
    arch_exec_free(code, 100);
}

static void image_parts_have_their_rights(void)
{
    struct phys_addr page;
    uint32_t flags;
    KTEST(kmap_query((uint64_t)image_text_start, &page, &flags) == 0);
    KTEST(flags == (MMU_READ | MMU_EXEC));
    KTEST(kmap_query((uint64_t)image_rodata_start, &page, &flags) == 0 && flags == MMU_READ);
    KTEST(kmap_query((uint64_t)image_data_start, &page, &flags) == 0);
    KTEST(flags == (MMU_READ | MMU_WRITE));
    KTEST(!kmap_readable(0, 1) && !kmap_readable(UINT64_MAX - 3, 8));
}

static void symbols_are_found(void)
{
    uint64_t offset = 99;
    const char *name = symbol_find((uint64_t)symbols_are_found, &offset);
    KTEST(name != NULL && strcmp(name, "symbols_are_found") == 0 && offset == 0);
    name = symbol_find((uint64_t)symbols_are_found + 5, &offset);
    KTEST(name != NULL && strcmp(name, "symbols_are_found") == 0 && offset == 5);
    KTEST(symbol_find(0, &offset) == NULL && symbol_find(UINT64_MAX, &offset) == NULL);
    KTEST(symbol_find((uint64_t)image_rodata_start, &offset) == NULL);
}

/* Each thread loads its own numbers, gives way, and finds them again. */
static int fpu_entry(void *argument)
{
    uint64_t mine = *(const uint32_t *)argument * UINT64_C(0x0101010101010101);
    for (uint32_t i = 0; i < 200; i++) {
        fpu_load(mine + i);
        if (i % 3 == 0)
            thread_yield();
        else if (i % 16 == 1)
            thread_sleep_for(100 * NSEC_PER_USEC);
        if (!fpu_holds(mine + i))
            return 1;
    }
    return 0;
}

static void fpu_state_follows_threads(void)
{
    KTEST(threads_run(16, fpu_entry) == 0);
}

/* The line is masked with a message, and threads go on. */
static void a_storming_line_is_masked(void)
{
    if (!storm_begin()) {
        ktest_note("SKIP no line to storm here");
        return;
    }
    uint64_t deadline_ns = ktime_get_ns() + 60ull * NSEC_PER_SEC;
    uint64_t seen = 0;
    uint32_t quiet = 0; /* looks in a row that saw nothing new */
    while (quiet < 5 && !ktime_reached(deadline_ns)) {
        thread_sleep_for(50 * NSEC_PER_MSEC);
        quiet = storm_count() == seen ? quiet + 1 : 0;
        seen = storm_count();
    }
    storm_end();
    KTEST(quiet == 5);
    KTEST(seen > 1000);
}

const struct ktest ktest_port[] = {
    { "port_nothing_is_writable_and_executable", nothing_is_writable_and_executable, 1 },
    { "port_image_parts_have_their_rights", image_parts_have_their_rights, 1 },
    { "port_symbols_are_found", symbols_are_found, 1 },
    { "port_a_storming_line_is_masked", a_storming_line_is_masked, 1 },
    { "port_fpu_state_follows_threads", fpu_state_follows_threads, 1 },
    { NULL, NULL, 0 },
};

/* --- ends to be looked at from outside (tests/image) --- */

static volatile uint64_t depth_max =
    UINT64_MAX; /* the compiler must not see that it is never reached */

static __attribute__((noinline)) uint64_t recurse(uint64_t depth)
{
    volatile uint64_t frame[64];
    frame[depth % 64] = depth;
    if (depth == depth_max)
        return 0;
    return recurse(depth + 1) + frame[depth % 64];
}

static volatile uint64_t nowhere = 8;

static int hang_masked(void *argument)
{
    (void)argument;
    arch_irq_disable();
    for (;;)
        arch_cpu_relax(0);
    return 0;
}

/* All CPUs but this one are out of reach of interrupts; here the watchdog still comes. */
static void hang(void)
{
    preempt_disable();
    uint32_t here = arch_cpu_id();
    for (uint32_t cpu = 0; cpu < arch_cpu_count(); cpu++) {
        struct thread *thread;
        const struct thread_options options = {
            .name = "hang",
            .entry = hang_masked,
            .sched = { .policy = SCHED_POLICY_FIFO, .priority = 60 },
            .cpu_mask = 1u << cpu,
        };
        if (cpu != here && thread_create(&options, &thread) != 0)
            return;
    }
    for (;;)
        arch_cpu_relax(0);
}

bool ktest_port_end(const char *how)
{
    if (strcmp(how, "overflow") == 0) {
        recurse(1);
    } else if (strcmp(how, "null") == 0) {
        *(volatile uint32_t *)nowhere = 1;
    } else if (strcmp(how, "text") == 0) {
        *(volatile uint32_t *)(uintptr_t)image_text_start = 1;
    } else if (strcmp(how, "nx") == 0) {
        static uint8_t data[64];
        ((void (*)(void))(uintptr_t)data)();
    } else if (strcmp(how, "hang") == 0) {
        hang();
    } else {
        return false;
    }
    return true;
}
