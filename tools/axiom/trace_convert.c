/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Import: the trace's records become events and go through the recorder, so that a converted file
 * is read like a recorded one. Export: a recording's events become records of a trace_sink; other
 * traces are copied as they are. */
#include "trace_convert.h"

#include "cli.h"
#include "export_bag.h"
#include "export_perfetto.h"
#include "recording.h"
#include "recording_info.h"

#include <axiom/bits.h>
#include <axiom/decimal.h>
#include <axiom/errno.h>
#include <traces/bus_messages.h>
#include <traces/host/file_writer.h>
#include <traces/recorder.h>
#include <traces/sink.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 8192u

/* --- import ------------------------------------------------------------------------------------
 */

/* What becomes of one channel of the trace. */
struct import_channel {
    bool is_gpio; /* an edge of this line */
    uint8_t chip, line;
    int bus;                     /* I2C: its number; -1: not bound */
    char device[EVENT_NAME_MAX]; /* IIO */
    enum bus_message message;    /* SPI, UART, CAN */
    uint16_t plain;              /* std_msgs or bus channel of the writer; 0: none */
};

struct import {
    struct trace_source *source;
    struct mcap_file_writer *file;
    struct trace_recorder recorder;
    struct trace_recorder_slot *slots;
    struct import_channel *channel;
    uint16_t bool_schema, float_schema, bus_schema[BUS_MESSAGE_COUNT];
    uint8_t *payload; /* BUS_MESSAGE_SIZE_MAX bytes */
    uint64_t sequence, records, gaps;
    const char *to;
};

static const char *bound_device(const struct import *im, const struct binding_list *bindings,
                                uint32_t index)
{
    for (size_t i = 0; i < bindings->count; i++) {
        if (trace_channel_find(im->source, bindings->at[i].channel) == (int64_t)index)
            return bindings->at[i].device;
    }
    return NULL;
}

static enum bus_message message_of(const struct trace_channel *channel)
{
    switch (channel->kind) {
    case TRACE_CAN:
        return BUS_CAN;
    case TRACE_SPI:
        return BUS_SPI;
    case TRACE_UART:
        return BUS_UART;
    default:
        return BUS_NONE;
    }
}

static int plain_channel(struct import *im, const struct trace_channel *channel, uint16_t *id)
{
    bool level = channel->kind == TRACE_LEVEL;
    enum bus_message bus = message_of(channel);
    uint16_t *schema_id = bus != BUS_NONE ? &im->bus_schema[bus]
                          : level         ? &im->bool_schema
                                          : &im->float_schema;
    const char *text = bus != BUS_NONE ? bus_message_schema(bus)->text
                       : level         ? "bool data\n"
                                       : "float64 data\n";
    const char *name = bus != BUS_NONE ? bus_message_schema(bus)->name
                       : level         ? "std_msgs/msg/Bool"
                                       : "std_msgs/msg/Float64";
    struct mcap_writer *writer = mcap_file_writer(im->file);
    char topic[160];
    if (*schema_id == 0) {
        struct mcap_schema schema = { .name = mcap_text(name),
                                      .encoding = mcap_text("ros2msg"),
                                      .data = { (const uint8_t *)text, strlen(text) } };
        int err = mcap_writer_schema(writer, &schema, schema_id);
        if (err)
            return err;
    }
    int length = snprintf(topic, sizeof topic, "/trace/");
    for (const char *at = channel->name; *at != '\0' && length + 1 < (int)sizeof topic; at++)
        topic[length++] = *at == ' ' ? '_' : *at;
    topic[length] = '\0';
    struct mcap_channel out = { .schema_id = *schema_id,
                                .topic = mcap_text(topic),
                                .message_encoding = mcap_text("cdr") };
    return mcap_writer_channel(writer, &out, id);
}

static int plan_channel(struct import *im, const struct binding_list *bindings, uint32_t index)
{
    const struct trace_channel *channel = trace_channel_at(im->source, index);
    const char *device = bound_device(im, bindings, index);
    struct import_channel *plan = &im->channel[index];
    unsigned chip, line, bus;
    plan->bus = -1;
    if (channel->kind == TRACE_SCAN || (channel->kind == TRACE_I2C && device == NULL)) {
        const char *name =
            device != NULL && strncmp(device, "iio/", 4) == 0 ? device + 4 : channel->name;
        snprintf(plan->device, sizeof plan->device, "%s", name);
        return EXIT_OK;
    }
    if (device != NULL && channel->kind == TRACE_LEVEL &&
        sscanf(device, "gpio/chip%u/%u", &chip, &line) == 2) {
        plan->is_gpio = true;
        plan->chip = (uint8_t)chip;
        plan->line = (uint8_t)line;
        return EXIT_OK;
    }
    if (device != NULL && channel->kind == TRACE_I2C && sscanf(device, "i2c/%u", &bus) == 1) {
        plan->bus = (int)bus;
        return EXIT_OK;
    }
    if (device != NULL)
        return complain(EXIT_USAGE, "'%s' cannot become %s: gpio/chipC/LINE, iio/NAME or i2c/BUS",
                        channel->name, device);
    plan->message = message_of(channel);
    int err = plain_channel(im, channel, &plan->plain);
    return err ? complain(EXIT_IO, "%s: %s", im->to, strerror(-err)) : EXIT_OK;
}

static int put_plain(struct import *im, const struct import_channel *plan,
                     const struct trace_record *record, const struct trace_channel *channel)
{
    uint8_t number[12] = { 0, 1, 0, 0 }; /* CDR, little endian */
    uint8_t *cdr = number;
    size_t size = 5;
    if (plan->message != BUS_NONE) {
        cdr = im->payload;
        size = bus_message_encode(plan->message, record, "", cdr);
    } else if (channel->kind == TRACE_LEVEL) {
        cdr[4] = record->level;
    } else {
        put_le64(cdr + 4, double_bits_from_nano(record->nano));
        size = 12;
    }
    struct mcap_message message = { .channel_id = plan->plain,
                                    .sequence = (uint32_t)++im->sequence,
                                    .log_time = record->time_ns,
                                    .publish_time = record->source_ns,
                                    .data = { cdr, size } };
    return mcap_writer_message(mcap_file_writer(im->file), &message);
}

static int put_record(struct import *im, const struct trace_record *record)
{
    const struct trace_channel *channel = trace_channel_at(im->source, record->channel);
    const struct import_channel *plan = &im->channel[record->channel];
    if (plan->plain != 0)
        return put_plain(im, plan, record, channel);
    struct event event = { .time_ns = record->time_ns,
                           .source_ns = record->source_ns,
                           .sequence = ++im->sequence,
                           .layer = EVENT_LAYER_MACHINE,
                           .role = EVENT_ROLE_INPUT };
    if (plan->is_gpio) {
        event.kind = EVENT_GPIO;
        event.gpio =
            (struct event_gpio){ .chip = plan->chip, .line = plan->line, .level = record->level };
    } else if (channel->kind == TRACE_SCAN) {
        event.kind = EVENT_IIO;
        event.iio.device = plan->device;
        event.iio.count = channel->scan_count;
        memcpy(event.iio.quantity, channel->quantity, channel->scan_count);
        memcpy(event.iio.nano, record->scan, channel->scan_count * sizeof record->scan[0]);
    } else {
        const struct trace_i2c *i2c = &record->i2c;
        event.kind = EVENT_I2C;
        event.role = plan->bus >= 0 ? EVENT_ROLE_INPUT : EVENT_ROLE_OBSERVATION;
        event.i2c = (struct event_i2c){ .bus = plan->bus >= 0 ? (uint8_t)plan->bus : 0,
                                        .address = i2c->address,
                                        .error = i2c->address_nack ? -ENXIO
                                                 : i2c->write_nack ? -EIO
                                                                   : 0,
                                        .write_size = (uint16_t)i2c->write_size,
                                        .read_size = (uint16_t)i2c->read_size,
                                        .write_data = i2c->write_data,
                                        .read_data = i2c->read_data };
    }
    trace_recorder_emit(&im->recorder, &event);
    return im->recorder.error;
}

/* Levels at time 0 are records of time 0: a recording has no other place for them. */
static int put_initial_levels(struct import *im)
{
    for (uint32_t i = 0; i < trace_channel_count(im->source); i++) {
        const struct trace_channel *channel = trace_channel_at(im->source, i);
        if (channel->kind != TRACE_LEVEL || channel->initial_level < 0)
            continue;
        struct trace_record record = { .channel = i, .level = channel->initial_level != 0 };
        int err = put_record(im, &record);
        if (err)
            return err;
    }
    return 0;
}

static int import_records(struct import *im)
{
    struct trace_record record;
    struct trace_error error;
    int err = put_initial_levels(im), got;
    while (err == 0 && (got = trace_next(im->source, &record, &error)) != 0) {
        if (got < 0)
            return complain(EXIT_INPUT, "%s", error.text);
        if (record.type == TRACE_RECORD_GAP) {
            im->gaps++;
            continue;
        }
        err = put_record(im, &record);
        im->records++;
    }
    return err ? complain(EXIT_IO, "%s: %s", im->to, strerror(-err)) : EXIT_OK;
}

int convert_import(const char *from, const char *to, const struct trace_options *words,
                   const struct binding_list *bindings)
{
    struct import im = { .to = to };
    struct trace_error error;
    struct mcap_error mcap_error;
    struct mcap_file_options options = { .channel_capacity = SLOTS / 2,
                                         .summary_size = TRACE_RECORDER_SUMMARY_SIZE(SLOTS / 2),
                                         .tail_reserve = TRACE_RECORDER_TAIL_RESERVE,
                                         .profile = "ros2",
                                         .library = "axiom" };
    if (trace_open(from, words, &im.source, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    uint32_t count = trace_channel_count(im.source);
    im.slots = calloc(SLOTS, sizeof *im.slots);
    im.channel = calloc(count + 1, sizeof *im.channel);
    int code = EXIT_OK;
    im.payload = malloc(BUS_MESSAGE_SIZE_MAX);
    if (im.slots == NULL || im.channel == NULL || im.payload == NULL)
        code = complain(EXIT_IO, "no memory");
    for (size_t i = 0; i < bindings->count && code == EXIT_OK; i++) {
        if (trace_channel_find(im.source, bindings->at[i].channel) < 0)
            code = complain(EXIT_INPUT, "%s has no channel '%s' (axiom trace info lists them)",
                            from, bindings->at[i].channel);
    }
    if (code == EXIT_OK && mcap_file_create(to, &options, &im.file, &mcap_error) != 0)
        code = complain(EXIT_IO, "%s", mcap_error.text);
    if (im.file != NULL) {
        trace_recorder_init(&im.recorder, mcap_file_writer(im.file), im.slots, SLOTS);
        for (uint32_t i = 0; i < count && code == EXIT_OK; i++)
            code = plan_channel(&im, bindings, i);
        if (code == EXIT_OK)
            code = import_records(&im);
        trace_recorder_finish(&im.recorder, code == EXIT_OK ? "complete" : "the trace is broken");
        if (mcap_file_close(im.file, &mcap_error) != 0 && code == EXIT_OK)
            code = complain(EXIT_IO, "%s", mcap_error.text);
    }
    if (code == EXIT_OK) {
        printf("%s: %s of %s", to, counted(im.records, "record"), counted(count, "channel"));
        if (im.gaps > 0)
            printf(", %s of the recorder not carried over", counted(im.gaps, "gap"));
        putchar('\n');
    }
    free(im.payload);
    free(im.slots);
    free(im.channel);
    trace_close(im.source);
    return code;
}

/* --- export ------------------------------------------------------------------------------------
 */

static int sink_format(const char *to, enum trace_sink_format *format)
{
    const char *dot = strrchr(to, '.');
    if (dot != NULL && strcmp(dot, ".vcd") == 0)
        *format = TRACE_SINK_VCD;
    else if (dot != NULL && strcmp(dot, ".csv") == 0)
        *format = TRACE_SINK_CSV;
    else if (dot != NULL && (strcmp(dot, ".log") == 0 || strcmp(dot, ".candump") == 0))
        *format = TRACE_SINK_CANDUMP;
    else
        return complain(EXIT_USAGE,
                        "%s: the name must end in .vcd, .csv, .log (candump), .json (Perfetto) or "
                        ".mcap (rosbag2)",
                        to);
    return EXIT_OK;
}

/* A topic of the recording as channels of the sink: PWM has two, duty and period. */
struct export_topic {
    char topic[EVENT_TOPIC_MAX + EVENT_NAME_MAX];
    uint32_t index, second;
};

struct export
{
    struct trace_sink *sink;
    struct export_topic *topics;
    uint32_t count;
    struct trace_error error;
};

static bool exportable(const struct event *event)
{
    switch (event->kind) {
    case EVENT_GPIO:
    case EVENT_PWM:
    case EVENT_IIO:
    case EVENT_BPF_RUN:
    case EVENT_I2C:
        return true;
    default:
        return false;
    }
}

/* Runs have one lane a program. */
static void export_name(const struct event *event, char *name, size_t size)
{
    event_topic(event, name, size);
    size_t length = strlen(name);
    if (event->kind == EVENT_BPF_RUN)
        snprintf(name + length, size - length, "/%s", event->bpf_run.program);
}

static struct export_topic *find_topic(struct export *ex, const char *name)
{
    for (uint32_t i = 0; i < ex->count; i++) {
        if (strcmp(ex->topics[i].topic, name) == 0)
            return &ex->topics[i];
    }
    return NULL;
}

static int declare(struct export *ex, const struct event *event, const char *name)
{
    struct export_topic *grown = realloc(ex->topics, (ex->count + 1) * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    ex->topics = grown;
    struct export_topic *topic = &ex->topics[ex->count++];
    snprintf(topic->topic, sizeof topic->topic, "%s", name);
    struct trace_channel channel = {
        .name = name, .unit = "", .note = "", .initial_level = -1, .line = -1
    };
    switch (event->kind) {
    case EVENT_GPIO:
        channel.kind = TRACE_LEVEL;
        break;
    case EVENT_IIO:
        channel.kind = TRACE_SCAN;
        channel.scan_count = event->iio.count;
        memcpy(channel.quantity, event->iio.quantity, sizeof channel.quantity);
        break;
    case EVENT_I2C:
        channel.kind = TRACE_I2C;
        break;
    default:
        channel.kind = TRACE_SCALAR;
    }
    int err = trace_sink_channel(ex->sink, &channel, &topic->index, &ex->error);
    if (err || event->kind != EVENT_PWM)
        return err;
    char period[EVENT_TOPIC_MAX + EVENT_NAME_MAX + 8];
    snprintf(period, sizeof period, "%s/period", name);
    channel.name = period;
    return trace_sink_channel(ex->sink, &channel, &topic->second, &ex->error);
}

static int64_t to_nano(uint64_t number)
{
    return number > INT64_MAX / NANO ? INT64_MAX : (int64_t)number * NANO;
}

static int put_event(struct export *ex, const struct event *event, const struct export_topic *topic)
{
    struct trace_record record = { .time_ns = event->time_ns,
                                   .source_ns = event->source_ns,
                                   .channel = topic->index };
    int err;
    switch (event->kind) {
    case EVENT_GPIO:
        record.level = event->gpio.level;
        break;
    case EVENT_PWM:
        record.nano =
            event->pwm.enabled ? (int64_t)event->pwm.duty_ns : 0; /* seconds in nano: ns */
        err = trace_sink_put(ex->sink, &record, &ex->error);
        if (err)
            return err;
        record.channel = topic->second;
        record.nano = (int64_t)event->pwm.period_ns;
        break;
    case EVENT_IIO:
        memcpy(record.scan, event->iio.nano, sizeof record.scan);
        break;
    case EVENT_BPF_RUN:
        record.nano = to_nano(event->bpf_run.return_value);
        break;
    default:
        record.i2c = (struct trace_i2c){ .start_ns = event->time_ns,
                                         .address = event->i2c.address,
                                         .address_nack = event->i2c.error == -ENXIO,
                                         .write_nack = event->i2c.error == -EIO,
                                         .stopped = true,
                                         .has_write = event->i2c.write_size > 0,
                                         .has_read = event->i2c.read_size > 0,
                                         .write_size = event->i2c.write_size,
                                         .read_size = event->i2c.read_size,
                                         .write_data = event->i2c.write_data,
                                         .read_data = event->i2c.read_data };
    }
    return trace_sink_put(ex->sink, &record, &ex->error);
}

/* Twice through the recording: a sink wants all channels before the first record. */
static int export_recording(struct export *ex, const char *from, uint64_t *records,
                            uint64_t *end_ns)
{
    for (int pass = 0; pass < 2; pass++) {
        struct recording_reader reader;
        struct event event;
        const struct event_channel *channel;
        char name[EVENT_TOPIC_MAX + EVENT_NAME_MAX];
        int code = recording_open(&reader, from, false), got = 0, err = 0;
        if (code != EXIT_OK)
            return code;
        while (err == 0 && (got = recording_next(&reader, &event, &channel)) == 1) {
            if (!exportable(&event))
                continue;
            export_name(&event, name, sizeof name);
            struct export_topic *topic = find_topic(ex, name);
            if (pass == 0 && topic == NULL)
                err = declare(ex, &event, name);
            if (pass == 1) {
                err = put_event(ex, &event, topic);
                *end_ns = event.time_ns;
                ++*records;
            }
        }
        if (got < 0)
            code = complain(EXIT_INPUT, "%s", reader.error.text);
        recording_close(&reader);
        if (err)
            return complain(EXIT_IO, "%s", ex->error.text);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

int convert_export(const char *from, const char *to, const struct trace_options *words)
{
    enum trace_sink_format format = TRACE_SINK_VCD;
    struct export ex = { 0 };
    struct trace_source *source = NULL;
    uint64_t records = 0, end_ns = 0;
    const char *dot = strrchr(to, '.');
    if (dot != NULL && strcmp(dot, ".json") == 0)
        return export_perfetto(from, to, words);
    if (dot != NULL && strcmp(dot, ".mcap") == 0)
        return export_bag(from, to, words);
    int code = sink_format(to, &format);
    if (code != EXIT_OK)
        return code;
    bool recording = is_recording(from);
    if (!recording && trace_open(from, words, &source, &ex.error) != 0)
        return complain(EXIT_INPUT, "%s", ex.error.text);
    if (trace_sink_create(to, format, &ex.sink, &ex.error) != 0) {
        if (source != NULL)
            trace_close(source);
        return complain(EXIT_IO, "%s", ex.error.text);
    }
    int err = 0;
    if (recording) {
        code = export_recording(&ex, from, &records, &end_ns);
        err = trace_sink_close(ex.sink, end_ns, &ex.error);
    } else {
        err = trace_export(source, ex.sink, &records, &ex.error);
        trace_close(source);
    }
    free(ex.topics);
    if (code == EXIT_OK && err)
        return complain(recording ? EXIT_IO : EXIT_INPUT, "%s", ex.error.text);
    if (code == EXIT_OK)
        printf("%s: %s\n", to, counted(records, "record"));
    return code;
}
