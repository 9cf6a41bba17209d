/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* MCAP as a source: what the outside did to a machine.
 *
 * Of a recording of ours, the channels with role input: lines, sensors' quantities, I2C answers. A
 * recording of a real board has none, since only the kernel recorded; then what the kernel saw of
 * the outside is taken: edges on lines that it did not drive, samples, transactions. A kernel that
 * was asked for edges of one direction records no others: between two of them the line went back,
 * halfway for want of better knowledge. Of other
 * people's files, sensor_msgs Imu, Temperature and RelativeHumidity, and the plain numbers of
 * std_msgs. The rest is left out, with a warning that says so.
 *
 * Names: /gpio/chip0/17 is "gpio/chip0/17", a sensor its device's name, any other topic itself
 * without its first slash. Time 0 is the file's time 0, or its first message where stamps are UNIX
 * times (beyond 1e18 ns, September 2001). */
#include "mcap_payload.h"
#include "source_internal.h"
#include <traces/bus_messages.h>
#include <traces/channels.h>
#include <traces/host/reader.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX_TIME_NS UINT64_C(1000000000000000000)

/* What is known of one of the file's channels; the reader keeps a pointer to it. */
struct lane {
    bool used, seen, kernel;
    enum mcap_plain plain; /* NONE: an event of ours, or ... */
    enum bus_message bus;  /* ... a bus's transaction */
    struct event_channel event;
    uint32_t channel; /* once seen */
    int8_t level;     /* while reading */
    uint64_t edge_ns; /* when it got it */
    uint64_t message_count;
};

struct mcap_source {
    struct trace_source base;
    struct mcap_reader *reader;
    struct lane *lane;
    uint32_t lane_count;
    uint64_t origin_ns;
    uint64_t last_ns;
    uint64_t given_ns;         /* of the record before */
    struct trace_record after; /* comes next if has_after */
    bool has_after;
};

static int reader_failed(struct trace_error *error, const struct mcap_error *from)
{
    trace_text_copy(error->text, sizeof error->text, from->text);
    return from->code != 0 ? from->code : -EBADMSG;
}

static int bad_message(const struct mcap_source *mcap, const struct mcap_item *item,
                       struct trace_error *error, const char *what)
{
    struct mcap_text topic = item->channel->channel.topic;
    return trace_fail(error, -EBADMSG,
                      "%s: offset %" PRIu64 ": a message of %.*s at %" PRIu64
                      " ns %s; the writer of "
                      "the file is at fault",
                      mcap->base.input.name, item->offset, (int)(topic.size < 60 ? topic.size : 60),
                      topic.at, item->message.log_time, what);
}

/* --- which channels --- */

static bool outside(const struct event_channel *event)
{
    return event->kind == EVENT_GPIO || event->kind == EVENT_IIO || event->kind == EVENT_I2C;
}

/* 0, or -EBADMSG for a channel of ours that contradicts itself. */
static int judge(const struct mcap_reader_channel *from, struct lane *lane)
{
    *lane = (struct lane){ .level = -1, .message_count = from->message_count };
    int err = event_channel_parse(&from->channel, from->schema, &lane->event);
    if (err == 0) {
        bool source = outside(&lane->event) && !lane->event.derived;
        lane->used = source && lane->event.role == EVENT_ROLE_INPUT;
        lane->kernel = source && !lane->used && lane->event.layer == EVENT_LAYER_KERNEL;
        return 0;
    }
    if (err != -EOPNOTSUPP)
        return err;
    lane->plain = mcap_plain_of(&from->channel, from->schema);
    lane->bus = bus_message_of(&from->channel, from->schema);
    lane->used = lane->plain != MCAP_PLAIN_NONE || lane->bus != BUS_NONE;
    return 0;
}

static void warn_left_out(struct mcap_source *mcap, uint32_t count,
                          const struct mcap_reader_channel *first)
{
    if (count == 0)
        return;
    struct mcap_text topic = first->channel.topic;
    struct mcap_text schema = first->schema != NULL ? first->schema->name : mcap_text("no schema");
    snprintf(mcap->base.warning, sizeof mcap->base.warning,
             "%u channels with messages of other kinds are left out, the first %.*s (%.*s)", count,
             (int)(topic.size < 60 ? topic.size : 60), topic.at,
             (int)(schema.size < 60 ? schema.size : 60), schema.at);
}

static int judge_all(struct mcap_source *mcap, struct trace_error *error)
{
    struct mcap_reader_channel *from, *first_left = NULL;
    uint32_t at = 0, inputs = 0, left = 0;
    for (uint32_t id = 0; (from = mcap_reader_channel_from(mcap->reader, id)) != NULL;
         id = from->channel.id + 1u) {
        struct lane *lane = &mcap->lane[at++];
        if (judge(from, lane) != 0)
            return trace_fail(
                error, -EBADMSG,
                "%s: channel %u says it is Axiom's, but its topic, schema and metadata do "
                "not fit together",
                mcap->base.input.name, from->channel.id);
        from->user = lane;
        inputs += lane->used;
        bool ours = lane->plain == MCAP_PLAIN_NONE && lane->bus == BUS_NONE &&
                    lane->event.form < EVENT_FORM_COUNT && lane->event.kind != 0;
        if (!lane->used && !ours && left++ == 0)
            first_left = from;
    }
    for (uint32_t i = 0; i < at && inputs == 0; i++)
        mcap->lane[i].used = mcap->lane[i].kernel;
    warn_left_out(mcap, left, first_left);
    return 0;
}

static void lane_name(const struct lane *lane, const struct mcap_channel *channel, char *name,
                      size_t size)
{
    static const char *const prefixes[] = { "/kernel",
                                            "/trace" }; /* ours and `axiom trace import`'s */
    char topic[256];
    if (lane->plain == MCAP_PLAIN_NONE && lane->bus == BUS_NONE && lane->event.kind == EVENT_IIO) {
        trace_text_copy(name, size, lane->event.name);
        return;
    }
    mcap_text_copy(topic, sizeof topic, channel->topic);
    const char *at = topic;
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncmp(at, prefixes[i], strlen(prefixes[i])) == 0 && at[strlen(prefixes[i])] == '/')
            at += strlen(prefixes[i]);
    trace_text_copy(name, size, *at == '/' ? at + 1 : at);
}

/* --- messages --- */

struct value {
    bool present;
    uint8_t level;
    int64_t nano;
    struct event event;
    struct trace_record bus; /* its payload */
};

/* 0; -EBADMSG with the error filled in. What is no record (a line that the kernel drives) is not
 * present. */
static int take(struct mcap_source *mcap, const struct lane *lane, const struct mcap_item *item,
                struct value *value, struct trace_error *error)
{
    value->present = true;
    if (lane->bus != BUS_NONE) {
        if (bus_message_decode(lane->bus, item->message.data, &value->bus) != 0)
            return bad_message(mcap, item, error, "is not what its schema says");
        return 0;
    }
    if (lane->plain != MCAP_PLAIN_NONE) {
        int got = mcap_plain_take(lane->plain, item->message.data, &value->nano);
        if (got < 0)
            return bad_message(mcap, item, error, "is not what its schema says");
        value->present = got == 1;
        mcap->base.unrepresentable += got == 0;
        value->level = value->nano != 0;
        return 0;
    }
    int err = event_decode(&lane->event, &item->message, &value->event);
    if (err != 0)
        return bad_message(mcap, item, error,
                           err == -EOPNOTSUPP ? "is in big endian" : "is not what its schema says");
    if (lane->event.kind == EVENT_GPIO) {
        value->level = value->event.gpio.level;
        if (value->level > 1)
            return bad_message(mcap, item, error, "has a level above 1");
        value->present = !(lane->kernel && value->event.gpio.driven);
    } else if (lane->event.kind == EVENT_IIO) {
        value->present = value->event.iio.count > 0;
    }
    return 0;
}

static enum trace_kind kind_of(const struct lane *lane)
{
    if (lane->bus != BUS_NONE)
        return bus_message_schema(lane->bus)->kind;
    if (lane->plain != MCAP_PLAIN_NONE)
        return lane->plain == MCAP_PLAIN_BOOL ? TRACE_LEVEL : TRACE_SCALAR;
    return lane->event.kind == EVENT_GPIO  ? TRACE_LEVEL
           : lane->event.kind == EVENT_IIO ? TRACE_SCAN
                                           : TRACE_I2C;
}

/* --- survey --- */

/* Makes the trace's channel out of the first message, which alone says what a scan is made of. The
 * level before it: a machine's message at time 0 gives the state; of our own others, each is a change; a
 * Bool may be sent at any time. */
static int add_channel(struct mcap_source *mcap, struct lane *lane, const struct mcap_channel *from,
                       const struct value *value, uint64_t time_ns, struct trace_error *error)
{
    char name[TRACE_NAME_MAX];
    lane_name(lane, from, name, sizeof name);
    struct trace_channel *channel = trace_channel_add(&mcap->base, kind_of(lane), name, "");
    if (channel == NULL)
        return trace_fail(error, -ENOMEM, "%s: more than %d channels, or out of memory",
                          mcap->base.input.name, TRACE_CHANNEL_MAX);
    lane->seen = true;
    lane->channel = mcap->base.channel_count - 1;
    if (channel->kind == TRACE_LEVEL) {
        bool is_state = (time_ns == 0 && !lane->kernel) || lane->plain != MCAP_PLAIN_NONE;
        channel->initial_level = (int8_t)(is_state ? value->level : !value->level);
    } else {
        channel->count = lane->message_count;
    }
    if (channel->kind == TRACE_SCAN) {
        channel->scan_count = value->event.iio.count;
        memcpy(channel->quantity, value->event.iio.quantity, channel->scan_count);
    }
    return 0;
}

/* Reads until each channel has been seen once. */
static int survey(struct mcap_source *mcap, struct trace_error *error)
{
    struct mcap_error reason;
    struct mcap_item item;
    uint32_t unseen = 0;
    for (uint32_t i = 0; i < mcap->lane_count; i++)
        unseen += mcap->lane[i].used && mcap->lane[i].message_count > 0;
    while (unseen > 0) {
        int got = mcap_reader_next(mcap->reader, &item, &reason);
        if (got < 0)
            return reader_failed(error, &reason);
        if (got == 0)
            break;
        struct lane *lane = item.channel->user;
        if (lane == NULL || !lane->used || lane->seen || item.message.log_time < mcap->origin_ns)
            continue;
        struct value value;
        int err = take(mcap, lane, &item, &value, error);
        if (err == 0 && value.present) {
            err = add_channel(mcap, lane, &item.channel->channel, &value,
                              item.message.log_time - mcap->origin_ns, error);
            unseen--;
        }
        if (err != 0)
            return err;
    }
    if (mcap->base.channel_count == 0)
        return trace_fail(
            error, -EBADMSG, "%s: it holds no inputs: no line, sensor, bus or plain number%s%s",
            mcap->base.input.name, mcap->base.warning[0] != '\0' ? "; " : "", mcap->base.warning);
    return 0;
}

/* --- the source --- */

static void fill_i2c(const struct event_i2c *from, uint64_t time_ns, struct trace_i2c *to)
{
    *to = (struct trace_i2c){
        .start_ns = time_ns,
        .address = from->address,
        .address_nack = from->error == -ENXIO,
        .write_nack = from->error != 0 && from->error != -ENXIO,
        .stopped = true,
        .has_write = from->write_size > 0,
        .has_read = from->read_size > 0,
        .write_size = from->write_size,
        .read_size = from->read_size,
        .write_data = from->write_data,
        .read_data = from->read_data,
    };
}

static int fill_record(struct mcap_source *mcap, struct lane *lane, const struct mcap_item *item,
                       const struct value *value, struct trace_record *record,
                       struct trace_error *error)
{
    const struct trace_channel *channel = &mcap->base.channel[lane->channel];
    if (lane->bus != BUS_NONE)
        *record = value->bus;
    else
        *record = (struct trace_record){ 0 };
    record->time_ns = item->message.log_time - mcap->origin_ns;
    record->source_ns = item->message.publish_time;
    record->channel = lane->channel;
    record->type = TRACE_RECORD_VALUE;
    switch (channel->kind) {
    case TRACE_LEVEL:
        record->level = value->level;
        lane->level = (int8_t)value->level;
        break;
    case TRACE_SCALAR:
        record->nano = value->nano;
        break;
    case TRACE_SCAN:
        if (value->event.iio.count != channel->scan_count ||
            memcmp(value->event.iio.quantity, channel->quantity, channel->scan_count) != 0)
            return bad_message(mcap, item, error,
                               "has other quantities than the first of its channel");
        memcpy(record->scan, value->event.iio.nano, channel->scan_count * sizeof record->scan[0]);
        break;
    case TRACE_I2C:
        fill_i2c(&value->event.i2c, record->time_ns, &record->i2c);
        break;
    default: /* a bus's payload is there */
        break;
    }
    return 0;
}

/* The edge that the kernel was not asked for comes first, *record waits. */
static void go_back_before(struct mcap_source *mcap, struct lane *lane, struct trace_record *record)
{
    uint64_t middle = lane->edge_ns + (record->time_ns - lane->edge_ns) / 2;
    mcap->after = *record;
    mcap->has_after = true;
    record->time_ns = middle > mcap->given_ns ? middle : mcap->given_ns;
    record->source_ns = 0;
    record->level = !record->level;
}

static int next_record(struct mcap_source *mcap, struct trace_record *record,
                       struct trace_error *error)
{
    struct mcap_error reason;
    struct mcap_item item;
    int got;
    while ((got = mcap_reader_next(mcap->reader, &item, &reason)) == 1) {
        struct lane *lane = item.channel->user;
        if (lane == NULL || !lane->seen)
            continue;
        if (item.message.log_time < mcap->last_ns || item.message.log_time < mcap->origin_ns)
            return bad_message(mcap, &item, error,
                               "comes behind later ones in a file without an index");
        mcap->last_ns = item.message.log_time;
        struct value value;
        int err = take(mcap, lane, &item, &value, error);
        if (err != 0)
            return err;
        bool repeated = kind_of(lane) == TRACE_LEVEL && value.level == lane->level;
        if (!value.present || (repeated && !lane->kernel))
            continue;
        err = fill_record(mcap, lane, &item, &value, record, error);
        if (err == 0 && repeated)
            go_back_before(mcap, lane, record);
        lane->edge_ns = item.message.log_time - mcap->origin_ns;
        return err != 0 ? err : 1;
    }
    return got < 0 ? reader_failed(error, &reason) : 0;
}

static int mcap_next(struct trace_source *source, struct trace_record *record,
                     struct trace_error *error)
{
    struct mcap_source *mcap = (struct mcap_source *)source;
    int got = 1;
    if (mcap->has_after) {
        *record = mcap->after;
        mcap->has_after = false;
    } else {
        got = next_record(mcap, record, error);
    }
    if (got == 1)
        mcap->given_ns = record->time_ns;
    return got;
}

static int mcap_rewind(struct trace_source *source, struct trace_error *error)
{
    struct mcap_source *mcap = (struct mcap_source *)source;
    struct mcap_error reason;
    mcap->last_ns = mcap->given_ns = 0;
    mcap->has_after = false;
    for (uint32_t i = 0; i < mcap->lane_count; i++)
        if (mcap->lane[i].seen) {
            mcap->lane[i].level = source->channel[mcap->lane[i].channel].initial_level;
            mcap->lane[i].edge_ns = 0;
        }
    return mcap_reader_seek(mcap->reader, 0, 0, &reason) != 0 ? reader_failed(error, &reason) : 0;
}

static uint32_t mcap_progress(const struct trace_source *source)
{
    return mcap_reader_progress(((const struct mcap_source *)source)->reader);
}

static void mcap_close(struct trace_source *source)
{
    struct mcap_source *mcap = (struct mcap_source *)source;
    if (mcap->reader != NULL)
        mcap_reader_close(mcap->reader);
    free(mcap->lane);
}

static const struct trace_format mcap_format = {
    .name = "MCAP",
    .next = mcap_next,
    .rewind = mcap_rewind,
    .progress = mcap_progress,
    .close = mcap_close,
};

static void set_origin(struct mcap_source *mcap, const struct trace_options *options,
                       const struct mcap_info *info)
{
    const char *origin = trace_option(options, "origin=");
    bool first = origin != NULL ? strcmp(origin, "first") == 0 : info->start_time >= UNIX_TIME_NS;
    mcap->origin_ns = first ? info->start_time : 0;
    mcap->base.end_ns = info->end_time > mcap->origin_ns ? info->end_time - mcap->origin_ns : 0;
}

static int open_reader(struct mcap_source *mcap, const struct trace_options *options,
                       struct trace_error *error)
{
    const struct trace_input *input = &mcap->base.input;
    const struct mcap_info *info;
    struct mcap_error reason;
    int err = input->fd < 0 ? mcap_reader_open_memory(input->memory, input->size, input->name, NULL,
                                                      &mcap->reader, &reason)
                            : mcap_reader_open(input->name, NULL, &mcap->reader, &reason);
    if (err == 0)
        err = mcap_reader_info(mcap->reader, &info, &reason);
    if (err != 0)
        return reader_failed(error, &reason);
    set_origin(mcap, options, info);
    mcap->lane_count = 0;
    for (struct mcap_reader_channel *at = mcap_reader_channel_from(mcap->reader, 0); at != NULL;
         at = mcap_reader_channel_from(mcap->reader, at->channel.id + 1u))
        mcap->lane_count++;
    mcap->lane = calloc(mcap->lane_count + 1u, sizeof *mcap->lane);
    if (mcap->lane == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    return 0;
}

int trace_open_mcap(struct trace_input *input, const struct trace_options *options,
                    struct trace_source **source, struct trace_error *error)
{
    struct mcap_source *mcap = trace_source_create(sizeof *mcap, &mcap_format, input);
    if (mcap == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    int err = open_reader(mcap, options, error);
    if (err == 0)
        err = judge_all(mcap, error);
    if (err == 0)
        err = survey(mcap, error);
    if (err == 0)
        err = mcap_rewind(&mcap->base, error);
    if (err != 0) {
        trace_close(&mcap->base);
        return err;
    }
    mcap->base.unrepresentable = 0;
    *source = &mcap->base;
    return 0;
}
