/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Payloads are CDR in little endian, as ROS 2 writes it. */
#include "output.h"
#include <axiom/errno.h>
#include <traces/channels.h>
#include <traces/host/file_writer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct output {
    struct mcap_file_writer *file;
    uint16_t line_id[LINE_COUNT], imu_id, temperature_id;
    uint32_t sequence;
};

static int add_schema(struct output *out, const char *name, const char *definition, uint16_t *id)
{
    struct mcap_schema schema = {
        .name = mcap_text(name),
        .encoding = mcap_text("ros2msg"),
        .data = { (const uint8_t *)definition, strlen(definition) },
    };
    return mcap_writer_schema(mcap_file_writer(out->file), &schema, id);
}

static int add_channel(struct output *out, uint16_t schema_id, const char *name, uint16_t *id)
{
    char topic[32];
    snprintf(topic, sizeof topic, "/%s", name);
    struct mcap_channel channel = { .schema_id = schema_id,
                                    .topic = mcap_text(topic),
                                    .message_encoding = mcap_text("cdr") };
    return mcap_writer_channel(mcap_file_writer(out->file), &channel, id);
}

static int define(struct output *out)
{
    const struct event_schema *imu = event_form_schema(EVENT_FORM_IMU);
    const struct event_schema *temperature = event_form_schema(EVENT_FORM_TEMPERATURE);
    uint16_t bool_id = 0, imu_id = 0, temperature_id = 0;
    int err = add_schema(out, "std_msgs/msg/Bool", "bool data\n", &bool_id);
    if (err == 0)
        err = add_schema(out, imu->name, imu->text, &imu_id);
    if (err == 0)
        err = add_schema(out, temperature->name, temperature->text, &temperature_id);
    for (int line = 0; line < LINE_COUNT && err == 0; line++)
        err = add_channel(out, bool_id, line_names[line], &out->line_id[line]);
    if (err == 0)
        err = add_channel(out, imu_id, "imu", &out->imu_id);
    if (err == 0)
        err = add_channel(out, temperature_id, "temperature", &out->temperature_id);
    return err;
}

int output_create(const char *path, const struct plan *plan, struct output **result)
{
    struct mcap_error error;
    struct output *out = calloc(1, sizeof *out);
    if (out == NULL)
        return -ENOMEM;
    char library[64];
    snprintf(library, sizeof library, "axiom gantry, seed %llu", (unsigned long long)plan->seed);
    struct mcap_file_options options = { .profile = "ros2", .library = library };
    int err = mcap_file_create(path, &options, &out->file, &error);
    if (err != 0) {
        fprintf(stderr, "%s\n", error.text);
        free(out);
        return err;
    }
    err = define(out);
    if (err != 0) {
        mcap_file_close(out->file, &error);
        free(out);
        return err;
    }
    *result = out;
    return 0;
}

static int put(struct output *out, uint16_t id, uint64_t time_ns, const uint8_t *payload,
               size_t size)
{
    struct mcap_message message = {
        .channel_id = id,
        .sequence = out->sequence++,
        .log_time = time_ns,
        .publish_time = time_ns,
        .data = { payload, size },
    };
    return mcap_writer_message(mcap_file_writer(out->file), &message);
}

int output_level(struct output *out, enum line line, uint64_t time_ns, uint8_t level)
{
    const uint8_t payload[] = { 0, 1, 0, 0, level }; /* CDR's head for little endian, then a bool */
    return put(out, out->line_id[line], time_ns, payload, sizeof payload);
}

static int put_iio(struct output *out, uint16_t id, uint8_t form, const struct event *event)
{
    uint8_t payload[512];
    if (event_encoded_size_max(event, form) > sizeof payload)
        return -E2BIG;
    return put(out, id, event->time_ns, payload, event_encode(event, form, payload));
}

int output_imu(struct output *out, const struct imu_sample *sample)
{
    struct event event = {
        .time_ns = sample->time_ns,
        .source_ns = sample->time_ns,
        .kind = EVENT_IIO,
        .iio = { .device = "head", .count = 6 },
    };
    for (uint8_t i = 0; i < 6; i++) {
        event.iio.quantity[i] = (uint8_t)(IIO_ACCEL_X + i);
        event.iio.nano[i] = sample->nano[i];
    }
    return put_iio(out, out->imu_id, EVENT_FORM_IMU, &event);
}

int output_temperature(struct output *out, uint64_t time_ns, int64_t nano)
{
    struct event event = {
        .time_ns = time_ns,
        .source_ns = time_ns,
        .kind = EVENT_IIO,
        .iio = { .device = "motor", .count = 1, .quantity = { IIO_TEMP }, .nano = { nano } },
    };
    return put_iio(out, out->temperature_id, EVENT_FORM_TEMPERATURE, &event);
}

int output_close(struct output *out)
{
    struct mcap_error error;
    int err = mcap_file_close(out->file, &error);
    if (err != 0)
        fprintf(stderr, "%s\n", error.text);
    free(out);
    return err;
}
