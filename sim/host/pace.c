/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sleeps until the wall clock has caught up with virtual time. Behind it does nothing: the run is
 * then as fast as it goes. */
#include <host/pace.h>
#include <time.h>

static uint64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

void host_pace_init(struct host_pace *pace, uint64_t speed_milli)
{
    *pace = (struct host_pace){ .speed_milli = speed_milli };
}

void host_pace(void *context, uint64_t now_ns)
{
    struct host_pace *pace = context;
    if (pace->speed_milli == 0)
        return;
    if (!pace->started) {
        pace->started = true;
        pace->start_virtual_ns = now_ns;
        pace->start_real_ns = real_ns();
        return;
    }
    uint64_t passed = now_ns - pace->start_virtual_ns;
    /* Split so that hours at high resolution do not overflow. */
    uint64_t due = pace->start_real_ns + passed / pace->speed_milli * 1000 +
                   passed % pace->speed_milli * 1000 / pace->speed_milli;
    const uint64_t worthwhile = 50000; /* shorter sleeps cost more than they give */
    if (due < real_ns() + worthwhile)
        return;
    struct timespec until = { (time_t)(due / NSEC_PER_SEC), (long)(due % NSEC_PER_SEC) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
        ;
}
