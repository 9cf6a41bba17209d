/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Per-CPU data: one array, indexed by arch_cpu_id(). */
#include <axiom/string.h>
#include <internal/percpu.h>

struct cpu cpus[CPU_MAX];

void percpu_init(void)
{
    memset(cpus, 0, sizeof cpus);
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        cpus[i].index = i;
        runqueue_init(&cpus[i].rq);
        timer_queue_init(&cpus[i].timers);
    }
}
