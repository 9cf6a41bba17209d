/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The run's recording says what the one that is replayed said, so that a desk replays it too. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <port/record.h>
#include <sim/port.h>

#include "machine_port.h"

#define FILES_MAX (BOOT_MODULE_MAX + 3)
#define NAME_SIZE (EVENT_NAME_MAX * 2 + 8)

static struct record_file files[FILES_MAX];
static uint32_t file_count;

static void add(const char *name, const char *media_type, const void *data, size_t size)
{
    files[file_count++] = (struct record_file){ name, media_type, data, size };
}

/* As tools/axiom/record.c: only what is not 0. */
static void add_line(char *text, size_t size, const char *name, uint64_t value)
{
    size_t length = strlen(text);
    if (value != 0)
        format_text(text + length, size - length, "%s %llu\n", name, (unsigned long long)value);
}

int output_begin(const struct recording *from, struct phys_addr at, uint64_t size,
                 struct event_sink **sink)
{
    const struct sim_config *config = &from->config;
    char(*names)[NAME_SIZE] = port_alloc(BOOT_MODULE_MAX * sizeof *names);
    char run[192];
    if (names == NULL)
        return -ENOMEM;
    file_count = 0;
    add("board.dtb", "application/x-dtb", config->fdt, config->fdt_size);
    for (uint32_t i = 0; i < config->module_count; i++) {
        format_text(names[i], NAME_SIZE, "bpf/%s", config->modules[i].name);
        add(names[i], "application/x-bpf", config->modules[i].data, config->modules[i].size);
    }
    if (config->fault_script != NULL)
        add("faults.txt", "text/plain", config->fault_script, strlen(config->fault_script));
    format_text(run, sizeof run, "end_time_ns %llu\nhash_interval_ns %llu\nfail_allocation 0\n",
                (unsigned long long)config->end_time_ns,
                (unsigned long long)config->hash_interval_ns);
    add_line(run, sizeof run, "ignore_budget", from->ignores_budget);
    add_line(run, sizeof run, "start_ns", from->start_ns);
    add("run.txt", "text/plain", run, strlen(run));
    const struct record_config record = {
        .board = from->board,
        .seed = config->seed,
        .cpu_count = 1,
        .file = files,
        .file_count = file_count,
    };
    return record_begin(&record, at, size, sink);
}

int output_end(const struct sim_result *result)
{
    bool complete = result->error == 0 && result->kernel_error == 0;
    return record_end("machine", result->stop_time_ns, complete ? "complete" : result->reason);
}
