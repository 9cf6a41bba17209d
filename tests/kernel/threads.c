/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "threads.h"

#include <arch/cpu.h>
#include <core/thread.h>

#define COUNT_MAX (2 * CPU_MAX)

static int run(uint32_t count, bool pinned, int (*entry)(void *argument))
{
    struct thread *threads[COUNT_MAX];
    static uint32_t indexes[COUNT_MAX];
    uint32_t cpus = arch_cpu_count(), made = 0;
    int result = 0;
    for (uint32_t i = 0; i < count && result == 0; i++) {
        indexes[i] = i + 1;
        const struct thread_options options = {
            .name = "worker",
            .entry = entry,
            .argument = &indexes[i],
            .sched = { .policy = SCHED_POLICY_RR, .priority = 20 },
            .cpu_mask = pinned ? 1u << i % cpus : 0,
        };
        result = thread_create(&options, &threads[i]);
        made += result == 0;
    }
    for (uint32_t i = 0; i < made; i++) {
        int one = thread_join(threads[i]);
        if (result == 0)
            result = one;
    }
    return result;
}

int threads_run_on_all(int (*entry)(void *argument))
{
    return run(2 * arch_cpu_count(), true, entry);
}

int threads_run(uint32_t count, int (*entry)(void *argument))
{
    return run(count < COUNT_MAX ? count : COUNT_MAX, false, entry);
}
