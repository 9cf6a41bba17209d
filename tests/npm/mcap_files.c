/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writes what the judge is to read: FOLDER/NAME.mcap, and FOLDER/NAME.txt with one line a message
 * that must come out of it: topic, log_time, publish_time, sequence, payload in hex. */
#include <inttypes.h>
#include <mcap/put.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <traces/host/file_writer.h>
#include <traces/host/reader.h>
#include <traces/recorder.h>

static struct trace_recorder_slot slot[256];
static struct trace_recorder recorder;
static char folder[3000];

static struct mcap_file_writer *file_begin(const char *name, uint64_t limit_bytes)
{
    char path[4096];
    struct mcap_file_options options = { .chunk_size = 16384,
                                         .limit_bytes = limit_bytes,
                                         .library = "axiom test" };
    struct mcap_file_writer *file;
    struct mcap_error error;
    snprintf(path, sizeof path, "%s/%s.mcap", folder, name);
    if (mcap_file_create(path, &options, &file, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    trace_recorder_init(&recorder, mcap_file_writer(file), slot, 256);
    return file;
}

/* Ends the file, and lists what our own reader finds in it. */
static void file_end(struct mcap_file_writer *file, const char *name, int expected)
{
    char path[4096];
    struct mcap_error error;
    struct mcap_reader *reader;
    struct mcap_item item;
    if (trace_recorder_finish(&recorder, "complete") != expected ||
        mcap_file_close(file, &error) != expected)
        abort();
    snprintf(path, sizeof path, "%s/%s.mcap", folder, name);
    if (mcap_reader_open(path, NULL, &reader, &error) != 0)
        abort();
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    FILE *list = fopen(path, "w");
    if (list == NULL)
        abort();
    while (mcap_reader_next(reader, &item, &error) == 1) {
        const struct mcap_text topic = item.channel->channel.topic;
        fprintf(list, "%.*s %" PRIu64 " %" PRIu64 " %u ", (int)topic.size, topic.at,
                item.message.log_time, item.message.publish_time, item.message.sequence);
        for (uint64_t i = 0; i < item.message.data.size; i++)
            fprintf(list, "%02x", item.message.data.at[i]);
        fputc('\n', list);
    }
    fclose(list);
    mcap_reader_close(reader);
}

static void emit(struct event event)
{
    static uint64_t sequence;
    event.sequence = ++sequence;
    event.time_ns = 1000000 * sequence;
    event.source_ns = event.time_ns - 250;
    trace_recorder_emit(&recorder, &event);
}

/* At least one event of every kind; the judge knows some of these values. */
static void write_kinds(void)
{
    static const uint8_t data[] = { 0x24, 0x00, 0xff };
    struct mcap_file_writer *file = file_begin("kinds", 0);
    struct trace_binding binding = { "X step", "gpio/chip0/17" };
    struct trace_run_info info = {
        .version = "test", .seed = 42, .cpu_count = 1, .binding = &binding, .binding_count = 1
    };
    if (trace_recorder_run_info(&recorder, &info) != 0 ||
        trace_recorder_attach(&recorder, "expect.txt", "text/plain", "line 17 low\n", 12) != 0)
        abort();
    emit((struct event){ .kind = EVENT_GPIO, .gpio = { 0, 17, 1, 0, UINT64_C(0x20000) } });
    emit((struct event){ .kind = EVENT_GPIO,
                         .layer = EVENT_LAYER_KERNEL,
                         .gpio = { 0, 17, 1, 0, UINT64_C(0x20000) } });
    emit((struct event){
        .kind = EVENT_PWM, .role = EVENT_ROLE_OUTPUT, .pwm = { 0, 2, 1, 0, 20000000, 1500000 } });
    emit((struct event){ .kind = EVENT_I2C, .i2c = { 1, 0x44, -6, 2, 3, data, data } });
    emit((struct event){ .kind = EVENT_IIO,
                         .iio = { .device = "imu0",
                                  .count = 6,
                                  .quantity = { 0, 1, 2, 3, 4, 5 },
                                  .nano = { 0, -1500000000, 9806650000, 1, 2, 3 } } });
    emit((struct event){ .kind = EVENT_IIO,
                         .layer = EVENT_LAYER_KERNEL,
                         .iio = { .device = "sht31",
                                  .count = 2,
                                  .quantity = { IIO_TEMP, IIO_HUMIDITYRELATIVE },
                                  .raw = { 26000, 30000 },
                                  .nano = { 21500000000, 457000000 } } });
    emit((struct event){ .kind = EVENT_TIMER, .layer = EVENT_LAYER_KERNEL, .timer = { 0, 1000 } });
    emit((struct event){
        .kind = EVENT_BPF_RUN,
        .layer = EVENT_LAYER_KERNEL,
        .bpf_run = { "track", "gpio/chip0/line17/rising", 1, UINT64_MAX, 77, 0, -13 } });
    emit((struct event){ .kind = EVENT_BPF_MAP,
                         .layer = EVENT_LAYER_KERNEL,
                         .bpf_map = { "state", data, data, 3, 2 } });
    emit((struct event){
        .kind = EVENT_BPF_PRINT, .layer = EVENT_LAYER_KERNEL, .text = { "x=1", "track", 6 } });
    emit((struct event){ .kind = EVENT_INTERLOCK,
                         .interlock = { INTERLOCK_REFUSED, "track", "gpio/chip0/27" } });
    emit((struct event){ .kind = EVENT_FAULT, .fault = { "nack", "/i2c/1", 3 } });
    emit((struct event){ .kind = EVENT_SCHED, .sched = { 1, "idle", "main" } });
    emit((struct event){ .kind = EVENT_LOG, .text = { "hello", "", 4 } });
    emit((struct event){ .kind = EVENT_HASH, .hash = { UINT64_C(0xfeedfacecafebeef) } });
    file_end(file, "kinds", 0);
}

static void write_edges(const char *name, uint64_t limit_bytes)
{
    struct mcap_file_writer *file = file_begin(name, limit_bytes);
    for (uint32_t n = 0; n < 30000; n++)
        emit(
            (struct event){ .kind = EVENT_GPIO, .gpio = { 0, (uint8_t)(n * 7 % 5), n & 1, 0, n } });
    file_end(file, name, limit_bytes != 0 ? -28 : 0);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    snprintf(folder, sizeof folder, "%s", argv[1]);
    write_kinds();
    write_edges("edges", 0);
    write_edges("full", 500000); /* the disk is full after 500,000 bytes */
    struct mcap_file_writer *file = file_begin("empty", 0);
    file_end(file, "empty", 0);
    return 0;
}
