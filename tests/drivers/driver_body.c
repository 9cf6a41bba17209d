/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "driver_body.h"

#include <arch/entry.h>
#include <axiom/log.h>
#include <core/addon.h>
#include <core/mm.h>
#include <core/thread.h>
#include <stdio.h>
#include <stdlib.h>

static struct driver_run *current;
static struct thread *runner;

static int body_entry(void *argument)
{
    (void)argument;
    if (current->body != NULL)
        current->said = current->body();
    kernel_stop();
    return 0;
}

int addon_init(void)
{
    const struct thread_options options = {
        .name = "body",
        .entry = body_entry,
        .sched = { .policy = SCHED_POLICY_FIFO, .priority = 30 },
    };
    return thread_create(&options, &runner);
}

void addon_exit(void)
{
    thread_join(runner);
}

static void log_emit(struct event_sink *sink, const struct event *event)
{
    (void)sink;
    current->errors += event->text.level <= LOG_ERR;
    if (current->verbose)
        fprintf(stderr, "%s\n", event->text.text);
}

static void quiet(void *context, const char *text, size_t size)
{
    if (context != NULL)
        fwrite(text, 1, size, stderr);
}

int driver_run(struct driver_run *run)
{
    static struct event_sink sink;
    struct event_sink *const sinks[] = { &sink };
    sink = (struct event_sink){ .emit = log_emit, .kinds = 1u << EVENT_LOG };
    struct sim_config config = {
        .fdt = run->fdt,
        .fdt_size = run->fdt_size,
        .memory_size = 4u << 20,
        .cpu_count = run->cpus,
        .seed = run->seed,
        .schedule = { .policy = SIM_SCHEDULE_SEEDED, .switch_one_in = 20 },
        .end = SIM_END_HOLD,
        .end_time_ns = run->end_time_ns,
        .sinks = sinks,
        .sink_count = 1,
        .fail_kernel_allocation = run->fail_kernel_allocation,
        .serial = run->serial,
        .console = quiet,
        .console_context = run->verbose ? run : NULL,
    };
    current = run;
    run->said = NULL;
    run->errors = 0;
    int err = sim_run(&config, &run->result);
    struct mm_stats stats;
    mm_stats(&stats);
    run->pages_left = stats.pages_used;
    return err;
}

const void *driver_board(const char *name, size_t *size)
{
    static uint64_t bytes[8192];
    char path[512];
    snprintf(path, sizeof path, AXIOM_BINARY_DIR "/boards/%s.dtb", name);
    FILE *file = fopen(path, "rb");
    *size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (*size == 0) {
        fprintf(stderr, "%s: missing\n", path);
        exit(2);
    }
    fclose(file);
    return bytes;
}
