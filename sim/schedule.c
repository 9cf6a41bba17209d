/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which virtual CPU goes on: at a named point, and when one waits.
 *
 * SEEDED samples interleavings: another seed, another one. SCRIPTED takes exactly the switches that
 * it is given, by the number of the point, so a test can enumerate: run once to learn how many
 * points there are, then once for each choice of up to two of them. */
#include "internal.h"

void schedule_init(const struct sim_schedule *config, uint64_t seed)
{
    machine.schedule = (struct schedule){ .config = *config };
    rng_init(&machine.schedule.rng, seed, RNG_SCHEDULE);
}

void sim_points_begin(void)
{
    machine.schedule.window_depth++;
}

void sim_points_end(void)
{
    machine.schedule.window_depth--;
}

/* The nth CPU of the mask. */
static uint32_t nth_of(uint32_t mask, uint32_t n)
{
    while (n-- > 0)
        mask &= mask - 1;
    return (uint32_t)__builtin_ctz(mask);
}

static uint32_t any_of(uint32_t mask)
{
    return nth_of(mask, rng_below(&machine.schedule.rng, (uint32_t)__builtin_popcount(mask)));
}

static uint32_t seeded(uint32_t cpu, uint32_t runnable)
{
    struct schedule *schedule = &machine.schedule;
    uint32_t others = runnable & ~(1u << cpu);
    if (others == 0 || rng_below(&schedule->rng, schedule->config.switch_one_in) != 0)
        return cpu;
    return any_of(others);
}

static uint32_t scripted(uint32_t cpu, uint32_t runnable, uint64_t point)
{
    struct schedule *schedule = &machine.schedule;
    if (schedule->script_next == schedule->config.script_count)
        return cpu;
    const struct sim_switch *next = &schedule->config.script[schedule->script_next];
    if (next->point != point)
        return cpu;
    schedule->script_next++;
    return next->cpu < CPU_MAX && (runnable >> next->cpu & 1) ? next->cpu : cpu;
}

uint32_t schedule_point(uint32_t cpu, uint32_t runnable)
{
    struct schedule *schedule = &machine.schedule;
    if (schedule->config.window && schedule->window_depth == 0)
        return cpu;
    uint64_t point = schedule->points++;
    uint32_t next = cpu;
    if (schedule->config.policy == SIM_SCHEDULE_SEEDED)
        next = seeded(cpu, runnable);
    else if (schedule->config.policy == SIM_SCHEDULE_SCRIPTED)
        next = scripted(cpu, runnable, point);
    if (next != cpu)
        schedule->switches++;
    return next;
}

uint32_t schedule_wait(uint32_t cpu, uint32_t runnable)
{
    if (machine.schedule.config.policy == SIM_SCHEDULE_SEEDED && (runnable & (runnable - 1)) != 0)
        return any_of(runnable);
    /* Round robin from the one that waits. */
    uint32_t above = runnable & ~((2u << cpu) - 1);
    return nth_of(above != 0 ? above : runnable, 0);
}
