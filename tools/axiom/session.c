/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session.h"

#include "cli.h"
#include "desk.h"
#include "recording.h"
#include "version.h"

#include <axiom/errno.h>
#include <bpf/elf.h>
#include <traces/channels.h>
#include <traces/host/file_writer.h>
#include <traces/recorder.h>

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FDT_SIZE_MAX    (4u << 20)
#define OBJECT_SIZE_MAX (64u << 20)
#define MEMORY_SIZE     (64u << 20) /* of the simulated board */
#define RECORDER_SLOTS  4096u
#define PROGRESS_EVENTS (1u << 16)

extern const uint8_t builtin_board[], builtin_board_end[];

void session_init(struct session *s)
{
    *s = (struct session){
        .seed = 1,
        .cpu_count = 1,
        .input_offset_ns = NSEC_PER_SEC,
        .settle_ns = 250 * NSEC_PER_MSEC,
        .hash_interval_ns = 100 * NSEC_PER_MSEC,
        .log_level = LOG_ERR,
    };
}

void session_free(struct session *s)
{
    free(s->fdt);
    free(s->board);
    free(s->trace_name);
    for (uint32_t i = 0; i < s->object_count; i++) {
        free(s->object[i].name);
        free(s->object[i].bytes);
    }
    free(s->fault_script);
    free(s->expect_text);
    expect_free(s->expect);
}

int session_load_board(struct session *s, const char *path)
{
    if (path != NULL) {
        s->board = strdup(path);
        return read_whole_file(path, FDT_SIZE_MAX, &s->fdt, &s->fdt_size);
    }
    s->fdt_size = (size_t)(builtin_board_end - builtin_board);
    s->fdt = malloc(s->fdt_size);
    s->board = strdup("sim-rpi5");
    if (s->fdt == NULL || s->board == NULL)
        return complain(EXIT_IO, "no memory");
    memcpy(s->fdt, builtin_board, s->fdt_size);
    return EXIT_OK;
}

int session_add_object(struct session *s, const char *name, const uint8_t *bytes, size_t size)
{
    if (s->object_count == SESSION_OBJECT_MAX)
        return complain(EXIT_USAGE, "more than %d BPF objects", SESSION_OBJECT_MAX);
    struct session_object *o = &s->object[s->object_count];
    o->name = strdup(name);
    o->bytes = malloc(size > 0 ? size : 1);
    o->size = size;
    if (o->name == NULL || o->bytes == NULL) {
        free(o->name);
        free(o->bytes);
        return complain(EXIT_IO, "no memory");
    }
    memcpy(o->bytes, bytes, size);
    s->object_count++;
    return EXIT_OK;
}

int session_load_object(struct session *s, const char *path)
{
    uint8_t *bytes;
    size_t size;
    int code = read_whole_file(path, OBJECT_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    const char *slash = strrchr(path, '/');
    code = session_add_object(s, slash != NULL ? slash + 1 : path, bytes, size);
    free(bytes);
    return code;
}

int session_verify(const struct session *s)
{
    for (uint32_t i = 0; i < s->object_count; i++) {
        const struct session_object *o = &s->object[i];
        int code = desk_verify(o->name, o->bytes, o->size);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

/* --- sinks -------------------------------------------------------------------------------------
 */

struct log_sink {
    struct event_sink sink;
    FILE *to;
    int level;
};

static void log_event(struct event_sink *sink, const struct event *event)
{
    struct log_sink *log = (struct log_sink *)sink;
    if (event->text.level <= log->level)
        fprintf(log->to, "[%5" PRIu64 ".%06" PRIu64 "] %s\n", event->time_ns / NSEC_PER_SEC,
                event->time_ns % NSEC_PER_SEC / 1000, event->text.text);
}

struct expect_sink {
    struct event_sink sink;
    struct expect *expect;
};

static void expect_sink_event(struct event_sink *sink, const struct event *event)
{
    char topic[EVENT_TOPIC_MAX];
    event_topic(event, topic, sizeof topic);
    expect_event(((struct expect_sink *)sink)->expect, topic, event);
}

static uint64_t host_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* Looks at the host's clock once in many events; writes nothing that the run could see. */
struct progress {
    struct event_sink sink;
    uint64_t events, started_ns, shown_ns;
    const struct feed *feed;
    bool shown;
};

static void progress_event(struct event_sink *sink, const struct event *event)
{
    struct progress *p = (struct progress *)sink;
    if (++p->events % PROGRESS_EVENTS != 0)
        return;
    uint64_t now = host_now_ns();
    if (now - p->shown_ns < NSEC_PER_SEC / 4)
        return;
    p->shown_ns = now;
    p->shown = true;
    double host_s = (double)(now - p->started_ns) / 1e9, virtual_s = (double)event->time_ns / 1e9;
    fprintf(stderr, "\r%5.1f %%  %.3f s  %.0f events/s  %.1f x real time   ",
            p->feed != NULL ? trace_progress(p->feed->source) / 10.0 : 0.0, virtual_s,
            (double)p->events / host_s, virtual_s / host_s);
    fflush(stderr);
}

/* --- recording ---------------------------------------------------------------------------------
 */

struct recording {
    struct mcap_file_writer *file;
    struct trace_recorder recorder;
    struct trace_recorder_slot *slots;
};

static int recording_describe(struct recording *r, const struct session *s)
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
    return err ? err
               : trace_recorder_attach(&r->recorder, "run.txt", "text/plain", run, strlen(run));
}

static int recording_begin(struct recording *r, struct session *s)
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
        return complain(EXIT_IO, "%s", error.text);
    }
    trace_recorder_init(&r->recorder, mcap_file_writer(r->file), r->slots, RECORDER_SLOTS);
    int err = recording_describe(r, s);
    if (err == 0 || err == -ENOSPC)
        return EXIT_OK; /* a full disk is told of at the end, with what it cost */
    mcap_file_close(r->file, &error);
    free(r->slots);
    return complain(EXIT_IO, "%s: %s", s->record_path, strerror(-err));
}

static void recording_end(struct recording *r, struct session *s, const char *reason)
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
                 "%s: %s events found no channel (at most %u), %s were too large for a chunk",
                 s->record_path, grouped(no_channel), RECORDER_SLOTS / 2, grouped(too_large));
    }
    free(r->slots);
}

/* --- the run -----------------------------------------------------------------------------------
 */

struct pace {
    double speed;
    uint64_t started_ns;
};

static void pace(void *context, uint64_t now_ns)
{
    const struct pace *p = context;
    uint64_t due = p->started_ns + (uint64_t)((double)now_ns / p->speed);
    struct timespec until = { (time_t)(due / NSEC_PER_SEC), (long)(due % NSEC_PER_SEC) };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int load_expectation(struct session *s)
{
    struct expect_error error;
    if (s->expect_text == NULL)
        return EXIT_OK;
    int err = expect_parse(s->expect_text, strlen(s->expect_text), &s->expect, &error);
    if (err == 0)
        return EXIT_OK;
    return complain(EXIT_INPUT, "expectation: line %u: %s", error.line, error.text);
}

/* What the result means for the shell. */
static int judge(struct session *s)
{
    const struct sim_result *r = &s->result;
    if (s->feed != NULL && s->feed->error.text[0] != '\0')
        return complain(EXIT_INPUT, "%s", s->feed->error.text);
    if (r->error == -EDEADLK) /* the kernel hung; where is on the console */
        return complain(EXIT_PANIC, "%s", r->reason);
    if (r->error != 0)
        return complain(EXIT_INPUT, "the run ended early: %s",
                        r->reason[0] ? r->reason : strerror(-r->error));
    if (r->kernel_error != 0)
        return complain(EXIT_INPUT, "the kernel did not boot: error %d (%s); its log is above",
                        r->kernel_error, strerror(-r->kernel_error));
    if (s->record_error != 0)
        return complain(EXIT_IO, "%s", s->record_reason);
    return EXIT_OK;
}

int session_run(struct session *s)
{
    int code = load_expectation(s);
    if (code != EXIT_OK)
        return code;
    struct recording recording = { 0 };
    bool records = s->record_path != NULL || s->record_to_memory;
    if (records) {
        code = recording_begin(&recording, s);
        if (code != EXIT_OK)
            return code;
    }

    struct log_sink log = { { log_event, NULL, 1u << EVENT_LOG }, s->log, s->log_level };
    struct expect_sink expect = { { expect_sink_event, NULL, UINT32_MAX }, s->expect };
    struct progress progress = { .sink = { progress_event, NULL, UINT32_MAX }, .feed = s->feed };
    struct event_sink *sinks[10];
    uint32_t sink_count = 0;
    summary_init(&s->summary);
    if (records)
        sinks[sink_count++] = &recording.recorder.sink;
    sinks[sink_count++] = &s->summary.sink;
    if (s->expect != NULL)
        sinks[sink_count++] = &expect.sink;
    if (s->log != NULL)
        sinks[sink_count++] = &log.sink;
    if (!s->quiet && isatty(2))
        sinks[sink_count++] = &progress.sink;
    for (uint32_t i = 0; i < s->more_sink_count; i++)
        sinks[sink_count++] = s->more_sinks[i];

    struct sim_module modules[SESSION_OBJECT_MAX];
    for (uint32_t i = 0; i < s->object_count; i++)
        modules[i] =
            (struct sim_module){ s->object[i].name, s->object[i].bytes, s->object[i].size };

    struct pace pacing = { s->speed, host_now_ns() };
    struct sim_config config = {
        .fdt = s->fdt,
        .fdt_size = s->fdt_size,
        .memory_size = MEMORY_SIZE,
        .cpu_count = s->cpu_count,
        .seed = s->seed,
        .cpu_model = s->cpu_model,
        .schedule = { .policy = s->cpu_count > 1 ? SIM_SCHEDULE_SEEDED : SIM_SCHEDULE_WAIT,
                      .switch_one_in = 16 },
        .hash_interval_ns = s->hash_interval_ns,
        .fault_script = s->fault_script,
        .command_line = "bpf.required",
        .modules = modules,
        .module_count = s->object_count,
        .next_input = s->feed != NULL ? feed_next : s->next_input,
        .input_context = s->feed != NULL ? s->feed : s->input_context,
        .targets = s->feed != NULL ? (const char *const *)s->feed->targets : s->targets,
        .target_count = s->feed != NULL ? s->feed->target_count : s->target_count,
        .input_offset_ns = s->input_offset_ns,
        .end = s->feed == NULL && s->end_time_ns != 0 ? SIM_END_HOLD : SIM_END_STOP,
        .settle_ns = s->settle_ns,
        .end_time_ns = s->end_time_ns,
        .sinks = sinks,
        .sink_count = sink_count,
        .pace = s->speed > 0 ? pace : NULL,
        .pace_context = &pacing,
        .fail_kernel_allocation = s->allocation_to_fail,
    };
    uint64_t started = host_now_ns();
    progress.started_ns = progress.shown_ns = started;
    sim_run(&config, &s->result);
    s->ran = s->result.booted;
    s->host_ns = host_now_ns() - started;
    if (progress.shown)
        fprintf(stderr, "\r%70s\r", "");

    if (s->expect != NULL)
        s->expect_failed = expect_finish(s->expect, s->result.end_time_ns);
    if (records)
        recording_end(&recording, s,
                      s->result.error == 0 && s->result.kernel_error == 0 ? "complete"
                                                                          : s->result.reason);
    return judge(s);
}

/* --- telling -----------------------------------------------------------------------------------
 */

static void print_verdicts(const struct session *s, FILE *to)
{
    if (s->expect == NULL)
        return;
    uint32_t count = expect_count(s->expect);
    fprintf(to, "expected  %u of %u assertions hold\n", count - s->expect_failed, count);
    for (uint32_t i = 0; i < count; i++) {
        struct expect_verdict verdict;
        expect_verdict(s->expect, i, &verdict);
        if (!verdict.holds)
            fprintf(to, "NOT MET   line %u: %s\n          %s\n", verdict.line, verdict.source,
                    verdict.why);
    }
}

void session_print(const struct session *s, FILE *to)
{
    const struct sim_result *r = &s->result;
    double host_s = (double)s->host_ns / 1e9;
    summary_print(&s->summary, to);
    if (s->feed != NULL && s->feed->gap_count > 0)
        fprintf(to, "gaps      %s in the trace, %s in all\n", grouped(s->feed->gap_count),
                seconds_text(s->feed->gap_ns));
    print_verdicts(s, to);
    fprintf(to,
            "run       %s of virtual time in %.3f s (%.1f x real time), %s inputs, %s events, %s "
            "events/s\n",
            seconds_text(r->end_time_ns), host_s, (double)r->end_time_ns / 1e9 / host_s,
            grouped(r->input_count), grouped(r->event_count),
            grouped((uint64_t)((double)r->event_count / host_s)));
    fprintf(to, "state     hash %016" PRIx64 ", seed %" PRIu64 ", %u CPU%s\n", r->state_hash,
            s->seed, s->cpu_count, s->cpu_count == 1 ? "" : "s");
    if (s->record_path != NULL)
        fprintf(to, "recorded  %s (%s bytes)\n", s->record_path, grouped(s->record_size));
}

json_t *session_json(const struct session *s)
{
    const struct sim_result *r = &s->result;
    char hash[20];
    snprintf(hash, sizeof hash, "%016" PRIx64, r->state_hash);
    json_t *verdicts = json_array();
    for (uint32_t i = 0; s->expect != NULL && i < expect_count(s->expect); i++) {
        struct expect_verdict verdict;
        expect_verdict(s->expect, i, &verdict);
        json_array_append_new(verdicts,
                              json_pack("{s:i, s:s, s:b, s:s}", "line", (int)verdict.line,
                                        "assertion", verdict.source, "holds", verdict.holds, "why",
                                        verdict.holds ? "" : verdict.why));
    }
    json_t *json = summary_json(&s->summary);
    json_object_set_new(json, "expectations", verdicts);
    json_object_set_new(json, "virtual_ns", json_integer((json_int_t)r->end_time_ns));
    json_object_set_new(json, "host_ns", json_integer((json_int_t)s->host_ns));
    json_object_set_new(json, "inputs", json_integer((json_int_t)r->input_count));
    json_object_set_new(json, "events", json_integer((json_int_t)r->event_count));
    json_object_set_new(json, "state_hash", json_string(hash));
    json_object_set_new(json, "seed", json_integer((json_int_t)s->seed));
    json_object_set_new(json, "cpus", json_integer(s->cpu_count));
    if (s->record_path != NULL)
        json_object_set_new(json, "recorded", json_string(s->record_path));
    return json;
}
