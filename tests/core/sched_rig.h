/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The scheduler's tests: threads that follow scripts, and the schedule that comes of it.
 *
 * Each line of a schedule says at which microsecond (rounded: a budget is exceeded by 1 ns before it is gone) which
 * thread got the CPU. The test thread is more urgent than all fixed priorities used here, so it appears wherever
 * somebody it waits for ends. */
#pragma once
#include "port.h"

#include <axiom/errno.h>
#include <core/mutex.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>
#include <tests/check_main.h>

#define MS(n) ((uint64_t)(n)*NSEC_PER_MSEC)

#define SCHEDULE_MAX 8192
extern char schedule_seen[SCHEDULE_MAX];
/* Adds a line to it. */
void note(const char *what);
/* Between these two, every switch is a line. */
void record(void);
void record_end(void);

/* In a kernel of its own; no page is left behind. */
void run(void (*body)(void *));

enum action { END, BURN, LOCK, UNLOCK, SLEEP_UNTIL, YIELD, NOTE, NEXT_PERIOD, WAKE };

struct act {
    enum action action;
    uint64_t value; /* ms, or index of a mutex */
};

struct script {
    const char *name;
    struct sched_params sched;
    struct act acts[24];
    struct thread *thread;
    struct sched_stats stats;
    int skipped;
};

extern struct mutex mutexes[4];
extern struct wait_queue queue;
extern uint32_t queue_tokens;

int run_script(void *script); /* a thread's entry: ends with 7 */
void start(struct script *script);
/* Starts all, waits for all in order. Who ends is noticed by the next thread on the CPU, so the one
 * after it (or idle) appears before the test thread. */
void play(struct script *scripts, uint32_t count);

#define FIFO(p)                                      \
    {                                                \
        .policy = SCHED_POLICY_FIFO, .priority = (p) \
    }
#define RR(p)                                      \
    {                                              \
        .policy = SCHED_POLICY_RR, .priority = (p) \
    }
#define EDF(runtime_ms, period_ms)                                                                \
    {                                                                                             \
        .policy = SCHED_POLICY_DEADLINE, .runtime_ns = MS(runtime_ms), .period_ns = MS(period_ms) \
    }
