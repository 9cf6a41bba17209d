/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every kind of event through the recorder, a file and back; payload layouts byte by byte; hostile
 * payloads. */
#include <axiom/bits.h>
#include <axiom/decimal.h>
#include <axiom/log.h>
#include <errno.h>
#include <mcap/put.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>
#include <traces/channels.h>
#include <traces/host/file_writer.h>
#include <traces/host/reader.h>
#include <traces/recorder.h>

/* --- a recording in memory --- */

struct recording {
    struct mcap_file_writer *file;
    struct trace_recorder recorder;
    struct trace_recorder_slot slot[64];
};

static struct recording *recording_begin(const struct mcap_file_options *options)
{
    struct recording *r = calloc(1, sizeof *r);
    struct mcap_error error;
    ck_assert_int_eq(mcap_memory_create(options, &r->file, &error), 0);
    trace_recorder_init(&r->recorder, mcap_file_writer(r->file), r->slot, 64);
    return r;
}

static struct mcap_reader *recording_read(struct recording *r)
{
    ck_assert_int_eq(trace_recorder_finish(&r->recorder, "complete"), 0);
    struct mcap_bytes bytes = mcap_memory_bytes(r->file);
    struct mcap_reader *reader;
    struct mcap_error error;
    int err =
        mcap_reader_open_memory(bytes.at, (size_t)bytes.size, "recording", NULL, &reader, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return reader;
}

static void recording_free(struct recording *r, struct mcap_reader *reader)
{
    struct mcap_error error;
    mcap_reader_close(reader);
    mcap_file_close(r->file, &error);
    free(r);
}

/* The next event that is one, not a plot of one; its channel's topic in *topic. */
static bool next_event(struct mcap_reader *reader, struct event_channel *channel,
                       struct event *event, char *topic)
{
    struct mcap_item item;
    struct mcap_error error;
    while (mcap_reader_next(reader, &item, &error) == 1) {
        ck_assert_int_eq(event_channel_parse(&item.channel->channel, item.channel->schema, channel),
                         0);
        ck_assert_int_eq(event_decode(channel, &item.message, event), 0);
        mcap_text_copy(topic, EVENT_TOPIC_MAX, item.channel->channel.topic);
        char made[EVENT_TOPIC_MAX];
        event_channel_topic(channel, made, sizeof made);
        ck_assert_str_eq(topic, made);
        if (!channel->derived)
            return true;
    }
    return false;
}

/* --- events --- */

#define EVENT(kind_, layer_, role_) .kind = (kind_), .layer = (layer_), .role = (role_)
#define MACHINE                     EVENT_LAYER_MACHINE
#define KERNEL                      EVENT_LAYER_KERNEL

static const uint8_t bytes[] = { 0x24, 0x00, 0xff };

static const struct {
    struct event event;
    const char *topic;
} sample[] = {
    { { EVENT(EVENT_GPIO, MACHINE, EVENT_ROLE_INPUT), .gpio = { 0, 17, 1, 0, UINT64_C(0x20000) } },
      "/gpio/chip0/17" },
    { { EVENT(EVENT_GPIO, MACHINE, EVENT_ROLE_OUTPUT), .gpio = { 0, 17, 0, 1, 0 } },
      "/gpio/chip0/17" },
    { { EVENT(EVENT_GPIO, KERNEL, EVENT_ROLE_OBSERVATION), .gpio = { 3, 255, 1, 0, UINT64_MAX } },
      "/kernel/gpio/chip3/255" },
    { { EVENT(EVENT_PWM, MACHINE, EVENT_ROLE_OUTPUT), .pwm = { 1, 2, 1, 0, 20000000, 1500000 } },
      "/pwm/chip1/2" },
    { { EVENT(EVENT_PWM, KERNEL, EVENT_ROLE_OUTPUT), .pwm = { 0, 3, 0, 1, UINT64_MAX, 0 } },
      "/kernel/pwm/chip0/3" },
    { { EVENT(EVENT_I2C, MACHINE, EVENT_ROLE_OUTPUT), .i2c = { 1, 0x44, 0, 2, 3, bytes, bytes } },
      "/i2c/1" },
    { { EVENT(EVENT_I2C, KERNEL, EVENT_ROLE_OBSERVATION),
        .i2c = { 6, 0x6a, -ENXIO, 0, 0, NULL, NULL } },
      "/kernel/i2c/6" },
    { { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT),
        .iio = { .device = "imu0",
                 .count = 6,
                 .quantity = { 0, 1, 2, 3, 4, 5 },
                 .nano = { 9806650000, -1, 0, 123456789, -987654321,
                           (INT64_C(1) << 23) * NANO } } },
      "/sensor/imu0" },
    { { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT),
        .iio = { .device = "gyro", .count = 3, .quantity = { 3, 4, 5 }, .nano = { 1, 2, -3 } } },
      "/sensor/gyro" },
    { { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT),
        .iio = { .device = "t", .count = 1, .quantity = { IIO_TEMP }, .nano = { -40125000000 } } },
      "/sensor/t" },
    { { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT), .iio = { .device = "h",
                                                              .count = 1,
                                                              .quantity = { IIO_HUMIDITYRELATIVE },
                                                              .nano = { 431000000 } } },
      "/sensor/h" },
    { { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT), /* two standard messages: neither says all */
        .iio = { .device = "sht31",
                 .count = 2,
                 .quantity = { 6, 7 },
                 .nano = { 21000000000, 500000000 } } },
      "/sensor/sht31/raw" },
    { { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT), /* not in the message's order */
        .iio = { .device = "odd", .count = 3, .quantity = { 2, 1, 0 }, .nano = { 5, 6, 7 } } },
      "/sensor/odd/raw" },
    { { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT), /* no double has this value */
        .iio = { .device = "big",
                 .count = 1,
                 .quantity = { 6 },
                 .nano = { (INT64_C(1) << 23) * NANO + 1 } } },
      "/sensor/big/raw" },
    { { EVENT(EVENT_IIO, KERNEL, EVENT_ROLE_OUTPUT),
        .iio = { .device = "lsm6dso",
                 .count = 7,
                 .dropped = 0x41,
                 .quantity = { 0, 1, 2, 3, 4, 5, 6 },
                 .raw = { INT32_MIN, INT32_MAX, -1, 0, 1, 2, 3 },
                 .nano = { INT64_MIN, INT64_MAX, -1, 0, 1, 2, 3 } } },
      "/iio/lsm6dso/raw" },
    { { EVENT(EVENT_IIO, KERNEL, EVENT_ROLE_OUTPUT), .iio = { .device = "none", .count = 0 } },
      "/iio/none/raw" },
    { { EVENT(EVENT_TIMER, KERNEL, EVENT_ROLE_OBSERVATION), .timer = { UINT32_MAX, 999 } },
      "/timer/4294967295" },
    { { EVENT(EVENT_BPF_RUN, KERNEL, EVENT_ROLE_OUTPUT),
        .bpf_run = { "track", "gpio/chip0/line17/rising", 0x1234567890abcdef, UINT64_MAX, 77, 1234,
                     -EACCES } },
      "/bpf/run" },
    { { EVENT(EVENT_BPF_MAP, KERNEL, EVENT_ROLE_OUTPUT),
        .bpf_map = { "state", bytes, bytes, 3, 2 } },
      "/bpf/map/state" },
    { { EVENT(EVENT_BPF_PRINT, KERNEL, EVENT_ROLE_OUTPUT), .text = { "x=1", "track", LOG_INFO } },
      "/bpf/print" },
    { { EVENT(EVENT_INTERLOCK, KERNEL, EVENT_ROLE_OUTPUT),
        .interlock = { INTERLOCK_REFUSED, "track", "gpio/chip0/27" } },
      "/interlock" },
    { { EVENT(EVENT_FAULT, MACHINE, EVENT_ROLE_INPUT), .fault = { "nack", "/i2c/1", 3 } },
      "/fault" },
    { { EVENT(EVENT_SCHED, KERNEL, EVENT_ROLE_OBSERVATION), .sched = { 7, "idle/7", "main" } },
      "/sched/switch" },
    { { EVENT(EVENT_LOG, KERNEL, EVENT_ROLE_OBSERVATION), .text = { "hello", "", LOG_NOTICE } },
      "/log" },
    { { EVENT(EVENT_LOG, MACHINE, EVENT_ROLE_OBSERVATION), .text = { "", "model", LOG_ERR } },
      "/log" },
    { { EVENT(EVENT_HASH, KERNEL, EVENT_ROLE_OUTPUT), .hash = { UINT64_C(0xfeedfacecafebeef) } },
      "/hash" },
};

static void expect_bytes(const uint8_t *a, uint32_t a_size, const uint8_t *b, uint32_t b_size)
{
    ck_assert_uint_eq(a_size, b_size);
    if (a_size > 0)
        ck_assert_mem_eq(a, b, a_size);
}

static void expect_iio(const struct event_iio *a, const struct event_iio *b)
{
    ck_assert_str_eq(a->device, b->device);
    ck_assert_uint_eq(a->count, b->count);
    ck_assert_uint_eq(a->dropped, b->dropped);
    for (int i = 0; i < a->count; i++) {
        ck_assert_uint_eq(a->quantity[i], b->quantity[i]);
        ck_assert_int_eq(a->raw[i], b->raw[i]);
        ck_assert_int_eq(a->nano[i], b->nano[i]);
    }
}

static void expect_payload(const struct event *a, const struct event *b)
{
    switch (a->kind) {
    case EVENT_GPIO:
        ck_assert_mem_eq(&a->gpio, &b->gpio, offsetof(struct event_gpio, bank_level) + 8);
        break;
    case EVENT_PWM:
        ck_assert_mem_eq(&a->pwm, &b->pwm, sizeof a->pwm);
        break;
    case EVENT_I2C:
        ck_assert(a->i2c.bus == b->i2c.bus && a->i2c.address == b->i2c.address &&
                  a->i2c.error == b->i2c.error);
        expect_bytes(a->i2c.write_data, a->i2c.write_size, b->i2c.write_data, b->i2c.write_size);
        expect_bytes(a->i2c.read_data, a->i2c.read_size, b->i2c.read_data, b->i2c.read_size);
        break;
    case EVENT_IIO:
        expect_iio(&a->iio, &b->iio);
        break;
    case EVENT_TIMER:
        ck_assert_uint_eq(a->timer.timer, b->timer.timer);
        ck_assert_uint_eq(a->timer.scheduled_ns, b->timer.scheduled_ns);
        break;
    case EVENT_BPF_RUN:
        ck_assert_str_eq(a->bpf_run.program, b->bpf_run.program);
        ck_assert_str_eq(a->bpf_run.attach_point, b->bpf_run.attach_point);
        ck_assert_uint_eq(a->bpf_run.context_digest, b->bpf_run.context_digest);
        ck_assert_uint_eq(a->bpf_run.return_value, b->bpf_run.return_value);
        ck_assert_uint_eq(a->bpf_run.insn_count, b->bpf_run.insn_count);
        ck_assert_uint_eq(a->bpf_run.duration_ns, b->bpf_run.duration_ns);
        ck_assert_int_eq(a->bpf_run.error, b->bpf_run.error);
        break;
    case EVENT_BPF_MAP:
        ck_assert_str_eq(a->bpf_map.map, b->bpf_map.map);
        expect_bytes(a->bpf_map.key, a->bpf_map.key_size, b->bpf_map.key, b->bpf_map.key_size);
        expect_bytes(a->bpf_map.value, a->bpf_map.value_size, b->bpf_map.value,
                     b->bpf_map.value_size);
        break;
    case EVENT_LOG:
    case EVENT_BPF_PRINT:
        ck_assert_str_eq(a->text.text, b->text.text);
        ck_assert_str_eq(a->text.source, b->text.source);
        ck_assert_uint_eq(a->text.level, b->text.level);
        break;
    case EVENT_INTERLOCK:
        ck_assert_uint_eq(a->interlock.action, b->interlock.action);
        ck_assert_str_eq(a->interlock.origin, b->interlock.origin);
        ck_assert_str_eq(a->interlock.target, b->interlock.target);
        break;
    case EVENT_FAULT:
        ck_assert_str_eq(a->fault.what, b->fault.what);
        ck_assert_str_eq(a->fault.target, b->fault.target);
        ck_assert_uint_eq(a->fault.parameter, b->fault.parameter);
        break;
    case EVENT_SCHED:
        ck_assert_uint_eq(a->sched.cpu, b->sched.cpu);
        ck_assert_str_eq(a->sched.previous, b->sched.previous);
        ck_assert_str_eq(a->sched.next, b->sched.next);
        break;
    case EVENT_HASH:
        ck_assert_uint_eq(a->hash.hash, b->hash.hash);
        break;
    default:
        ck_abort_msg("kind %u", a->kind);
    }
}

static uint64_t now_ns;

static uint64_t test_clock(void)
{
    return now_ns;
}

START_TEST(every_kind_of_event_comes_back)
{
    uint32_t kinds = 0;
    struct recording *r = recording_begin(NULL);
    event_registry_reset();
    event_clock_set(test_clock);
    event_sink_add(&r->recorder.sink);
    for (uint64_t i = 0; i < ARRAY_SIZE(sample); i++) {
        struct event event = sample[i].event;
        now_ns = 1000 + i;
        event.source_ns = 500 + i;
        kinds |= 1u << event.kind;
        event_emit(&event);
    }
    ck_assert_uint_eq(kinds, (1u << EVENT_KIND_COUNT) - 2); /* none forgotten */
    ck_assert_uint_eq(r->recorder.recorded, ARRAY_SIZE(sample));
    struct mcap_reader *reader = recording_read(r);
    for (uint64_t i = 0; i < ARRAY_SIZE(sample); i++) {
        struct event_channel channel;
        struct event event;
        char topic[EVENT_TOPIC_MAX];
        ck_assert(next_event(reader, &channel, &event, topic));
        ck_assert_str_eq(topic, sample[i].topic);
        ck_assert_uint_eq(event.time_ns, 1000 + i);
        ck_assert_uint_eq(event.source_ns, 500 + i);
        ck_assert_uint_eq(event.sequence, i + 1);
        ck_assert_uint_eq(event.kind, sample[i].event.kind);
        ck_assert_uint_eq(event.layer, sample[i].event.layer);
        ck_assert_uint_eq(event.role, sample[i].event.role);
        expect_payload(&sample[i].event, &event);
    }
    struct event_channel channel;
    struct event event;
    char topic[EVENT_TOPIC_MAX];
    ck_assert(!next_event(reader, &channel, &event, topic));
    recording_free(r, reader);
}
END_TEST

/* --- layouts: what ROS 2 tools will read --- */

static double double_at(const uint8_t *at)
{
    double value;
    memcpy(&value, at, sizeof value);
    return value;
}

START_TEST(an_imu_is_laid_out_as_ros_2_does)
{
    struct event event = { EVENT(EVENT_IIO, MACHINE, EVENT_ROLE_INPUT),
                           .source_ns = UINT64_C(12345678901),
                           .iio = { .device = "imu",
                                    .count = 6,
                                    .quantity = { 0, 1, 2, 3, 4, 5 },
                                    .nano = { 1500000000, 2, 9806650000, -250000000, 5, 6 } } };
    uint8_t out[512];
    size_t size = event_encode(&event, EVENT_FORM_IMU, out);
    ck_assert_uint_le(size, event_encoded_size_max(&event, EVENT_FORM_IMU));
    ck_assert_mem_eq(out, "\x00\x01\x00\x00", 4);
    const uint8_t *p = out + 4;
    ck_assert_uint_eq(get_le32(p), 12); /* stamp.sec */
    ck_assert_uint_eq(get_le32(p + 4), 345678901);
    ck_assert_uint_eq(get_le32(p + 8), 4); /* "imu" and its zero */
    ck_assert_str_eq((const char *)p + 12, "imu");
    const uint8_t *d = p + 16; /* already a multiple of 8 */
    ck_assert_uint_eq(size, 4 + 16 + 37 * 8);
    ck_assert_double_eq(double_at(d + 24), 1.0);      /* orientation.w */
    ck_assert_double_eq(double_at(d + 32), -1.0);     /* orientation_covariance[0]: there is none */
    ck_assert_double_eq(double_at(d + 104), -0.25);   /* angular_velocity.x */
    ck_assert_double_eq(double_at(d + 128), 0.0);     /* its covariance: unknown */
    ck_assert_double_eq(double_at(d + 200), 1.5);     /* linear_acceleration.x */
    ck_assert_double_eq(double_at(d + 216), 9.80665); /* .z */
    ck_assert_double_eq(double_at(d + 224), 0.0);
}
END_TEST

START_TEST(our_own_layouts_never_change)
{
    uint8_t out[64];
    struct event gpio = { EVENT(EVENT_GPIO, MACHINE, EVENT_ROLE_INPUT),
                          .gpio = { 0, 17, 1, 0, 0x20000 } };
    ck_assert_uint_eq(event_encode(&gpio, EVENT_FORM_GPIO, out), 14);
    ck_assert_mem_eq(out, "\x00\x01\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x01\x00", 14);
    struct event pwm = { EVENT(EVENT_PWM, MACHINE, EVENT_ROLE_OUTPUT),
                         .pwm = { 0, 0, 1, 0, 0x0102, 0x03 } };
    ck_assert_uint_eq(event_encode(&pwm, EVENT_FORM_PWM, out), 22);
    ck_assert_mem_eq(out, "\x00\x01\x00\x00\x02\x01\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x01\x00", 22);
    struct event timer = { EVENT(EVENT_TIMER, KERNEL, EVENT_ROLE_OBSERVATION), .time_ns = 7,
                           .timer = { 1, 5 } };
    ck_assert_uint_eq(event_encode(&timer, EVENT_FORM_TIMER, out), 20);
    ck_assert_mem_eq(out + 4, "\x05\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 16);
    struct event i2c = { EVENT(EVENT_I2C, MACHINE, EVENT_ROLE_OUTPUT),
                         .i2c = { 1, 0x44, -6, 2, 1, bytes, bytes } };
    ck_assert_uint_eq(event_encode(&i2c, EVENT_FORM_I2C, out), 4 + 17);
    ck_assert_mem_eq(out + 4, "\xfa\xff\x44\x00\x02\0\0\0\x24\x00\0\0\x01\0\0\0\x24", 17);
    struct event fault = { EVENT(EVENT_FAULT, MACHINE, EVENT_ROLE_INPUT),
                           .fault = { "nack", "t", 3 } };
    ck_assert_uint_eq(event_encode(&fault, EVENT_FORM_FAULT, out), 4 + 26);
    ck_assert_mem_eq(out + 4, "\x03\0\0\0\0\0\0\0\x05\0\0\0nack\0\0\0\0\x02\0\0\0t\0", 26);
}
END_TEST

START_TEST(plots_stand_beside_a_scan)
{
    struct recording *r = recording_begin(NULL);
    struct event event = { EVENT(EVENT_IIO, KERNEL, EVENT_ROLE_OUTPUT), .time_ns = 1,
                           .iio = {
                               .device = "lsm",
                               .count = 7,
                               .dropped = 1u << 2,
                               .quantity = { 0, 1, 2, 3, 4, 5, 6 },
                               .nano = { NANO, NANO, NANO, 0, 0, 0, 25 * INT64_C(1000000000) } } };
    trace_recorder_emit(&r->recorder, &event);
    event.iio.dropped = 0x7f; /* nothing got through: nothing to plot */
    event.time_ns = 2;
    trace_recorder_emit(&r->recorder, &event);
    struct mcap_reader *reader = recording_read(r);
    static const char *const topic[] = { "/iio/lsm/raw", "/iio/lsm/imu", "/iio/lsm/temperature",
                                         "/iio/lsm/raw" };
    struct mcap_item item;
    struct mcap_error error;
    for (size_t i = 0; i < ARRAY_SIZE(topic); i++) {
        struct event_channel channel;
        ck_assert_int_eq(mcap_reader_next(reader, &item, &error), 1);
        ck_assert(mcap_text_equal(item.channel->channel.topic, topic[i]));
        ck_assert_int_eq(
            event_channel_parse(&item.channel->channel, item.channel->schema, &channel), 0);
        ck_assert_str_eq(channel.name, "lsm");
        ck_assert_int_eq(channel.derived, i == 1 || i == 2);
        if (i == 1) {
            const uint8_t *acceleration = item.message.data.at + 4 + 16 + 200;
            ck_assert_double_eq(double_at(acceleration), 1.0);
            ck_assert_double_nan(double_at(acceleration + 16)); /* z was dropped */
        }
    }
    ck_assert_int_eq(mcap_reader_next(reader, &item, &error), 0);
    recording_free(r, reader);
}
END_TEST

START_TEST(a_sensor_message_of_ros_2_is_an_input)
{
    const struct event_schema *imu = event_form_schema(EVENT_FORM_IMU);
    struct mcap_schema schema = { .id = 1,
                                  .name = mcap_text(imu->name),
                                  .encoding = mcap_text("ros2msg"),
                                  .data = { (const uint8_t *)imu->text, strlen(imu->text) } };
    struct mcap_channel foreign = { .id = 1,
                                    .schema_id = 1,
                                    .topic = mcap_text("/camera/imu"),
                                    .message_encoding = mcap_text("cdr"),
                                    .metadata = { (const uint8_t *)"", 0 } };
    struct event_channel channel;
    ck_assert_int_eq(event_channel_parse(&foreign, &schema, &channel), 0);
    ck_assert_uint_eq(channel.role, EVENT_ROLE_INPUT);
    ck_assert_str_eq(channel.name, "camera/imu");
    schema.name = mcap_text("nav_msgs/msg/Odometry");
    ck_assert_int_eq(event_channel_parse(&foreign, &schema, &channel), -EOPNOTSUPP);
    ck_assert_int_eq(event_channel_parse(&foreign, NULL, &channel), -EOPNOTSUPP);
}
END_TEST

/* --- hostile --- */

START_TEST(no_payload_crashes_the_decoder)
{
    /* Every cut of every payload, in memory of just that size; and bytes changed at random. */
    uint64_t state = 3;
    for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
        struct event_channel channel[EVENT_CHANNELS_MAX] = { 0 };
        size_t count = event_channels_of(&sample[i].event, channel);
        for (size_t c = 0; c < count; c++) {
            uint8_t full[512];
            size_t size = event_encode(&sample[i].event, channel[c].form, full);
            ck_assert_uint_le(size, event_encoded_size_max(&sample[i].event, channel[c].form));
            for (size_t cut = 0; cut <= size; cut++) {
                uint8_t *copy = malloc(cut > 0 ? cut : 1);
                memcpy(copy, full, cut);
                struct mcap_message message = { .data = { copy, cut } };
                struct event event;
                int err = event_decode(&channel[c], &message, &event);
                ck_assert(err == 0 || err == -EBADMSG);
                for (int round = 0; round < 20 && cut > 4; round++) {
                    state = state * UINT64_C(6364136223846793005) + 1;
                    copy[4 + (state >> 33) % (cut - 4)] = (uint8_t)(state >> 50);
                    event_decode(&channel[c], &message, &event);
                }
                free(copy);
            }
        }
    }
    struct event_channel hash = { .kind = EVENT_HASH, .form = EVENT_FORM_HASH };
    struct mcap_message big_endian = { .data = { (const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0",
                                                 12 } };
    struct event event;
    ck_assert_int_eq(event_decode(&hash, &big_endian, &event), -EOPNOTSUPP);
}
END_TEST

static int parse(const char *topic, uint8_t form, const char *kind, const char *layer,
                 const char *role)
{
    uint8_t map[128];
    struct mcap_out out = { map, sizeof map, 0 };
    mcap_put_pair(&out, mcap_text("kind"), mcap_text(kind));
    mcap_put_pair(&out, mcap_text("layer"), mcap_text(layer));
    mcap_put_pair(&out, mcap_text("role"), mcap_text(role));
    struct mcap_schema schema = { .id = 1, .name = mcap_text(event_form_schema(form)->name) };
    struct mcap_channel channel = { .id = 1,
                                    .schema_id = 1,
                                    .topic = mcap_text(topic),
                                    .message_encoding = mcap_text("cdr"),
                                    .metadata = mcap_out_map(&out) };
    struct event_channel found;
    return event_channel_parse(&channel, &schema, &found);
}

START_TEST(channels_that_contradict_themselves_are_refused)
{
    ck_assert_int_eq(parse("/gpio/chip0/17", EVENT_FORM_GPIO, "gpio", "machine", "input"), 0);
    ck_assert_int_eq(parse("/gpio/chip0/17x", EVENT_FORM_GPIO, "gpio", "machine", "input"),
                     -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0/256", EVENT_FORM_GPIO, "gpio", "machine", "input"),
                     -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0/017", EVENT_FORM_GPIO, "gpio", "machine", "input"),
                     -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0", EVENT_FORM_GPIO, "gpio", "machine", "input"), -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0/17", EVENT_FORM_GPIO, "gpio", "kernel", "input"), -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0/17", EVENT_FORM_PWM, "gpio", "machine", "input"), -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0/17", EVENT_FORM_GPIO, "pwm", "machine", "input"), -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0/17", EVENT_FORM_GPIO, "gpio", "moon", "input"), -EBADMSG);
    ck_assert_int_eq(parse("/gpio/chip0/17", EVENT_FORM_GPIO, "gpio", "machine", "cause"),
                     -EBADMSG);
    ck_assert_int_eq(parse("/timer/4294967296", EVENT_FORM_TIMER, "timer", "kernel", "output"),
                     -EBADMSG);
    ck_assert_int_eq(
        parse("/timer/99999999999999999999", EVENT_FORM_TIMER, "timer", "kernel", "output"),
        -EBADMSG);
    ck_assert_int_eq(parse("/hash/", EVENT_FORM_HASH, "hash", "kernel", "output"), -EBADMSG);
    char name[100] = "/bpf/map/";
    memset(name + 9, 'n', 60);
    ck_assert_int_eq(parse(name, EVENT_FORM_BPF_MAP, "bpf_map", "kernel", "output"), -EBADMSG);
}
END_TEST

/* --- the recorder --- */

START_TEST(channels_without_room_are_counted_not_lost_silently)
{
    struct mcap_file_options options = { .channel_capacity = 5 };
    struct recording *r = recording_begin(&options);
    for (uint8_t line = 0; line < 20; line++) {
        struct event event = { EVENT(EVENT_GPIO, MACHINE, EVENT_ROLE_INPUT), .time_ns = line,
                               .gpio = { .line = line } };
        trace_recorder_emit(&r->recorder, &event);
    }
    ck_assert_uint_eq(r->recorder.recorded, 5);
    ck_assert_uint_eq(r->recorder.dropped_no_channel, 15);
    struct mcap_reader *reader = recording_read(r);
    const struct mcap_info *info;
    struct mcap_error error;
    struct mcap_metadata end;
    struct mcap_text text;
    ck_assert_int_eq(mcap_reader_info(reader, &info, &error), 0);
    ck_assert_uint_eq(info->message_count, 5);
    ck_assert(mcap_reader_metadata(reader, "axiom.end", &end));
    ck_assert(mcap_map_find(end.map, "dropped_no_channel", &text) && mcap_text_equal(text, "15"));
    ck_assert(mcap_map_find(end.map, "reason", &text) && mcap_text_equal(text, "complete"));
    recording_free(r, reader);
}
END_TEST

START_TEST(what_a_run_was_is_in_its_file)
{
    struct recording *r = recording_begin(NULL);
    struct trace_binding binding[] = { { "X step", "gpio/chip0/17" },
                                       { "sensor_combined", "iio/lsm6dso" } };
    struct trace_run_info info = { .version = "0.1",
                                   .source_commit = "abc",
                                   .board = "Pi 5",
                                   .cpu_model = "none",
                                   .trace = "a.sr",
                                   .end_behaviour = "stop",
                                   .seed = UINT64_MAX,
                                   .cpu_count = 4,
                                   .binding = binding,
                                   .binding_count = 2 };
    ck_assert_int_eq(trace_recorder_run_info(&r->recorder, &info), 0);
    ck_assert_int_eq(trace_recorder_attach(&r->recorder, "bpf/x.o", "application/x-bpf", "ELF", 3),
                     0);
    struct mcap_reader *reader = recording_read(r);
    const struct mcap_info *file;
    struct mcap_error error;
    struct mcap_metadata metadata;
    struct mcap_text text;
    ck_assert_int_eq(mcap_reader_info(reader, &file, &error), 0);
    ck_assert(mcap_reader_metadata(reader, "axiom", &metadata));
    ck_assert(mcap_map_find(metadata.map, "seed", &text) &&
              mcap_text_equal(text, "18446744073709551615"));
    ck_assert(mcap_map_find(metadata.map, "cpus", &text) && mcap_text_equal(text, "4"));
    ck_assert(mcap_reader_metadata(reader, "axiom.bindings", &metadata));
    ck_assert(mcap_map_find(metadata.map, "X step", &text) &&
              mcap_text_equal(text, "gpio/chip0/17"));
    ck_assert_uint_eq(file->attachment_count, 1);
    recording_free(r, reader);
}
END_TEST

START_TEST(equal_events_give_equal_bytes)
{
    struct recording *r[2];
    for (int i = 0; i < 2; i++) {
        struct mcap_error error;
        r[i] = recording_begin(NULL);
        for (uint64_t n = 0; n < 10 * ARRAY_SIZE(sample); n++) {
            struct event event = sample[n * 7 % ARRAY_SIZE(sample)].event;
            event.time_ns = event.source_ns = event.sequence = n;
            trace_recorder_emit(&r[i]->recorder, &event);
        }
        ck_assert_int_eq(trace_recorder_finish(&r[i]->recorder, "complete"), 0);
        (void)error;
    }
    struct mcap_bytes a = mcap_memory_bytes(r[0]->file), b = mcap_memory_bytes(r[1]->file);
    ck_assert_uint_eq(a.size, b.size);
    ck_assert_mem_eq(a.at, b.at, (size_t)a.size);
    recording_free(r[0], NULL);
    recording_free(r[1], NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace channels");
    TCase *cases = tcase_create("channels");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, every_kind_of_event_comes_back);
    tcase_add_test(cases, an_imu_is_laid_out_as_ros_2_does);
    tcase_add_test(cases, our_own_layouts_never_change);
    tcase_add_test(cases, plots_stand_beside_a_scan);
    tcase_add_test(cases, a_sensor_message_of_ros_2_is_an_input);
    tcase_add_test(cases, no_payload_crashes_the_decoder);
    tcase_add_test(cases, channels_that_contradict_themselves_are_refused);
    tcase_add_test(cases, channels_without_room_are_counted_not_lost_silently);
    tcase_add_test(cases, what_a_run_was_is_in_its_file);
    tcase_add_test(cases, equal_events_give_equal_bytes);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
