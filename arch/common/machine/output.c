/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The run's recording, into a part of RAM that whoever started the image reads afterwards (QEMU's RAM
 * can be a file): the same file that `axiom run --record` writes, so that a desk replays it. */
#include <arch/mmu.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <port/console.h>
#include <sim/port.h>
#include <traces/recorder.h>

#include "machine_port.h"

#define CHUNK_SIZE (256u << 10)
#define CHANNELS   512u
#define SLOTS      (2 * CHANNELS)
#define INDEX_SIZE (1u << 20)

static struct mcap_writer writer;
static struct trace_recorder recorder;
static struct phys_addr disk;
static uint64_t disk_size, disk_used;

static int disk_reserve(void *context, uint64_t size)
{
    (void)context;
    return size <= disk_size - disk_used ? 0 : -ENOSPC;
}

static int disk_write(void *context, const void *data, size_t size)
{
    if (disk_reserve(context, size) != 0)
        return -ENOSPC;
    memcpy((char *)arch_phys_to_virt(disk) + disk_used, data, size);
    disk_used += size;
    return 0;
}

static int describe(const struct recording *from)
{
    const struct sim_config *config = &from->config;
    const struct trace_run_info info = {
        .board = from->board,
        .cpu_model = "none",
        .end_behaviour = "stop",
        .seed = config->seed,
        .cpu_count = 1,
    };
    int err = trace_recorder_run_info(&recorder, &info);
    if (err == 0)
        err = trace_recorder_attach(&recorder, "board.dtb", "application/x-dtb", config->fdt,
                                    config->fdt_size);
    for (uint32_t i = 0; i < config->module_count && err == 0; i++) {
        char name[EVENT_NAME_MAX * 2 + 8];
        format_text(name, sizeof name, "bpf/%s", config->modules[i].name);
        err = trace_recorder_attach(&recorder, name, "application/x-bpf", config->modules[i].data,
                                    config->modules[i].size);
    }
    if (err == 0 && config->fault_script != NULL)
        err = trace_recorder_attach(&recorder, "faults.txt", "text/plain", config->fault_script,
                                    strlen(config->fault_script));
    char run[128];
    format_text(run, sizeof run, "end_time_ns %llu\nhash_interval_ns %llu\nfail_allocation 0\n",
                (unsigned long long)config->end_time_ns,
                (unsigned long long)config->hash_interval_ns);
    return err ? err : trace_recorder_attach(&recorder, "run.txt", "text/plain", run, strlen(run));
}

int output_begin(const struct recording *from, struct phys_addr at, uint64_t size,
                 struct event_sink **sink)
{
    disk = at;
    disk_size = size;
    disk_used = 0;
    struct mcap_writer_config config = {
        .sink = { .write = disk_write, .reserve = disk_reserve },
        .chunk = port_alloc(CHUNK_SIZE),
        .chunk_size = CHUNK_SIZE,
        .summary = port_alloc(TRACE_RECORDER_SUMMARY_SIZE(CHANNELS)),
        .summary_size = TRACE_RECORDER_SUMMARY_SIZE(CHANNELS),
        .index = port_alloc(INDEX_SIZE),
        .index_size = INDEX_SIZE,
        .channel = port_alloc(CHANNELS * sizeof(struct mcap_writer_channel)),
        .channel_capacity = CHANNELS,
        .tail_reserve = TRACE_RECORDER_TAIL_RESERVE,
        .profile = "ros2",
        .library = "axiom",
    };
    struct trace_recorder_slot *slots = port_alloc(SLOTS * sizeof *slots);
    if (config.chunk == NULL || config.summary == NULL || config.index == NULL ||
        config.channel == NULL || slots == NULL)
        return -ENOMEM;
    int err = mcap_writer_begin(&writer, &config);
    if (err)
        return err;
    trace_recorder_init(&recorder, &writer, slots, SLOTS);
    *sink = &recorder.sink;
    return describe(from);
}

int output_end(const struct sim_result *result)
{
    bool complete = result->error == 0 && result->kernel_error == 0;
    recorder.stop_ns = result->stop_time_ns;
    int err = trace_recorder_finish(&recorder, complete ? "complete" : result->reason);
    console_print("machine: recorded %llu bytes at 0x%llx", (unsigned long long)disk_used,
                  (unsigned long long)disk.value);
    if (err == 0 &&
        recorder.dropped_no_channel + recorder.dropped_too_large + recorder.dropped_disk_full != 0)
        err = -ENOBUFS;
    return err;
}
