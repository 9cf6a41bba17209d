/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Out of a recording messages are copied as they are, onto renamed channels. Out of another trace each
 * record becomes the standard message that says it. */
#include "export_bag.h"

#include "cli.h"
#include "recording_info.h"

#include <axiom/bits.h>
#include <axiom/decimal.h>
#include <axiom/errno.h>
#include <mcap/put.h>
#include <traces/bus_messages.h>
#include <traces/channels.h>
#include <traces/host/file_writer.h>
#include <traces/host/reader.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* rosbag2's default: keep the last 10, reliable, volatile. */
#define QOS "- history: 1\n  depth: 10\n  reliability: 1\n  durability: 2\n"

struct bag {
    const char *to;
    struct mcap_file_writer *file;
    uint16_t bool_schema, float_schema, bus_schema[BUS_MESSAGE_COUNT],
        form_schema[EVENT_FORM_COUNT];
    uint64_t messages;
    int error;
};

struct text {
    char at[256];
};

/* A token of a ROS 2 name begins with a letter, and has letters, digits and underscores
 * (design.ros2.org, topic and service names). A number gets the word that it counts. */
static struct text ros_topic(const char *topic, size_t size)
{
    static const char *const words[][2] = {
        { "/gpio/", "line" }, { "/pwm/", "channel" }, { "/i2c/", "bus" }, { "/timer/", "timer" }
    };
    struct text out = { "" };
    size_t length = 0;
    const char *word = "n";
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        for (size_t k = 0; k + strlen(words[i][0]) <= size; k++)
            if (memcmp(topic + k, words[i][0], strlen(words[i][0])) == 0)
                word = words[i][1];
    bool begins = true;
    if (size == 0 || topic[0] != '/')
        out.at[length++] = '/';
    for (size_t i = 0; i < size && length + 16 < sizeof out.at; i++) {
        unsigned char c = (unsigned char)topic[i];
        if (c == '/' && length > 0 && out.at[length - 1] == '/')
            continue;
        if (begins && isdigit(c))
            length += (size_t)snprintf(out.at + length, sizeof out.at - length, "%s", word);
        out.at[length++] = (char)(c == '/' || (c < 0x80 && isalnum(c)) ? c : '_');
        begins = c == '/';
    }
    while (length > 1 && out.at[length - 1] == '/')
        length--;
    out.at[length] = '\0';
    return out;
}

static uint16_t schema_id(struct bag *bag, uint16_t *id, const char *name, const char *text)
{
    struct mcap_schema schema = { .name = mcap_text(name),
                                  .encoding = mcap_text("ros2msg"),
                                  .data = { (const uint8_t *)text, strlen(text) } };
    if (*id == 0 && bag->error == 0)
        bag->error = mcap_writer_schema(mcap_file_writer(bag->file), &schema, id);
    return *id;
}

static uint16_t channel_id(struct bag *bag, uint16_t schema, const char *topic)
{
    uint8_t bytes[256];
    struct mcap_out metadata = { bytes, sizeof bytes, 0 };
    uint16_t id = 0;
    mcap_put_pair(&metadata, mcap_text("offered_qos_profiles"), mcap_text(QOS));
    struct mcap_channel channel = { .schema_id = schema,
                                    .topic = mcap_text(topic),
                                    .message_encoding = mcap_text("cdr"),
                                    .metadata = mcap_out_map(&metadata) };
    if (bag->error == 0)
        bag->error = mcap_writer_channel(mcap_file_writer(bag->file), &channel, &id);
    return id;
}

static void put_message(struct bag *bag, uint16_t channel, uint64_t time_ns, uint64_t source_ns,
                        const uint8_t *data, size_t size)
{
    struct mcap_message message = { .channel_id = channel,
                                    .sequence = (uint32_t)++bag->messages,
                                    .log_time = time_ns,
                                    .publish_time = source_ns != 0 ? source_ns : time_ns,
                                    .data = { data, size } };
    if (bag->error == 0)
        bag->error = mcap_writer_message(mcap_file_writer(bag->file), &message);
}

static void put_bool(struct bag *bag, uint16_t channel, uint64_t time_ns, bool value)
{
    const uint8_t cdr[5] = { 0, 1, 0, 0, value };
    put_message(bag, channel, time_ns, time_ns, cdr, sizeof cdr);
}

static void put_float(struct bag *bag, uint16_t channel, uint64_t time_ns, int64_t nano)
{
    uint8_t cdr[12] = { 0, 1, 0, 0 };
    put_le64(cdr + 4, double_bits_from_nano(nano));
    put_message(bag, channel, time_ns, time_ns, cdr, sizeof cdr);
}

static uint16_t bool_channel(struct bag *bag, const char *topic)
{
    return channel_id(bag, schema_id(bag, &bag->bool_schema, "std_msgs/msg/Bool", "bool data\n"),
                      topic);
}

static uint16_t float_channel(struct bag *bag, const char *topic)
{
    return channel_id(
        bag, schema_id(bag, &bag->float_schema, "std_msgs/msg/Float64", "float64 data\n"), topic);
}

/* --- a recording --- */

/* What a channel of the recording becomes. */
struct copy {
    uint16_t channel;
    uint16_t twin; /* of a standard type; 0: none */
    struct event_channel event;
    bool is_event;
};

static struct copy *copy_of(struct bag *bag, struct mcap_reader_channel *from)
{
    struct copy *copy = calloc(1, sizeof *copy);
    if (copy == NULL || from->schema == NULL) {
        bag->error = copy == NULL ? -ENOMEM : 0;
        free(copy);
        return NULL;
    }
    struct text topic = ros_topic(from->channel.topic.at, from->channel.topic.size);
    struct mcap_schema schema = *from->schema;
    uint16_t id = 0;
    /* One schema a channel would be many times the same: the name finds it again. */
    for (uint8_t form = 0; form < EVENT_FORM_COUNT && id == 0; form++)
        if (mcap_text_equal(schema.name, event_form_schema(form)->name))
            id = schema_id(bag, &bag->form_schema[form], event_form_schema(form)->name,
                           event_form_schema(form)->text);
    if (id == 0 && bag->error == 0)
        bag->error = mcap_writer_schema(mcap_file_writer(bag->file), &schema, &id);
    copy->channel = channel_id(bag, id, topic.at);
    copy->is_event = event_channel_parse(&from->channel, from->schema, &copy->event) == 0;
    struct text twin = topic;
    size_t length = strlen(twin.at);
    if (copy->is_event && copy->event.kind == EVENT_GPIO) {
        snprintf(twin.at + length, sizeof twin.at - length, "/level");
        copy->twin = bool_channel(bag, twin.at);
    } else if (copy->is_event && copy->event.kind == EVENT_PWM) {
        snprintf(twin.at + length, sizeof twin.at - length, "/duty");
        copy->twin = float_channel(bag, twin.at);
    }
    return copy;
}

static void put_twin(struct bag *bag, const struct copy *copy, const struct mcap_message *message)
{
    struct event event;
    if (copy->twin == 0 || event_decode(&copy->event, message, &event) != 0)
        return;
    if (event.kind == EVENT_GPIO) {
        put_bool(bag, copy->twin, message->log_time, event.gpio.level != 0);
        return;
    }
    const struct event_pwm *pwm = &event.pwm;
    int64_t duty = 0;
    if (pwm->enabled && pwm->period_ns > 0 && pwm->duty_ns <= pwm->period_ns)
        duty = (int64_t)((unsigned __int128)pwm->duty_ns * NANO / pwm->period_ns);
    put_float(bag, copy->twin, message->log_time, duty);
}

static int copy_recording(struct bag *bag, const char *from)
{
    struct mcap_reader_options options = { .recover = true };
    struct mcap_reader *reader;
    struct mcap_error error;
    struct mcap_item item;
    int got = 0;
    if (mcap_reader_open(from, &options, &reader, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    while (bag->error == 0 && (got = mcap_reader_next(reader, &item, &error)) == 1) {
        struct copy *copy = item.channel->user;
        if (copy == NULL)
            item.channel->user = copy = copy_of(bag, item.channel);
        if (copy == NULL)
            continue;
        put_message(bag, copy->channel, item.message.log_time, item.message.publish_time,
                    item.message.data.at, item.message.data.size);
        put_twin(bag, copy, &item.message);
    }
    int code = bag->error == 0 && got < 0 ? complain(EXIT_INPUT, "%s", error.text) : EXIT_OK;
    struct mcap_reader_channel *channel;
    for (uint32_t id = 0; (channel = mcap_reader_channel_from(reader, id)) != NULL;
         id = channel->channel.id + 1u)
        free(channel->user);
    mcap_reader_close(reader);
    return code;
}

/* --- another trace --- */

struct lane {
    uint16_t channel, fd_channel; /* a second one for CAN FD */
};

static void put_scan(struct bag *bag, const struct trace_channel *channel, const char *topic,
                     uint16_t *ids, const struct trace_record *record)
{
    struct event event = { .time_ns = record->time_ns,
                           .source_ns = record->source_ns,
                           .kind = EVENT_IIO,
                           .layer = EVENT_LAYER_MACHINE,
                           .role = EVENT_ROLE_INPUT };
    struct event_channel forms[EVENT_CHANNELS_MAX];
    uint8_t payload[4096];
    event.iio.device = channel->name;
    event.iio.count = channel->scan_count;
    memcpy(event.iio.quantity, channel->quantity, channel->scan_count);
    memcpy(event.iio.nano, record->scan, channel->scan_count * sizeof record->scan[0]);
    size_t count = event_channels_of(&event, forms);
    for (size_t i = 0; i < count; i++) {
        const struct event_schema *schema = event_form_schema(forms[i].form);
        char name[300];
        snprintf(name, sizeof name, "%s%s", topic,
                 forms[i].form == EVENT_FORM_IIO_SCAN      ? "/raw"
                 : count == 1                              ? ""
                 : forms[i].form == EVENT_FORM_IMU         ? "/imu"
                 : forms[i].form == EVENT_FORM_TEMPERATURE ? "/temperature"
                                                           : "/relative_humidity");
        if (ids[i] == 0)
            ids[i] = channel_id(
                bag, schema_id(bag, &bag->form_schema[forms[i].form], schema->name, schema->text),
                name);
        size_t size = event_encode(&event, forms[i].form, payload);
        if (size > 0)
            put_message(bag, ids[i], record->time_ns, record->source_ns, payload, size);
    }
}

static uint16_t bus_channel(struct bag *bag, enum bus_message message, const char *topic)
{
    const struct bus_schema *schema = bus_message_schema(message);
    return channel_id(bag, schema_id(bag, &bag->bus_schema[message], schema->name, schema->text),
                      topic);
}

static void put_bus(struct bag *bag, const struct trace_channel *channel, const char *topic,
                    struct lane *lane, const struct trace_record *record, uint8_t *payload)
{
    bool fd = channel->kind == TRACE_CAN && record->can.fd;
    enum bus_message message = channel->kind == TRACE_SPI    ? BUS_SPI
                               : channel->kind == TRACE_UART ? BUS_UART
                               : fd                          ? BUS_ROS_CANFD
                                                             : BUS_ROS_CAN;
    uint16_t *id = fd ? &lane->fd_channel : &lane->channel;
    char name[300];
    snprintf(name, sizeof name, "%s%s", topic, fd ? "/fd" : "");
    if (*id == 0)
        *id = bus_channel(bag, message, name);
    size_t size = bus_message_encode(message, record, channel->name, payload);
    put_message(bag, *id, record->time_ns, record->source_ns, payload, size);
}

static void put_i2c(struct bag *bag, const char *topic, struct lane *lane,
                    const struct trace_record *record, uint8_t *payload)
{
    const struct trace_i2c *i2c = &record->i2c;
    const struct event_schema *schema = event_form_schema(EVENT_FORM_I2C);
    struct event_channel form[EVENT_CHANNELS_MAX];
    struct event event = { .time_ns = record->time_ns,
                           .kind = EVENT_I2C,
                           .i2c = { .address = i2c->address,
                                    .error = i2c->address_nack ? -ENXIO
                                             : i2c->write_nack ? -EIO
                                                               : 0,
                                    .write_size = (uint16_t)i2c->write_size,
                                    .read_size = (uint16_t)i2c->read_size,
                                    .write_data = i2c->write_data,
                                    .read_data = i2c->read_data } };
    if (lane->channel == 0)
        lane->channel = channel_id(
            bag, schema_id(bag, &bag->form_schema[EVENT_FORM_I2C], schema->name, schema->text),
            topic);
    event_channels_of(&event, form);
    size_t size = event_encode(&event, form[0].form, payload);
    put_message(bag, lane->channel, record->time_ns, record->source_ns, payload, size);
}

struct trace_lanes {
    struct lane lane;
    uint16_t scan[EVENT_CHANNELS_MAX];
    struct text topic;
};

static void put_record(struct bag *bag, const struct trace_channel *channel,
                       struct trace_lanes *lanes, const struct trace_record *record,
                       uint8_t *payload)
{
    const char *topic = lanes->topic.at;
    struct lane *lane = &lanes->lane;
    switch (channel->kind) {
    case TRACE_LEVEL:
        if (lane->channel == 0)
            lane->channel = bool_channel(bag, topic);
        put_bool(bag, lane->channel, record->time_ns, record->level != 0);
        break;
    case TRACE_SCALAR:
        if (lane->channel == 0)
            lane->channel = float_channel(bag, topic);
        put_float(bag, lane->channel, record->time_ns, record->nano);
        break;
    case TRACE_SCAN:
        put_scan(bag, channel, topic, lanes->scan, record);
        break;
    case TRACE_I2C:
        put_i2c(bag, topic, lane, record, payload);
        break;
    default:
        put_bus(bag, channel, topic, lane, record, payload);
    }
}

static int copy_trace(struct bag *bag, struct trace_source *source)
{
    uint32_t count = trace_channel_count(source);
    struct trace_lanes *lanes = calloc(count + 1, sizeof *lanes);
    uint8_t *payload = malloc(BUS_MESSAGE_SIZE_MAX);
    struct trace_record record;
    struct trace_error error;
    int got = 0, code = EXIT_OK;
    if (lanes == NULL || payload == NULL)
        bag->error = -ENOMEM;
    for (uint32_t i = 0; i < count && bag->error == 0; i++) {
        const struct trace_channel *channel = trace_channel_at(source, i);
        lanes[i].topic = ros_topic(channel->name, strlen(channel->name));
        record = (struct trace_record){ .channel = i, .level = channel->initial_level == 1 };
        if (channel->kind == TRACE_LEVEL && channel->initial_level >= 0)
            put_record(bag, channel, &lanes[i], &record, payload);
    }
    while (bag->error == 0 && (got = trace_next(source, &record, &error)) == 1)
        if (record.type == TRACE_RECORD_VALUE)
            put_record(bag, trace_channel_at(source, record.channel), &lanes[record.channel],
                       &record, payload);
    if (got < 0 && bag->error == 0)
        code = complain(EXIT_INPUT, "%s", error.text);
    if (trace_warning(source)[0] != '\0')
        complain(EXIT_OK, "%s", trace_warning(source));
    free(payload);
    free(lanes);
    return code;
}

/* --- the file --- */

static void put_bag_metadata(struct bag *bag)
{
    uint8_t bytes[256];
    struct mcap_out map = { bytes, sizeof bytes, 0 };
    mcap_put_pair(&map, mcap_text("serialized_metadata"),
                  mcap_text("version: 8\nstorage_identifier: mcap\n"));
    struct mcap_metadata metadata = { mcap_text("rosbag2"), mcap_out_map(&map) };
    if (bag->error == 0)
        bag->error = mcap_writer_metadata(mcap_file_writer(bag->file), &metadata);
}

int export_bag(const char *from, const char *to, const struct trace_options *words)
{
    struct mcap_file_options options = {
        .channel_capacity = 8192, .summary_size = 8u << 20, .profile = "ros2", .library = "axiom"
    };
    struct bag bag = { .to = to };
    struct trace_source *source = NULL;
    struct trace_error error;
    struct mcap_error mcap_error;
    bool recording = is_recording(from);
    if (!recording && trace_open(from, words, &source, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    if (mcap_file_create(to, &options, &bag.file, &mcap_error) != 0) {
        trace_close(source);
        return complain(EXIT_IO, "%s", mcap_error.text);
    }
    int code = recording ? copy_recording(&bag, from) : copy_trace(&bag, source);
    trace_close(source);
    put_bag_metadata(&bag);
    if (mcap_file_close(bag.file, &mcap_error) != 0 && code == EXIT_OK)
        code = complain(EXIT_IO, "%s", mcap_error.text);
    else if (bag.error != 0 && code == EXIT_OK)
        code = complain(EXIT_IO, "%s: %s", to, strerror(-bag.error));
    if (code == EXIT_OK)
        printf("%s: %s\n", to, counted(bag.messages, "message"));
    return code;
}
