/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* MCAP as a source: recordings of ours, of a board's kernel alone, and of other people's robots. */
#include "source_check.h"
#include <traces/host/file_writer.h>
#include <traces/recorder.h>

#include <stdlib.h>
#include <tests/check_main.h>

#define SLOTS 64u

struct file {
    struct mcap_file_writer *writer;
    struct trace_recorder recorder;
    struct trace_recorder_slot slots[SLOTS];
};

static void begin(struct file *file)
{
    struct mcap_error error;
    ck_assert_msg(mcap_memory_create(NULL, &file->writer, &error) == 0, "%s", error.text);
    memset(file->slots, 0, sizeof file->slots);
    trace_recorder_init(&file->recorder, mcap_file_writer(file->writer), file->slots, SLOTS);
}

/* Ends the file; a copy of its bytes, the caller's. */
static uint8_t *finish(struct file *file, size_t *size)
{
    struct mcap_error error;
    ck_assert_int_eq(mcap_writer_finish(mcap_file_writer(file->writer)), 0);
    struct mcap_bytes bytes = mcap_memory_bytes(file->writer);
    uint8_t *copy = malloc(bytes.size);
    memcpy(copy, bytes.at, bytes.size);
    *size = bytes.size;
    ck_assert_int_eq(mcap_file_close(file->writer, &error), 0);
    return copy;
}

static void gives(struct file *file, const char *option, const char *expected)
{
    size_t size;
    uint8_t *bytes = finish(file, &size);
    struct trace_source *source = opened(bytes, size, option);
    char got[2048];
    for (int pass = 0; pass < 2; pass++) {
        struct trace_error error;
        print_all(source, got, sizeof got);
        ck_assert_str_eq(got, expected);
        ck_assert_msg(trace_rewind(source, &error) == 0, "%s", error.text);
    }
    trace_close(source);
    free(bytes);
}

static struct event gpio(uint64_t time_ns, enum event_layer layer, enum event_role role,
                         uint8_t line, uint8_t level)
{
    return (struct event){
        .time_ns = time_ns,
        .source_ns = time_ns,
        .kind = EVENT_GPIO,
        .layer = (uint8_t)layer,
        .role = (uint8_t)role,
        .gpio = { .line = line, .level = level },
    };
}

static void put(struct file *file, struct event event)
{
    trace_recorder_emit(&file->recorder, &event);
}

static struct event sensor(uint64_t time_ns)
{
    struct event event = {
        .time_ns = time_ns,
        .source_ns = time_ns,
        .kind = EVENT_IIO,
        .layer = EVENT_LAYER_MACHINE,
        .role = EVENT_ROLE_INPUT,
        .iio = { .device = "imu0", .count = 6 },
    };
    for (uint8_t i = 0; i < 6; i++) {
        event.iio.quantity[i] = i;
        event.iio.nano[i] = 1000 * (int64_t)time_ns + i;
    }
    return event;
}

START_TEST(inputs_of_a_recording_come_back_and_outputs_do_not)
{
    struct file file;
    static const uint8_t written[] = { 0x24, 0 }, answer[] = { 1, 2, 3 };
    begin(&file);
    put(&file, gpio(0, EVENT_LAYER_MACHINE, EVENT_ROLE_INPUT, 17, 1)); /* the state at time 0 */
    put(&file, gpio(5, EVENT_LAYER_MACHINE, EVENT_ROLE_INPUT, 17, 0));
    put(&file, gpio(5, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 17, 0));
    put(&file, gpio(6, EVENT_LAYER_MACHINE, EVENT_ROLE_OUTPUT, 27, 1));
    put(&file, sensor(7));
    put(&file, gpio(8, EVENT_LAYER_MACHINE, EVENT_ROLE_INPUT, 4, 1)); /* a change: it was 0 */
    put(&file, (struct event){ .time_ns = 9,
                               .source_ns = 9,
                               .kind = EVENT_I2C,
                               .role = EVENT_ROLE_INPUT,
                               .i2c = { .bus = 1,
                                        .address = 0x44,
                                        .write_size = 2,
                                        .read_size = 3,
                                        .write_data = written,
                                        .read_data = answer } });
    put(&file, (struct event){ .time_ns = 10, .kind = EVENT_HASH, .role = EVENT_ROLE_OUTPUT });
    gives(&file, NULL,
          "5 gpio/chip0/17 0;7 imu0 7000 7001 7002 7003 7004 7005;8 gpio/chip0/4 1;9 i2c/1 44 w2 "
          "r3;");
}
END_TEST

START_TEST(a_boards_recording_gives_what_its_kernel_saw_of_the_outside)
{
    struct file file;
    begin(&file);
    struct event driven = gpio(3, EVENT_LAYER_KERNEL, EVENT_ROLE_OUTPUT, 27, 1);
    driven.gpio.driven = 1;
    put(&file, gpio(2, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 17, 1));
    put(&file, driven);
    put(&file, gpio(4, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 17, 0));
    struct event sample = sensor(5);
    sample.layer = EVENT_LAYER_KERNEL;
    sample.role = EVENT_ROLE_OUTPUT;
    put(&file, sample);
    gives(&file, NULL, "2 gpio/chip0/17 1;4 gpio/chip0/17 0;5 imu0 5000 5001 5002 5003 5004 5005;");
}
END_TEST

/* Attached at rising edges only, the kernel records no falling ones; the line fell all the same. */
START_TEST(between_two_edges_of_one_direction_the_line_went_back)
{
    struct file file;
    begin(&file);
    put(&file, gpio(0, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 17, 1));
    put(&file, gpio(10, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 17, 1));
    put(&file, gpio(18, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 4, 0));
    put(&file, gpio(20, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 17, 1));
    put(&file, gpio(20, EVENT_LAYER_KERNEL, EVENT_ROLE_OBSERVATION, 4, 0));
    gives(&file, NULL,
          "0 gpio/chip0/17 1;5 gpio/chip0/17 0;10 gpio/chip0/17 1;18 gpio/chip0/4 0;"
          "18 gpio/chip0/17 0;20 gpio/chip0/17 1;20 gpio/chip0/4 1;20 gpio/chip0/4 0;");
}
END_TEST

/* --- other people's files --- */

static uint16_t add_channel(struct file *file, const char *schema_name, const char *topic)
{
    uint16_t schema_id, id;
    struct mcap_schema schema = { .name = mcap_text(schema_name),
                                  .encoding = mcap_text("ros2msg") };
    ck_assert_int_eq(mcap_writer_schema(mcap_file_writer(file->writer), &schema, &schema_id), 0);
    struct mcap_channel channel = { .schema_id = schema_id,
                                    .topic = mcap_text(topic),
                                    .message_encoding = mcap_text("cdr") };
    ck_assert_int_eq(mcap_writer_channel(mcap_file_writer(file->writer), &channel, &id), 0);
    return id;
}

static void message(struct file *file, uint16_t id, uint64_t time_ns, const char *payload,
                    size_t size)
{
    struct mcap_message out = { .channel_id = id,
                                .log_time = time_ns,
                                .publish_time = time_ns,
                                .data = { (const uint8_t *)payload, size } };
    ck_assert_int_eq(mcap_writer_message(mcap_file_writer(file->writer), &out), 0);
}

#define CDR(text) text, sizeof text - 1

START_TEST(plain_numbers_of_ros_are_channels)
{
    struct file file;
    const uint64_t unix_ns = UINT64_C(1700000000000000000);
    begin(&file);
    uint16_t button = add_channel(&file, "std_msgs/msg/Bool", "/button");
    uint16_t volt = add_channel(&file, "std_msgs/msg/Float64", "/volt");
    uint16_t count = add_channel(&file, "std_msgs/msg/Int16", "/trace/count");
    uint16_t other = add_channel(&file, "nav_msgs/msg/Path", "/plan");
    message(&file, button, unix_ns, CDR("\0\1\0\0\1"));
    message(&file, button, unix_ns + 1, CDR("\0\1\0\0\1"));                 /* no change */
    message(&file, volt, unix_ns + 2, CDR("\0\1\0\0\0\0\0\0\0\0\xf8\xbf")); /* -1.5 */
    message(&file, volt, unix_ns + 3, CDR("\0\0\0\0\x3f\xe0\0\0\0\0\0\0")); /* 0.5, big endian */
    message(&file, volt, unix_ns + 3, CDR("\0\1\0\0\0\0\0\0\0\0\xf8\x7f")); /* not a number */
    message(&file, count, unix_ns + 4, CDR("\0\1\0\0\xfe\xff"));
    message(&file, button, unix_ns + 5, CDR("\0\1\0\0\0"));
    message(&file, other, unix_ns + 6, CDR("\0\1\0\0"));
    gives(&file, NULL, "2 volt -1500000000;3 volt 500000000;4 count -2000000000;5 button 0;");
}
END_TEST

START_TEST(what_is_left_out_is_said)
{
    struct file file;
    size_t size;
    begin(&file);
    uint16_t volt = add_channel(&file, "std_msgs/msg/Float64", "/volt");
    uint16_t other = add_channel(&file, "nav_msgs/msg/Path", "/plan");
    message(&file, volt, 1, CDR("\0\1\0\0\0\0\0\0\0\0\xf8\xbf"));
    message(&file, other, 2, CDR("\0\1\0\0"));
    uint8_t *bytes = finish(&file, &size);
    struct trace_source *source = opened(bytes, size, NULL);
    ck_assert_str_eq(trace_warning(source), "1 channels with messages of other kinds are left out, "
                                            "the first /plan (nav_msgs/msg/Path)");
    trace_close(source);
    free(bytes);

    begin(&file);
    other = add_channel(&file, "nav_msgs/msg/Path", "/plan");
    message(&file, other, 2, CDR("\0\1\0\0"));
    bytes = finish(&file, &size);
    refused(bytes, size, NULL, -EBADMSG, "it holds no inputs");
    free(bytes);
}
END_TEST

START_TEST(damage_is_reported_with_its_place)
{
    struct file file;
    size_t size;
    begin(&file);
    uint16_t volt = add_channel(&file, "std_msgs/msg/Float64", "/volt");
    message(&file, volt, 1, CDR("\0\1\0\0\0\0\0\0\0\0\xf8\xbf"));
    message(&file, volt, 2, CDR("\0\1\0\0\0\0"));
    uint8_t *bytes = finish(&file, &size);
    struct trace_source *source = opened(bytes, size, NULL);
    ends_in_error(source, -EBADMSG, "a message of /volt at 2 ns is not what its schema says");
    trace_close(source);
    for (size_t cut = 0; cut < size; cut += 7) {
        struct trace_error error = { "" };
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        memcpy(copy, bytes, cut);
        int err = trace_open_memory(copy, cut, "cut", NULL, &source, &error);
        struct trace_record record;
        while (err == 0 && (err = trace_next(source, &record, &error)) == 1)
            err = 0;
        ck_assert_int_lt(err, 0);
        ck_assert_uint_gt(strlen(error.text), 10);
        trace_close(source);
        free(copy);
    }
    free(bytes);
}
END_TEST

START_TEST(a_scan_may_not_change_its_shape)
{
    struct file file;
    size_t size;
    begin(&file);
    struct event first = sensor(1), second = sensor(2);
    first.iio.raw[0] = second.iio.raw[0] = 5; /* so that it is recorded as a scan */
    first.layer = second.layer = EVENT_LAYER_KERNEL;
    second.iio.count = 5;
    put(&file, first);
    put(&file, second);
    uint8_t *bytes = finish(&file, &size);
    struct trace_source *source = opened(bytes, size, NULL);
    ends_in_error(source, -EBADMSG, "has other quantities than the first of its channel");
    trace_close(source);
    free(bytes);
}
END_TEST

/* --- a bag that other people's writers made: bags/make.mjs --- */

/* The nearest multiple of an LSB. */
static double counts(int64_t nano, double lsb)
{
    double count = (double)nano / 1e9 / lsb;
    return (double)(int64_t)(count + (count < 0 ? -0.5 : 0.5));
}

static void reads_the_bag(const char *name)
{
    char path[512];
    struct trace_source *source;
    struct trace_error error;
    struct trace_record record;
    snprintf(path, sizeof path, "%s/bags/%s", AXIOM_TEST_SOURCE, name);
    ck_assert_msg(trace_open(path, NULL, &source, &error) == 0, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(trace_warning(source), "/cmd_vel (geometry_msgs/msg/Twist)"));
    int64_t imu = trace_channel_find(source, "/imu/data");
    int64_t servo = trace_channel_find(source, "servo/pulse_us");
    int64_t can = trace_channel_find(source, "/from_can");
    ck_assert(imu >= 0 && servo >= 0 && can >= 0);
    const double dps70 = 0.07 * 3.14159265358979324 / 180, mg488 = 0.000488 * 9.80665;
    unsigned imus = 0, servos = 0, cans = 0;
    while (next(source, &record)) {
        if (record.channel == imu) {
            uint64_t ns = imus * UINT64_C(5000000) + imus * UINT64_C(7919) % 10007;
            ck_assert_uint_eq(record.time_ns, ns);
            ck_assert_uint_eq(record.source_ns, UINT64_C(1650000000123455789) + ns);
            ck_assert(counts(record.scan[0], mg488) == imus);
            ck_assert(counts(record.scan[1], mg488) == -1);
            ck_assert(counts(record.scan[2], mg488) == 2048 + imus % 7);
            ck_assert(counts(record.scan[3], dps70) == (double)imus - 250);
            ck_assert(counts(record.scan[5], dps70) == -(double)imus);
            imus++;
        } else if (record.channel == servo) {
            ck_assert_int_eq(record.nano, (1000 + 10 * (int64_t)servos++) * 1000000000);
        } else {
            ck_assert_int_eq(record.channel, can);
            ck_assert_uint_eq(record.can.id, 0x123 + 100 * cans);
            ck_assert(record.can.size == 3 && record.can.data[0] == ((100 * cans) & 255) &&
                      record.can.data[2] == 3 && record.can.extended == (cans > 2));
            cans++;
        }
    }
    ck_assert(imus == 500 && servos == 50 && cans == 5);
    trace_close(source);
}

START_TEST(bags_of_other_writers_are_read)
{
    reads_the_bag("imu_zstd.mcap");
    reads_the_bag("imu_lz4.mcap");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mcap source");
    TCase *tests = tcase_create("mcap source");
    tcase_add_test(tests, inputs_of_a_recording_come_back_and_outputs_do_not);
    tcase_add_test(tests, a_boards_recording_gives_what_its_kernel_saw_of_the_outside);
    tcase_add_test(tests, between_two_edges_of_one_direction_the_line_went_back);
    tcase_add_test(tests, plain_numbers_of_ros_are_channels);
    tcase_add_test(tests, what_is_left_out_is_said);
    tcase_add_test(tests, damage_is_reported_with_its_place);
    tcase_add_test(tests, a_scan_may_not_change_its_shape);
    tcase_add_test(tests, bags_of_other_writers_are_read);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
