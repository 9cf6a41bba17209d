/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The ULog source.
 *
 * Opening surveys the file: formats, subscriptions, how many messages of each topic. A topic with
 * messages becomes channels: the accelerations and angular velocities of an IMU topic one scan,
 * every other number a scalar "topic.field" ("topic_1.field" for the second instance).
 *
 * PX4 writes topics in the order in which its logger polls them, so stamps of different topics are
 * out of order by some milliseconds, and a topic that was published before the log began carries an
 * old stamp, some none at all. Order is made like this: `newest` is the latest stamp seen; a
 * message whose stamp lies less than WINDOW behind it takes its place by its stamp, any other
 * stands where it was written, at `newest`. Messages wait in a heap until nothing that can still
 * come may precede them. source_ns is always the message's own stamp. A topic whose own stamps go
 * back by more than the window is an error: the clock was set back, or the file is damaged.
 *
 * Time 0 is the header's start time. */
#include "ulog.h"
#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_US   1000000u
#define AHEAD_US    (UINT64_C(3600) * 1000000) /* a stamp further ahead than this is no time */
#define HEADER_SIZE 16u

/* One channel that a topic's message feeds. */
struct output {
    uint32_t channel;
    uint8_t count;                 /* of leaves: several make a scan */
    uint32_t leaf[TRACE_SCAN_MAX]; /* indexes into the layout */
};

struct topic {
    char name[64];
    uint8_t multi_id;
    struct ulog_layout layout;
    struct output *output;
    uint32_t output_count;
    uint64_t count;         /* of messages, by the survey */
    uint64_t last_stamp_us; /* while reading */
};

struct ulog_source {
    struct trace_source base;
    struct ulog_formats formats;
    struct topic *topic;
    uint32_t topic_count;
    uint32_t *topic_of_id; /* of 65,536 message ids: index + 1, 0: no subscription */
    uint64_t start_us;
    uint64_t appended[3]; /* offsets where data that was appended after a crash begins; 0: none */
    /* Where reading is. */
    uint64_t offset, sequence;
    uint64_t newest_us, released_us;
    uint64_t unsubscribed; /* messages without a subscription */
    struct ulog_order order;
    struct ulog_message *current;
    uint32_t current_output;
};

struct message {
    uint64_t offset;
    char type;
    const uint8_t *body;
    uint32_t size;
};

static int damaged(const struct ulog_source *ulog, uint64_t offset, struct trace_error *error,
                   const char *what)
{
    const char *name = ulog->base.input.name;
    return trace_fail(error, -EBADMSG,
                      "%s: at offset %" PRIu64
                      ": %s; the log is damaged: copy it again, or keep what "
                      "is before that place: head -c %" PRIu64 " FILE",
                      name, offset, what, offset);
}

static int out_of_memory(const struct ulog_source *ulog, struct trace_error *error)
{
    return trace_fail(error, -ENOMEM, "%s: out of memory", ulog->base.input.name);
}

/* --- messages --- */

/* Where the section that `offset` lies in ends: at the next appended one, or at the end of the
 * file. */
static uint64_t section_end(const struct ulog_source *ulog, uint64_t offset)
{
    uint64_t end = ulog->base.input.size;
    for (int i = 0; i < 3; i++)
        if (ulog->appended[i] > offset && ulog->appended[i] < end)
            end = ulog->appended[i];
    return end;
}

/* 1: *message; 0: the end of the file. A message that a section's end cuts is the one during which
 * the logger died: it is dropped, and reading goes on with the next section. */
static int next_message(struct ulog_source *ulog, struct message *message,
                        struct trace_error *error)
{
    for (;;) {
        uint64_t end = section_end(ulog, ulog->offset), left = end - ulog->offset;
        size_t available;
        const uint8_t *at = input_at(&ulog->base.input, ulog->offset, 3 + 65535, &available);
        if (at == NULL)
            return trace_fail(error, -EIO, "%s: cannot be read: %s", ulog->base.input.name,
                              strerror(errno));
        if (left > available)
            left = available; /* the file became shorter */
        if (left >= 3 && left >= 3 + (uint64_t)ulog_u16(at)) {
            *message = (struct message){ ulog->offset, (char)at[2], at + 3, ulog_u16(at) };
            ulog->offset += 3 + message->size;
            if (message->type < 'A' || message->type > 'Z')
                return damaged(ulog, message->offset, error, "no message begins here");
            return 1;
        }
        if (left > 0)
            snprintf(ulog->base.warning, sizeof ulog->base.warning,
                     "the message at offset %" PRIu64 " is cut (power lost?); its %" PRIu64
                     " bytes are ignored",
                     ulog->offset, left);
        ulog->offset = end;
        if (end == ulog->base.input.size || available == 0)
            return 0;
    }
}

static int take_flags(struct ulog_source *ulog, const struct message *message,
                      struct trace_error *error)
{
    if (message->size < 40)
        return damaged(ulog, message->offset, error, "the flag bits are too short");
    const uint8_t *incompatible = message->body + 8;
    for (int i = 0; i < 8; i++)
        if (incompatible[i] & ~(i == 0 ? 1 : 0))
            return trace_fail(error, -EOPNOTSUPP,
                              "%s: incompatible flag bits byte %d = 0x%02x: a later format than "
                              "is read here",
                              ulog->base.input.name, i, incompatible[i]);
    uint64_t last = HEADER_SIZE;
    for (int i = 0; i < 3; i++) {
        ulog->appended[i] = incompatible[0] & 1 ? ulog_u64(message->body + 16 + 8 * i) : 0;
        if (ulog->appended[i] != 0 && ulog->appended[i] < last)
            return damaged(ulog, message->offset, error,
                           "offsets of appended data that go backwards");
        if (ulog->appended[i] != 0)
            last = ulog->appended[i];
    }
    return 0;
}

/* --- topics --- */

static struct topic *find_topic(struct ulog_source *ulog, const char *name, uint8_t multi_id)
{
    for (uint32_t i = 0; i < ulog->topic_count; i++)
        if (ulog->topic[i].multi_id == multi_id && strcmp(ulog->topic[i].name, name) == 0)
            return &ulog->topic[i];
    return NULL;
}

static int add_topic(struct ulog_source *ulog, const struct message *message, const char *name,
                     uint8_t multi_id, struct trace_error *error)
{
    if (ulog->topic_count == ULOG_TOPIC_MAX)
        return damaged(ulog, message->offset, error, "too many topics");
    struct topic *topic = &ulog->topic[ulog->topic_count];
    *topic = (struct topic){ .multi_id = multi_id };
    trace_text_copy(topic->name, sizeof topic->name, name);
    ulog->topic_count++; /* before it can fail: closing frees what there is of it */
    const char *reason;
    int err = ulog_layout_make(&ulog->formats, name, &topic->layout, &reason);
    if (err == -ENOMEM)
        return out_of_memory(ulog, error);
    if (err != 0) {
        char what[160];
        snprintf(what, sizeof what, "topic %s: %s", name, reason);
        return damaged(ulog, message->offset, error, what);
    }
    return 0;
}

/* 'A': u8 multi_id, u16 msg_id, name. Done by the survey and again while reading, as an id may be
 * given anew. */
static int take_subscription(struct ulog_source *ulog, const struct message *message,
                             struct trace_error *error)
{
    char name[64];
    if (message->size < 4 || message->size - 3 >= sizeof name)
        return damaged(ulog, message->offset, error,
                       "a subscription with no name or too long a one");
    memcpy(name, message->body + 3, message->size - 3);
    name[message->size - 3] = '\0';
    if (find_topic(ulog, name, message->body[0]) == NULL) {
        int err = add_topic(ulog, message, name, message->body[0], error);
        if (err != 0)
            return err;
    }
    struct topic *topic = find_topic(ulog, name, message->body[0]);
    ulog->topic_of_id[ulog_u16(message->body + 1)] = (uint32_t)(topic - ulog->topic) + 1;
    return 0;
}

/* Numbers of known topics that are quantities of an IMU. */
static const struct {
    const char *topic, *field;
    uint8_t quantity;
} imu_fields[] = {
    { "sensor_combined", "accelerometer_m_s2[0]", IIO_ACCEL_X },
    { "sensor_combined", "accelerometer_m_s2[1]", IIO_ACCEL_Y },
    { "sensor_combined", "accelerometer_m_s2[2]", IIO_ACCEL_Z },
    { "sensor_combined", "gyro_rad[0]", IIO_ANGL_VEL_X },
    { "sensor_combined", "gyro_rad[1]", IIO_ANGL_VEL_Y },
    { "sensor_combined", "gyro_rad[2]", IIO_ANGL_VEL_Z },
    { "sensor_accel", "x", IIO_ACCEL_X },
    { "sensor_accel", "y", IIO_ACCEL_Y },
    { "sensor_accel", "z", IIO_ACCEL_Z },
    { "sensor_gyro", "x", IIO_ANGL_VEL_X },
    { "sensor_gyro", "y", IIO_ANGL_VEL_Y },
    { "sensor_gyro", "z", IIO_ANGL_VEL_Z },
    { "vehicle_acceleration", "xyz[0]", IIO_ACCEL_X },
    { "vehicle_acceleration", "xyz[1]", IIO_ACCEL_Y },
    { "vehicle_acceleration", "xyz[2]", IIO_ACCEL_Z },
    { "vehicle_angular_velocity", "xyz[0]", IIO_ANGL_VEL_X },
    { "vehicle_angular_velocity", "xyz[1]", IIO_ANGL_VEL_Y },
    { "vehicle_angular_velocity", "xyz[2]", IIO_ANGL_VEL_Z },
};

static int imu_quantity(const struct topic *topic, const struct ulog_leaf *leaf)
{
    for (size_t i = 0; i < ARRAY_SIZE(imu_fields); i++)
        if (strcmp(imu_fields[i].topic, topic->name) == 0 &&
            strcmp(imu_fields[i].field, leaf->name) == 0)
            return imu_fields[i].quantity;
    return -1;
}

static void topic_label(const struct topic *topic, char *label, size_t size)
{
    if (topic->multi_id == 0)
        trace_text_copy(label, size, topic->name);
    else
        snprintf(label, size, "%s_%u", topic->name, topic->multi_id);
}

/* The scan of an IMU topic, its quantities in enum order; nothing for other topics. */
static int add_scan(struct ulog_source *ulog, struct topic *topic)
{
    struct output *output = &topic->output[topic->output_count];
    uint8_t quantity[TRACE_SCAN_MAX];
    for (int wanted = 0; wanted < IIO_QUANTITY_COUNT; wanted++)
        for (uint32_t i = 0; i < topic->layout.count; i++) {
            if (imu_quantity(topic, &topic->layout.leaf[i]) != wanted)
                continue;
            quantity[output->count] = (uint8_t)wanted;
            output->leaf[output->count++] = i;
            break;
        }
    if (output->count == 0)
        return 0;
    char label[TRACE_NAME_MAX];
    topic_label(topic, label, sizeof label);
    struct trace_channel *channel = trace_channel_add(&ulog->base, TRACE_SCAN, label, "");
    if (channel == NULL)
        return -ENOMEM;
    channel->scan_count = output->count;
    memcpy(channel->quantity, quantity, output->count);
    channel->count = topic->count;
    output->channel = ulog->base.channel_count - 1;
    topic->output_count++;
    return 0;
}

static int add_scalar(struct ulog_source *ulog, struct topic *topic, uint32_t leaf)
{
    char label[TRACE_NAME_MAX], name[2 * TRACE_NAME_MAX];
    topic_label(topic, label, sizeof label);
    snprintf(name, sizeof name, "%s.%s", label, topic->layout.leaf[leaf].name);
    struct trace_channel *channel = trace_channel_add(&ulog->base, TRACE_SCALAR, name, "");
    if (channel == NULL)
        return -ENOMEM;
    channel->count = topic->count;
    struct output *output = &topic->output[topic->output_count++];
    output->channel = ulog->base.channel_count - 1;
    output->count = 1;
    output->leaf[0] = leaf;
    return 0;
}

static int add_channels(struct ulog_source *ulog, struct trace_error *error)
{
    for (uint32_t t = 0; t < ulog->topic_count; t++) {
        struct topic *topic = &ulog->topic[t];
        if (topic->count == 0)
            continue;
        topic->output = calloc(topic->layout.count + 1, sizeof *topic->output);
        int err = topic->output == NULL ? -ENOMEM : add_scan(ulog, topic);
        for (uint32_t i = 0; i < topic->layout.count && err == 0; i++)
            if (imu_quantity(topic, &topic->layout.leaf[i]) < 0)
                err = add_scalar(ulog, topic, i);
        if (err != 0)
            return trace_fail(error, err, "%s: more than %d channels, or out of memory",
                              ulog->base.input.name, TRACE_CHANNEL_MAX);
    }
    return ulog->base.channel_count != 0
               ? 0
               : trace_fail(error, -EBADMSG, "%s: a log without data messages",
                            ulog->base.input.name);
}

/* --- survey --- */

static int survey_message(struct ulog_source *ulog, const struct message *message,
                          struct trace_error *error)
{
    const char *reason = "";
    int err = 0;
    switch (message->type) {
    case 'B':
        err = take_flags(ulog, message, error);
        break;
    case 'F':
        err = ulog_formats_add(&ulog->formats, (const char *)message->body, message->size, &reason);
        if (err == -ENOMEM)
            return out_of_memory(ulog, error);
        if (err != 0)
            return damaged(ulog, message->offset, error, reason);
        break;
    case 'A':
        err = take_subscription(ulog, message, error);
        break;
    case 'D':
        if (message->size < 2)
            return damaged(ulog, message->offset, error, "a data message without an id");
        uint32_t topic = ulog->topic_of_id[ulog_u16(message->body)];
        if (topic != 0)
            ulog->topic[topic - 1].count++;
        break;
    default:
        break; /* information, parameters, log lines, sync marks, what later versions add */
    }
    return err;
}

static int survey(struct ulog_source *ulog, struct trace_error *error)
{
    size_t size;
    const uint8_t *header = input_at(&ulog->base.input, 0, HEADER_SIZE, &size);
    if (header == NULL || size < HEADER_SIZE)
        return trace_fail(error, -EBADMSG, "%s: shorter than ULog's header", ulog->base.input.name);
    if (memcmp(header, "ULog\x01\x12\x35", 7) != 0)
        return trace_fail(error, -EBADMSG, "%s: does not begin as a ULog does",
                          ulog->base.input.name);
    if (header[7] > 1)
        return trace_fail(error, -EOPNOTSUPP, "%s: ULog version %u; 0 and 1 are read",
                          ulog->base.input.name, header[7]);
    ulog->start_us = ulog_u64(header + 8);
    if (ulog->start_us > INT64_MAX / 2000)
        return trace_fail(error, -EBADMSG, "%s: its start time, %" PRIu64 " us, is out of range",
                          ulog->base.input.name, ulog->start_us);
    struct message message;
    int got;
    ulog->offset = HEADER_SIZE;
    while ((got = next_message(ulog, &message, error)) == 1) {
        int err = survey_message(ulog, &message, error);
        if (err != 0)
            return err;
    }
    return got != 0 ? got : add_channels(ulog, error);
}

/* --- reading --- */

/* Where in time a message with this stamp stands. */
static uint64_t place(struct ulog_source *ulog, uint64_t stamp_us)
{
    if (stamp_us > ulog->newest_us && stamp_us - ulog->newest_us <= AHEAD_US)
        ulog->newest_us = stamp_us;
    uint64_t time_us = ulog->newest_us;
    if (stamp_us <= ulog->newest_us && ulog->newest_us - stamp_us < WINDOW_US)
        time_us = stamp_us;
    return time_us < ulog->released_us ? ulog->released_us : time_us;
}

static struct ulog_message *push(struct ulog_source *ulog, uint64_t time_us, uint64_t stamp_us,
                                 uint32_t topic, const uint8_t *data, uint32_t size)
{
    struct ulog_message *waiting = malloc(sizeof *waiting + size);
    if (waiting == NULL)
        return NULL;
    *waiting = (struct ulog_message){ time_us, stamp_us, ulog->sequence++, topic, size };
    memcpy(waiting->data, data, size);
    ulog_order_push(&ulog->order, waiting);
    return waiting;
}

static int take_data(struct ulog_source *ulog, const struct message *message,
                     struct trace_error *error)
{
    if (message->size < 2)
        return damaged(ulog, message->offset, error, "a data message without an id");
    uint32_t index = ulog->topic_of_id[ulog_u16(message->body)];
    if (index == 0) {
        snprintf(ulog->base.warning, sizeof ulog->base.warning,
                 "%" PRIu64
                 " messages without a subscription are left out, the last at offset %" PRIu64,
                 ++ulog->unsubscribed, message->offset);
        return 0;
    }
    struct topic *topic = &ulog->topic[index - 1];
    const uint8_t *data = message->body + 2;
    uint32_t size = message->size - 2;
    uint64_t stamp_us = 0;
    if (topic->layout.stamp_offset >= 0) {
        if (size < (uint32_t)topic->layout.stamp_offset + 8)
            return damaged(ulog, message->offset, error,
                           "a data message too short for its timestamp");
        stamp_us = ulog_u64(data + topic->layout.stamp_offset);
    }
    if (stamp_us != 0 && topic->last_stamp_us > stamp_us &&
        topic->last_stamp_us - stamp_us > WINDOW_US)
        return trace_fail(error, -EBADMSG,
                          "%s: at offset %" PRIu64 ": time runs backwards: %s has %" PRIu64
                          " us after %" PRIu64 " us",
                          ulog->base.input.name, message->offset, topic->name, stamp_us,
                          topic->last_stamp_us);
    uint64_t time_us = place(ulog, stamp_us);
    if (stamp_us <= ulog->newest_us)
        topic->last_stamp_us = stamp_us;
    return push(ulog, time_us, stamp_us, index - 1, data, size) == NULL ? out_of_memory(ulog, error)
                                                                        : 0;
}

static int take_message(struct ulog_source *ulog, const struct message *message,
                        struct trace_error *error)
{
    switch (message->type) {
    case 'A':
        return take_subscription(ulog, message, error);
    case 'D':
        return take_data(ulog, message, error);
    case 'O': /* u16: the logger lost this many ms */
        if (message->size < 2)
            return damaged(ulog, message->offset, error, "a dropout without a duration");
        return push(ulog, place(ulog, ulog->newest_us), ulog->newest_us, ULOG_GAP, message->body,
                    2) == NULL
                   ? out_of_memory(ulog, error)
                   : 0;
    default:
        return 0;
    }
}

/* Takes the next message in time order off the heap. 1: it is `current`; 0: the end. */
static int next_in_order(struct ulog_source *ulog, struct trace_error *error)
{
    for (;;) {
        const struct ulog_message *first = ulog_order_first(&ulog->order);
        if (first != NULL &&
            (ulog_order_full(&ulog->order) || ulog->newest_us - first->time_us >= WINDOW_US))
            break;
        struct message message;
        int got = next_message(ulog, &message, error);
        if (got < 0)
            return got;
        if (got == 0 && first == NULL)
            return 0;
        if (got == 0)
            break;
        int err = take_message(ulog, &message, error);
        if (err != 0)
            return err;
    }
    ulog->current = ulog_order_pop(&ulog->order);
    ulog->current_output = 0;
    ulog->released_us = ulog->current->time_us;
    return 1;
}

static void drop_current(struct ulog_source *ulog)
{
    free(ulog->current);
    ulog->current = NULL;
}

/* 1: *record has the output's value; 0: the message is too short for it, or nano is. */
static int put_output(struct ulog_source *ulog, const struct topic *topic,
                      const struct output *output, struct trace_record *record)
{
    int64_t nano[TRACE_SCAN_MAX];
    for (uint8_t i = 0; i < output->count; i++) {
        const struct ulog_leaf *leaf = &topic->layout.leaf[output->leaf[i]];
        if (ulog->current->size < ulog_leaf_end(leaf))
            return 0;
        if (ulog_leaf_nano(leaf, ulog->current->data, &nano[i]) != (int)NUMBER_OK) {
            ulog->base.unrepresentable++;
            return 0;
        }
    }
    record->channel = output->channel;
    record->type = TRACE_RECORD_VALUE;
    if (ulog->base.channel[output->channel].kind == TRACE_SCAN)
        memcpy(record->scan, nano, output->count * sizeof nano[0]);
    else
        record->nano = nano[0];
    return 1;
}

static int put_gap(struct ulog_source *ulog, struct trace_record *record)
{
    record->channel = 0;
    record->type = TRACE_RECORD_GAP;
    record->gap_ns = (uint64_t)ulog_u16(ulog->current->data) * NSEC_PER_MSEC;
    drop_current(ulog);
    return 1;
}

static int ulog_next(struct trace_source *source, struct trace_record *record,
                     struct trace_error *error)
{
    struct ulog_source *ulog = (struct ulog_source *)source;
    for (;;) {
        if (ulog->current == NULL) {
            int got = next_in_order(ulog, error);
            if (got <= 0)
                return got;
        }
        record->time_ns = (ulog->current->time_us - ulog->start_us) * NSEC_PER_USEC;
        if (__builtin_mul_overflow(ulog->current->stamp_us, (uint64_t)NSEC_PER_USEC,
                                   &record->source_ns))
            record->source_ns = UINT64_MAX;
        if (ulog->current->topic == ULOG_GAP)
            return put_gap(ulog, record);
        const struct topic *topic = &ulog->topic[ulog->current->topic];
        while (ulog->current_output < topic->output_count)
            if (put_output(ulog, topic, &topic->output[ulog->current_output++], record) == 1)
                return 1;
        drop_current(ulog);
    }
}

static int ulog_rewind(struct trace_source *source, struct trace_error *error)
{
    (void)error;
    struct ulog_source *ulog = (struct ulog_source *)source;
    drop_current(ulog);
    ulog_order_clear(&ulog->order);
    memset(ulog->topic_of_id, 0, 65536 * sizeof *ulog->topic_of_id);
    for (uint32_t i = 0; i < ulog->topic_count; i++)
        ulog->topic[i].last_stamp_us = 0;
    ulog->offset = HEADER_SIZE;
    ulog->sequence = 0;
    ulog->newest_us = ulog->released_us = ulog->start_us;
    ulog->unsubscribed = 0;
    ulog->base.warning[0] = '\0';
    return 0;
}

static uint32_t ulog_progress(const struct trace_source *source)
{
    const struct ulog_source *ulog = (const struct ulog_source *)source;
    return (uint32_t)((unsigned __int128)ulog->offset * 1000 / ulog->base.input.size);
}

static void ulog_close(struct trace_source *source)
{
    struct ulog_source *ulog = (struct ulog_source *)source;
    drop_current(ulog);
    ulog_order_free(&ulog->order);
    ulog_formats_free(&ulog->formats);
    for (uint32_t i = 0; i < ulog->topic_count; i++) {
        free(ulog->topic[i].layout.leaf);
        free(ulog->topic[i].output);
    }
    free(ulog->topic);
    free(ulog->topic_of_id);
}

static const struct trace_format ulog_format = {
    .name = "PX4 ULog",
    .next = ulog_next,
    .rewind = ulog_rewind,
    .progress = ulog_progress,
    .close = ulog_close,
};

int trace_open_ulog(struct trace_input *input, const struct trace_options *options,
                    struct trace_source **source, struct trace_error *error)
{
    (void)options;
    struct ulog_source *ulog = trace_source_create(sizeof *ulog, &ulog_format, input);
    if (ulog == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    ulog->topic = calloc(ULOG_TOPIC_MAX, sizeof *ulog->topic);
    ulog->topic_of_id = calloc(65536, sizeof *ulog->topic_of_id);
    int err = ulog->topic == NULL || ulog->topic_of_id == NULL || ulog_order_init(&ulog->order) != 0
                  ? out_of_memory(ulog, error)
                  : survey(ulog, error);
    if (err == 0)
        err = ulog_rewind(&ulog->base, error);
    if (err != 0) {
        trace_close(&ulog->base);
        return err;
    }
    *source = &ulog->base;
    return 0;
}
