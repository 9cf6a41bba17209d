/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What recording and reading cost, in ns an event: mcap_bench [FILE]. Build it with the preset
 * `release`.
 *
 * "taken" is the writer alone: its sink throws bytes away. FILE (default: a temporary one) is on
 * the disk to measure. */
#include <axiom_host/crc32_vector.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <traces/host/file_writer.h>
#include <traces/host/reader.h>
#include <traces/recorder.h>
#include <unistd.h>

enum { EVENTS = 5000000 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* other work on this machine does not count */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const char *what, double seconds, uint64_t events, uint64_t bytes)
{
    printf("%-46s %7.1f ns/event %8.2f M/s %8.0f MB/s\n", what, seconds * 1e9 / (double)events,
           (double)events / seconds * 1e-6, (double)bytes / seconds * 1e-6);
}

static int sink_nowhere(void *context, const void *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
    return 0;
}

static uint8_t chunk[1 << 20], summary[1 << 18], chunk_index[1 << 20];
static struct mcap_writer_channel channel[1024];
static struct trace_recorder_slot slot[1024];

static void writer_begin(struct mcap_writer *w, size_t chunk_size)
{
    struct mcap_writer_config config = { .sink = { NULL, sink_nowhere, NULL, NULL, NULL },
                                         .chunk = chunk,
                                         .chunk_size = chunk_size,
                                         .summary = summary,
                                         .summary_size = sizeof summary,
                                         .index = chunk_index,
                                         .index_size = sizeof chunk_index,
                                         .channel = channel,
                                         .channel_capacity = 1024 };
    if (mcap_writer_begin(w, &config) != 0)
        abort();
}

static void messages_taken(size_t chunk_size)
{
    struct mcap_writer w;
    uint8_t payload[40] = { 1 };
    uint16_t id[4];
    writer_begin(&w, chunk_size);
    struct mcap_channel definition = { .topic = mcap_text("/x"),
                                       .message_encoding = mcap_text(""),
                                       .metadata = { (const uint8_t *)"", 0 } };
    for (int i = 0; i < 4; i++)
        mcap_writer_channel(&w, &definition, &id[i]);
    double start = now_s();
    for (uint64_t n = 0; n < EVENTS; n++) {
        struct mcap_message message = { id[n & 3], (uint32_t)n, n, n, { payload, sizeof payload } };
        mcap_writer_message(&w, &message);
    }
    mcap_writer_finish(&w);
    char what[64];
    snprintf(what, sizeof what, "40-byte messages taken, chunk of %zu KiB", chunk_size >> 10);
    report(what, now_s() - start, EVENTS, w.file_size);
}

static void events_record(struct trace_recorder *recorder)
{
    for (uint64_t n = 0; n < EVENTS; n++) {
        struct event event = {
            .time_ns = n * 300, .source_ns = n * 300, .sequence = n, .kind = EVENT_GPIO
        };
        event.gpio = (struct event_gpio){ 0, (uint8_t)(17 + n % 4), n & 1, 0, n };
        trace_recorder_emit(recorder, &event);
    }
}

static void gpio_taken(void)
{
    struct mcap_writer w;
    struct trace_recorder recorder;
    writer_begin(&w, 256 << 10);
    trace_recorder_init(&recorder, &w, slot, 1024);
    double start = now_s();
    events_record(&recorder);
    trace_recorder_finish(&recorder, "complete");
    report("GPIO events recorded, to nowhere", now_s() - start, EVENTS, w.file_size);
}

static void gpio_to_file(const char *path)
{
    struct mcap_file_writer *file;
    struct mcap_error error;
    if (mcap_file_create(path, NULL, &file, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    struct trace_recorder recorder;
    trace_recorder_init(&recorder, mcap_file_writer(file), slot, 1024);
    double start = now_s();
    events_record(&recorder);
    trace_recorder_finish(&recorder, "complete");
    uint64_t size = mcap_file_writer(file)->file_size;
    mcap_file_close(file, &error);
    report("GPIO events recorded, to a file", now_s() - start, EVENTS, size);
}

static void read_file(const char *path)
{
    struct mcap_reader *reader;
    struct mcap_error error;
    struct mcap_item item;
    if (mcap_reader_open(path, NULL, &reader, &error) != 0)
        exit(1);
    uint64_t count = 0, bytes = 0;
    double start = now_s();
    while (mcap_reader_next(reader, &item, &error) == 1) {
        count++;
        bytes += item.message.data.size + MCAP_MESSAGE_HEAD_SIZE;
    }
    report("read", now_s() - start, count, bytes);
    mcap_reader_seek(reader, 0, 0, &error);
    count = 0;
    start = now_s();
    struct event event = { .time_ns = 0 };
    uint64_t sum = 0;
    while (mcap_reader_next(reader, &item, &error) == 1) {
        struct event_channel *known = item.channel->user;
        if (known == NULL) {
            item.channel->user = known = calloc(1, sizeof *known);
            event_channel_parse(&item.channel->channel, item.channel->schema, known);
        }
        event_decode(known, &item.message, &event);
        sum += event.gpio.bank_level;
        count++;
    }
    report("read and decoded", now_s() - start, count, bytes);
    if (sum == 1)
        puts("");
    mcap_reader_close(reader);
}

static void copy_file(const char *from, const char *to)
{
    struct mcap_reader *reader;
    struct mcap_file_writer *file;
    struct mcap_error error;
    struct mcap_item item;
    if (mcap_reader_open(from, NULL, &reader, &error) != 0 ||
        mcap_file_create(to, NULL, &file, &error) != 0)
        exit(1);
    struct mcap_writer *w = mcap_file_writer(file);
    uint64_t count = 0;
    uint16_t ids[64] = { 0 };
    double start = now_s();
    for (; mcap_reader_next(reader, &item, &error) == 1; count++) {
        uint16_t *id = &ids[item.message.channel_id % 64];
        if (*id == 0) {
            struct mcap_channel definition = item.channel->channel;
            definition.schema_id = 0;
            mcap_writer_channel(w, &definition, id);
        }
        item.message.channel_id = *id;
        mcap_writer_message(w, &item.message);
    }
    uint64_t size = w->file_size;
    mcap_file_close(file, &error);
    report("copied by our reader and writer", now_s() - start, count, size);
    mcap_reader_close(reader);
    unlink(to);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "/tmp/axiom-mcap-bench.mcap";
    char copy[4096];
    snprintf(copy, sizeof copy, "%s.copy", path);
    for (int vector = 0; vector < 2; vector++) {
        if (vector && !crc32_use_vector())
            break;
        printf("CRC-32 by %s\n", vector ? "vector unit" : "table");
        messages_taken(64 << 10);
        messages_taken(256 << 10);
        messages_taken(1 << 20);
        gpio_taken();
    }
    gpio_to_file(path);
    read_file(path);
    copy_file(path, copy);
    unlink(path);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory %ld KiB\n", usage.ru_maxrss);
    return 0;
}
