/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The figures, each of many rounds: least, median, 99th of 100, most. In ns of the kernel's clock, which under
 * icount (-icount shift=N) are instructions times 2^N, at the clock's resolution. */
#include "bench.h"

#include <arch/entry.h>
#include <axiom/event.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/addon.h>
#include <core/interlock.h>
#include <core/mm.h>
#include <core/option.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/wait.h>
#include <internal/boot.h>
#include <port/console.h>
#include <port/layout.h>

#define ROUNDS    400u
#define ALARM_NS  100000u /* until the next; under icount so many instructions */
#define SHIFT_MAX 10u     /* QEMU's */

static uint64_t samples[ROUNDS];
static struct thread *runner;
/* N of -icount shift=N, told by `bench-shift=N` on the command line, 0 without icount: so that alarms
 * lie as many instructions apart on each CPU. */
static uint64_t time_shift;

static void sort(uint64_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        uint64_t value = values[i];
        uint32_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

static void tell(const char *name, uint32_t count)
{
    sort(samples, count);
    console_print("bench %s %llu %llu %llu %llu", name, (unsigned long long)samples[0],
                  (unsigned long long)samples[count / 2],
                  (unsigned long long)samples[count * 99 / 100],
                  (unsigned long long)samples[count - 1]);
}

/* --- alarms: how late, and what an edge in their handler takes --- */

struct alarm {
    struct timer timer;
    struct completion done;
    uint64_t late_ns;
    bool edge;
    uint64_t edge_ns;
};

static uint64_t program_ns; /* what the program's first instruction saw (edge.bpf.c) */

static void alarm_handler(struct timer *timer, void *context)
{
    struct alarm *alarm = context;
    alarm->late_ns = ktime_get_ns() - timer->expires_ns;
    if (alarm->edge) {
        alarm->edge_ns = ktime_get_ns();
        bench_edge();
    }
    complete(&alarm->done);
}

static struct alarm alarm;

static void alarm_wait(uint64_t delay_ns, bool edge)
{
    alarm.edge = edge;
    completion_reset(&alarm.done);
    timer_start(&alarm.timer, ktime_get_ns() + (delay_ns << time_shift));
    completion_wait(&alarm.done);
}

static void bench_idle_alarms(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        alarm_wait(ALARM_NS + i * 7, false);
        samples[i] = alarm.late_ns;
    }
    tell("alarm_idle", ROUNDS);
}

static bool spin_stop;

/* What a busy kernel does: pages, objects, switches. */
static int busy_entry(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&spin_stop, __ATOMIC_ACQUIRE)) {
        void *page = page_alloc(0);
        void *object = kzalloc(600);
        thread_yield();
        kfree(object);
        if (page != NULL)
            page_free(page, 0);
    }
    return 0;
}

static int threads_start(struct thread **threads, uint32_t count, int (*entry)(void *))
{
    for (uint32_t i = 0; i < count; i++) {
        const struct thread_options options = {
            .name = "load",
            .entry = entry,
            .sched = { .policy = SCHED_POLICY_FIFO, .priority = 10 },
            .cpu_mask = 1,
        };
        int err = thread_create(&options, &threads[i]);
        if (err)
            return err;
    }
    return 0;
}

/* Lateness beyond the least is time in which interrupts were masked. */
static void bench_busy_alarms(void)
{
    struct thread *threads[2];
    spin_stop = false;
    if (threads_start(threads, 2, busy_entry) != 0)
        return;
    uint64_t least = UINT64_MAX, most = 0;
    for (uint32_t round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < ROUNDS; i++) {
            alarm_wait(ALARM_NS / 10 + i * 13 + round, false);
            samples[i] = alarm.late_ns;
            least = samples[i] < least ? samples[i] : least;
            most = samples[i] > most ? samples[i] : most;
        }
    }
    tell("alarm_busy", ROUNDS);
    samples[0] = most - least;
    tell("masked_longest", 1);
    __atomic_store_n(&spin_stop, true, __ATOMIC_RELEASE);
    thread_join(threads[0]);
    thread_join(threads[1]);
}

static void bench_edges(void)
{
    static uint64_t actuator[ROUNDS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        program_ns = bench_set_ns = 0;
        alarm_wait(ALARM_NS + i * 7, true);
        if (program_ns == 0 || bench_set_ns == 0)
            continue;
        samples[count] = program_ns - alarm.edge_ns;
        actuator[count++] = bench_set_ns - alarm.edge_ns;
    }
    if (count == 0) {
        console_print("bench: no program is attached to the edge");
        return;
    }
    tell("edge_to_program", count);
    memcpy(samples, actuator, sizeof actuator);
    tell("edge_to_actuator", count);
}

/* --- context switch --- */

static uint32_t switches;

static int yield_entry(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        switches++;
        thread_yield();
    }
    return 0;
}

static void bench_switches(void)
{
    struct thread *threads[2];
    uint32_t count = 0;
    for (; count < 50; count++) {
        switches = 0;
        if (threads_start(threads, 2, yield_entry) != 0)
            return;
        uint64_t from = ktime_get_ns();
        thread_join(threads[0]);
        thread_join(threads[1]);
        samples[count] = (ktime_get_ns() - from) / switches;
    }
    tell("switch", count);
}

/* --- emergency stop --- */

static void bench_stop(void)
{
    uint32_t count = 0;
    for (; count < 100; count++) {
        uint64_t from = ktime_get_ns();
        interlock_stop("bench");
        samples[count] = bench_safe_ns - from;
        if (interlock_rearm("bench", true) != 0)
            return;
    }
    tell("emergency_stop", count);
}

/* --- memory --- */

static void tell_memory(void)
{
    struct mm_stats stats;
    mm_stats(&stats);
    console_print("bench image_bytes text %llu rodata %llu data %llu",
                  (unsigned long long)(image_text_end - image_text_start),
                  (unsigned long long)(image_rodata_end - image_rodata_start),
                  (unsigned long long)(image_data_end - image_data_start));
    console_print("bench pages_in_use %llu peak %llu of %llu", (unsigned long long)stats.pages_used,
                  (unsigned long long)stats.pages_used_peak, (unsigned long long)stats.pages_total);
    uint64_t given = 0;
    for (uint32_t i = 0; i < boot_info()->memory_count; i++)
        given += boot_info()->memory[i].size;
    console_print("bench ram_given %llu", (unsigned long long)given);
    const struct boot_step_pages *at;
    for (uint32_t i = 0; (at = boot_step_pages(i)) != NULL; i++)
        console_print("bench step %llu pages: %s", (unsigned long long)at->pages, at->step);
}

/* --- the addon --- */

static uint64_t number_of(const char *text)
{
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

static void print_emit(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    program_ns = number_of(event->text.text);
}

static int run(void *argument)
{
    (void)argument;
    console_print("bench thread");
    time_shift = 0;
    option_number("bench-shift", 0, SHIFT_MAX, &time_shift);
    completion_init(&alarm.done);
    timer_init(&alarm.timer, alarm_handler, &alarm);
    tell_memory();
    bench_idle_alarms();
    bench_edges();
    bench_switches();
    bench_stop();
    bench_busy_alarms();
    console_print("bench end");
    kernel_stop();
    return 0;
}

int addon_init(void)
{
    static struct event_sink sink;
    sink = (struct event_sink){ .emit = print_emit, .kinds = 1u << EVENT_BPF_PRINT };
    event_sink_add(&sink);
    const struct thread_options options = {
        .name = "bench",
        .entry = run,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = 60 },
        .cpu_mask = 1,
    };
    return thread_create(&options, &runner);
}

void addon_exit(void)
{
    thread_join(runner);
}
