/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How fast does a trace become a record, and what does that compare to?
 *
 * An event is one input edge: read from an MCAP file, through the pin's model, RP1's interrupt path, the GIC, the drivers,
 * the attached program, into a recording. Beside it, in the same run and interleaved, the same recording is copied message
 * by message with our own reader and writer. Medians of the repetitions, with their spread. */
#include "session.h"

#include <axiom/errno.h>
#include <traces/host/file_writer.h>
#include <traces/host/reader.h>
#include <traces/recorder.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPETITIONS 5
#define TRACE_FILE  BENCH_DIR "/edges.mcap"
#define RECORD_FILE BENCH_DIR "/record.mcap"
#define COPY_FILE   BENCH_DIR "/copy.mcap"

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A square wave on line 17 whose direction (line 27) turns now and then: edges 2.5 us apart. */
static void make_trace(uint64_t edges)
{
    struct mcap_error error;
    struct mcap_file_writer *file;
    static struct trace_recorder_slot slots[64];
    struct trace_recorder recorder;
    memset(slots, 0, sizeof slots);
    if (mcap_file_create(TRACE_FILE, NULL, &file, &error) != 0)
        die(error.text);
    trace_recorder_init(&recorder, mcap_file_writer(file), slots, 64);
    for (uint64_t i = 0; i < edges; i++) {
        bool turn = i % 4001 == 4000;
        struct event event = { .time_ns = (i + 1) * 2500, .sequence = i + 1, .kind = EVENT_GPIO };
        event.source_ns = event.time_ns;
        event.role = EVENT_ROLE_INPUT;
        event.gpio.line = turn ? 27 : 17;
        event.gpio.level = turn ? i / 4001 % 2 : i % 2;
        trace_recorder_emit(&recorder, &event);
    }
    trace_recorder_finish(&recorder, "complete");
    if (mcap_file_close(file, &error) != 0)
        die(error.text);
}

enum destination { TO_NOWHERE, TO_MEMORY, TO_DISK };

struct outcome {
    double seconds;
    uint64_t inputs, events, messages;
};

static struct outcome run_once(enum destination destination, bool with_program)
{
    struct session session;
    struct trace_source *source;
    struct trace_error error;
    struct feed feed;
    struct binding_list no_bindings = { 0 };
    session_init(&session);
    session.quiet = true;
    session.record_path = destination == TO_DISK ? RECORD_FILE : NULL;
    session.record_to_memory = destination == TO_MEMORY;
    if (session_load_board(&session, NULL) != 0)
        die("no board");
    if (with_program && session_load_object(&session, BENCH_OBJECT) != 0)
        die("no program");
    double started = now_s();
    if (trace_open(TRACE_FILE, NULL, &source, &error) != 0)
        die(error.text);
    if (feed_open(&feed, source, &no_bindings, session.fdt, session.fdt_size) != 0)
        die("cannot bind");
    session.feed = &feed;
    if (session_run(&session) != 0)
        die("the run failed");
    struct outcome outcome = { now_s() - started, session.result.input_count, session.result.event_count, 0 };
    session.feed = NULL;
    feed_close(&feed);
    trace_close(source);
    session_free(&session);
    return outcome;
}

static uint16_t copy_channel(struct mcap_writer *writer, struct mcap_reader_channel *from, uint16_t *ids,
                             uint16_t *schema_ids)
{
    uint16_t id = from->channel.id;
    if (ids[id] != 0)
        return ids[id];
    struct mcap_channel channel = from->channel;
    if (from->schema != NULL) {
        if (schema_ids[from->schema->id] == 0 &&
            mcap_writer_schema(writer, from->schema, &schema_ids[from->schema->id]) != 0)
            die("schema");
        channel.schema_id = schema_ids[from->schema->id];
    }
    if (mcap_writer_channel(writer, &channel, &ids[id]) != 0)
        die("channel");
    return ids[id];
}

/* The recording of the last run to disk, message by message. */
static struct outcome copy_once(enum destination destination)
{
    static uint16_t ids[65536], schema_ids[65536];
    struct mcap_reader *reader;
    struct mcap_file_writer *file;
    struct mcap_error error;
    struct mcap_item item;
    struct mcap_reader_options order = { .order = MCAP_ORDER_FILE };
    struct outcome outcome = { 0 };
    memset(ids, 0, sizeof ids);
    memset(schema_ids, 0, sizeof schema_ids);
    double started = now_s();
    if (mcap_reader_open(RECORD_FILE, &order, &reader, &error) != 0)
        die(error.text);
    int err = destination == TO_MEMORY ? mcap_memory_create(NULL, &file, &error)
                                       : mcap_file_create(COPY_FILE, NULL, &file, &error);
    if (err != 0)
        die(error.text);
    while (mcap_reader_next(reader, &item, &error) == 1) {
        struct mcap_message message = item.message;
        message.channel_id = copy_channel(mcap_file_writer(file), item.channel, ids, schema_ids);
        mcap_writer_message(mcap_file_writer(file), &message);
        outcome.messages++;
    }
    mcap_reader_close(reader);
    if (mcap_file_close(file, &error) != 0)
        die(error.text);
    outcome.seconds = now_s() - started;
    return outcome;
}

/* --- tables ------------------------------------------------------------------------------------ */

enum row { ROW_NOWHERE, ROW_NOWHERE_BPF, ROW_MEMORY, ROW_MEMORY_BPF, ROW_DISK, ROW_DISK_BPF, ROW_COPY_MEMORY, ROW_COPY_DISK, ROW_COUNT };

static const char *const row_names[ROW_COUNT] = {
    [ROW_NOWHERE] = "replay, nothing recorded",  [ROW_NOWHERE_BPF] = "  with a program",
    [ROW_MEMORY] = "replay, recorded to memory", [ROW_MEMORY_BPF] = "  with a program",
    [ROW_DISK] = "replay, recorded to disk",     [ROW_DISK_BPF] = "  with a program",
    [ROW_COPY_MEMORY] = "copying that recording (with program), to memory",
    [ROW_COPY_DISK] = "  to disk",
};

static struct outcome measure(enum row row)
{
    switch (row) {
    case ROW_COPY_MEMORY:
        return copy_once(TO_MEMORY);
    case ROW_COPY_DISK:
        return copy_once(TO_DISK);
    default:
        return run_once((enum destination)(row / 2), row % 2 == 1);
    }
}

static int by_seconds(const void *a, const void *b)
{
    double difference = ((const struct outcome *)a)->seconds - ((const struct outcome *)b)->seconds;
    return difference < 0 ? -1 : difference > 0;
}

static void throughput(uint64_t edges)
{
    static struct outcome outcomes[ROW_COUNT][REPETITIONS];
    printf("%" PRIu64 " edges, %d repetitions interleaved; medians (least to most)\n\n", edges, REPETITIONS);
    for (int repetition = 0; repetition < REPETITIONS; repetition++) {
        for (int row = 0; row < ROW_COUNT; row++)
            outcomes[row][repetition] = measure((enum row)row);
    }
    double copy_memory = 0, copy_disk = 0;
    for (int row = 0; row < ROW_COUNT; row++)
        qsort(outcomes[row], REPETITIONS, sizeof outcomes[row][0], by_seconds);
    copy_memory = outcomes[ROW_COPY_MEMORY][REPETITIONS / 2].seconds;
    copy_disk = outcomes[ROW_COPY_DISK][REPETITIONS / 2].seconds;
    for (int row = 0; row < ROW_COUNT; row++) {
        const struct outcome *o = outcomes[row], *middle = &o[REPETITIONS / 2];
        printf("%-50s %7.0f ns an edge (%.0f to %.0f), %9.0f edges/s", row_names[row],
               middle->seconds * 1e9 / (double)edges, o[0].seconds * 1e9 / (double)edges,
               o[REPETITIONS - 1].seconds * 1e9 / (double)edges, (double)edges / middle->seconds);
        if (row == ROW_MEMORY_BPF)
            printf(", %.2f x copying", middle->seconds / copy_memory);
        if (row == ROW_DISK_BPF)
            printf(", %.2f x copying", middle->seconds / copy_disk);
        printf("\n");
    }
    printf("\nan edge with a program leaves %.1f events, the recording has %" PRIu64 " messages\n",
           (double)outcomes[ROW_DISK_BPF][0].events / (double)edges, outcomes[ROW_COPY_DISK][0].messages);
}

/* Peak memory of a process that does nothing else. */
static long peak_kib(uint64_t edges)
{
    make_trace(edges);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        run_once(TO_DISK, true);
        _exit(0);
    }
    int status;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0)
        die("the measured process failed");
    return usage.ru_maxrss;
}

static void memory(void)
{
    printf("\npeak memory against length (the board's 64 MiB of RAM are in it as far as touched)\n");
    for (uint64_t edges = 10000; edges <= 4000000; edges *= 20)
        printf("  %8" PRIu64 " edges: %6ld KiB\n", edges, peak_kib(edges));
}

static void start_up(void)
{
    double seconds[9];
    for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
        double started = now_s();
        pid_t child = fork();
        if (child == 0) {
            if (freopen("/dev/null", "w", stdout) == NULL)
                _exit(1);
            execl(BENCH_AXIOM, "axiom", "run", "--for", "1ms", (char *)NULL);
            _exit(1);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) < 0)
            die("axiom cannot be started");
        if (status != 0)
            die("axiom run --for 1ms failed");
        seconds[i] = now_s() - started;
    }
    for (size_t i = 1; i < ARRAY_SIZE(seconds); i++) {
        for (size_t j = i; j > 0 && seconds[j] < seconds[j - 1]; j--) {
            double swap = seconds[j];
            seconds[j] = seconds[j - 1];
            seconds[j - 1] = swap;
        }
    }
    printf("\nstart-up: axiom run --for 1ms, process start to exit: %.1f ms (%.1f to %.1f)\n", seconds[4] * 1e3,
           seconds[0] * 1e3, seconds[8] * 1e3);
}

int main(int argc, char **argv)
{
    uint64_t edges = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    if (edges == 0)
        die("usage: replay_bench [EDGES]");
    make_trace(edges);
    throughput(edges);
    memory();
    start_up();
    unlink(TRACE_FILE);
    unlink(RECORD_FILE);
    unlink(COPY_FILE);
    return 0;
}
