/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "record.h"

#include "cli.h"
#include "version.h"

#include <axiom/errno.h>
#include <traces/channels.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDER_SLOTS 4096u

static int describe(struct record *r, const struct session *s)
{
    size_t count = s->bindings != NULL ? s->bindings->count : 0;
    struct trace_binding *bindings = calloc(count + 1, sizeof *bindings);
    if (bindings == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        bindings[i] =
            (struct trace_binding){ s->bindings->at[i].channel, s->bindings->at[i].device };
    struct trace_run_info info = {
        .version = AXIOM_VERSION,
        .source_commit = AXIOM_COMMIT,
        .board = s->board,
        .cpu_model = s->cpu_model == SIM_CPU_RPI5 ? "rpi5" : "none",
        .trace = s->trace_name,
        .end_behaviour = "stop",
        .seed = s->seed,
        .cpu_count = s->cpu_count,
        .binding = bindings,
        .binding_count = count,
    };
    int err = trace_recorder_run_info(&r->recorder, &info);
    free(bindings);
    if (!err)
        err = trace_recorder_attach(&r->recorder, "board.dtb", "application/x-dtb", s->fdt,
                                    s->fdt_size);
    for (uint32_t i = 0; i < s->object_count && err == 0; i++) {
        char name[160];
        snprintf(name, sizeof name, "bpf/%s", s->object[i].name);
        err = trace_recorder_attach(&r->recorder, name, "application/x-bpf", s->object[i].bytes,
                                    s->object[i].size);
    }
    if (!err && s->fault_script != NULL)
        err = trace_recorder_attach(&r->recorder, "faults.txt", "text/plain", s->fault_script,
                                    strlen(s->fault_script));
    if (!err && s->expect_text != NULL)
        err = trace_recorder_attach(&r->recorder, "expect.txt", "text/plain", s->expect_text,
                                    strlen(s->expect_text));
    char run[256];
    snprintf(run, sizeof run,
             "end_time_ns %" PRIu64 "\nhash_interval_ns %" PRIu64 "\nfail_allocation %" PRIu64 "\n",
             s->end_time_ns, s->hash_interval_ns, s->allocation_to_fail);
    if (s->ignore_budget)
        strcat(run, "ignore_budget 1\n");
    if (s->start_ns != 0)
        snprintf(run + strlen(run), sizeof run - strlen(run), "start_ns %" PRIu64 "\n",
                 s->start_ns);
    /* Which allocation is the nth depends on the engine, nothing else does. */
    if (session_counts_allocations(s) && s->engine == SESSION_ENGINE_JIT)
        strcat(run, "engine jit\n");
    return err ? err
               : trace_recorder_attach(&r->recorder, "run.txt", "text/plain", run, strlen(run));
}

int record_begin(struct record *r, struct session *s)
{
    struct mcap_error error;
    struct mcap_file_options options = {
        .channel_capacity = RECORDER_SLOTS / 2,
        .summary_size = TRACE_RECORDER_SUMMARY_SIZE(RECORDER_SLOTS / 2),
        .limit_bytes = s->record_limit,
        .tail_reserve = TRACE_RECORDER_TAIL_RESERVE,
        .profile = "ros2",
        .library = "axiom " AXIOM_VERSION,
    };
    r->slots = calloc(RECORDER_SLOTS, sizeof *r->slots);
    if (r->slots == NULL)
        return complain(EXIT_IO, "no memory");
    int created = s->record_to_memory
                      ? mcap_memory_create(&options, &r->file, &error)
                      : mcap_file_create(s->record_path, &options, &r->file, &error);
    if (created != 0) {
        free(r->slots);
        if (created == -ENOSPC && s->record_limit != 0)
            return complain(EXIT_USAGE,
                            "--record-limit %" PRIu64 " holds not even a recording's frame",
                            s->record_limit);
        return complain(EXIT_IO, "%s", error.text);
    }
    trace_recorder_init(&r->recorder, mcap_file_writer(r->file), r->slots, RECORDER_SLOTS);
    int err = describe(r, s);
    if (err == 0 || err == -ENOSPC)
        return EXIT_OK; /* a full disk is told of at the end, with what it cost */
    mcap_file_close(r->file, &error);
    free(r->slots);
    return complain(EXIT_IO, "%s: %s", s->record_path, strerror(-err));
}

void record_end(struct record *r, struct session *s, const char *reason)
{
    struct mcap_error error = { .text = "" };
    const struct trace_recorder *rec = &r->recorder;
    r->recorder.stop_ns = s->result.stop_time_ns;
    trace_recorder_finish(&r->recorder, reason);
    uint64_t no_channel = rec->dropped_no_channel, too_large = rec->dropped_too_large;
    s->record_size = mcap_file_writer(r->file)->file_size;
    s->record_error = mcap_file_close(r->file, &error);
    snprintf(s->record_reason, sizeof s->record_reason, "%s", error.text);
    if (s->record_error == 0 && no_channel + too_large > 0) {
        s->record_error = -ENOBUFS;
        snprintf(s->record_reason, sizeof s->record_reason,
                 "%s: %s found no channel (at most %u), too large for a chunk: %s", s->record_path,
                 counted(no_channel, "event"), RECORDER_SLOTS / 2, grouped(too_large));
    }
    free(r->slots);
}
