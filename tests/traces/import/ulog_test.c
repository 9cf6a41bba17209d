/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* ULog files made here: formats, order, gaps, appended data, damage. */
#include "source_check.h"

#include <stdlib.h>
#include <tests/check_main.h>

/* A file being put together. */
struct file {
    uint8_t bytes[65536];
    size_t size;
};

static void put(struct file *file, const void *data, size_t size)
{
    memcpy(file->bytes + file->size, data, size);
    file->size += size;
}

static void put_number(struct file *file, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        file->bytes[file->size++] = (uint8_t)(value >> (8 * i));
}

static void header(struct file *file, uint64_t start_us)
{
    file->size = 0;
    put(file, "ULog\x01\x12\x35\x01", 8);
    put_number(file, start_us, 8);
}

static void message(struct file *file, char type, const void *body, size_t size)
{
    put_number(file, size, 2);
    put(file, &type, 1);
    put(file, body, size);
}

static void format(struct file *file, const char *text)
{
    message(file, 'F', text, strlen(text));
}

static void subscribe(struct file *file, uint8_t multi_id, uint16_t id, const char *topic)
{
    put_number(file, 3 + strlen(topic), 2);
    put(file, "A", 1);
    put_number(file, multi_id, 1);
    put_number(file, id, 2);
    put(file, topic, strlen(topic));
}

/* Data of a topic of "uint64_t timestamp;int32_t v;". */
static void data(struct file *file, uint16_t id, uint64_t stamp_us, int32_t value)
{
    put_number(file, 2 + 8 + 4, 2);
    put(file, "D", 1);
    put_number(file, id, 2);
    put_number(file, stamp_us, 8);
    put_number(file, (uint32_t)value, 4);
}

static void two_topics(struct file *file)
{
    header(file, 1000000);
    format(file, "a:uint64_t timestamp;int32_t v;");
    subscribe(file, 0, 7, "a");
    subscribe(file, 1, 8, "a");
}

static void gives(const struct file *file, const char *expected)
{
    struct trace_source *source = opened(file->bytes, file->size, NULL);
    char got[4096];
    for (int pass = 0; pass < 2; pass++) {
        struct trace_error error;
        print_all(source, got, sizeof got);
        ck_assert_str_eq(got, expected);
        ck_assert_int_eq(trace_rewind(source, &error), 0);
    }
    trace_close(source);
}

static void is_refused(const struct file *file, int err, const char *words)
{
    refused(file->bytes, file->size, NULL, err, words);
}

START_TEST(topics_are_brought_into_time_order)
{
    struct file file;
    two_topics(&file);
    data(&file, 7, 1000010, 1);
    data(&file, 7, 1000030, 3);
    data(&file, 8, 1000020, -2);
    data(&file, 8, 1000030, 4); /* the same time: in the file's order */
    gives(&file, "10000 a.v 1000000000;20000 a_1.v -2000000000;30000 a.v 3000000000;30000 a_1.v "
                 "4000000000;");
}
END_TEST

START_TEST(stale_stamps_stand_where_they_were_written)
{
    struct file file;
    two_topics(&file);
    data(&file, 8, 5, 1); /* published long before the log began */
    data(&file, 7, 4000000, 2);
    data(&file, 8, 0, 3);                /* none at all */
    data(&file, 7, 9000000000000000, 4); /* no time */
    data(&file, 7, 4000001, 5);
    gives(&file, "0 a_1.v 1000000000;3000000000 a.v 2000000000;3000000000 a_1.v 3000000000;"
                 "3000000000 a.v 4000000000;3000001000 a.v 5000000000;");
    struct trace_source *source = opened(file.bytes, file.size, NULL);
    struct trace_record record;
    ck_assert(next(source, &record));
    ck_assert_uint_eq(record.source_ns, 5000);
    trace_close(source);
}
END_TEST

START_TEST(a_clock_that_is_set_back_is_an_error)
{
    struct file file;
    two_topics(&file);
    data(&file, 7, 9000000, 1);
    data(&file, 7, 7000000, 2);
    struct trace_source *source = opened(file.bytes, file.size, NULL);
    ends_in_error(source, -EBADMSG, "time runs backwards: a has 7000000 us after 9000000 us");
    trace_close(source);
}
END_TEST

START_TEST(dropouts_are_gaps)
{
    struct file file;
    two_topics(&file);
    data(&file, 7, 1000010, 1);
    message(&file, 'O', "\x1a\x00", 2);
    data(&file, 7, 1026010, 2);
    gives(&file, "10000 a.v 1000000000;10000 gap 26000000;26010000 a.v 2000000000;");
}
END_TEST

START_TEST(all_types_and_nested_formats_are_read)
{
    struct file file;
    header(&file, 0);
    format(&file, "outer:uint64_t timestamp;int8_t i8;uint8_t u8;int16_t i16;uint16_t u16;inner[2] "
                  "n;bool b;char[3] c;"
                  "double d;uint64_t u64;uint8_t[2] _padding0;");
    format(&file, "inner:float f;int64_t i64;");
    subscribe(&file, 0, 1, "outer");
    put_number(&file, 2 + 8 + 6 + 24 + 1 + 3 + 8 + 8,
               2); /* the padding at the end is left out, as PX4 does */
    put(&file, "D", 1);
    put_number(&file, 1, 2);
    put_number(&file, 1, 8);
    put_number(&file, 0xff, 1);
    put_number(&file, 0xff, 1);
    put_number(&file, 0x8000, 2);
    put_number(&file, 0x8000, 2);
    put_number(&file, 0x3fc00000, 4); /* 1.5f */
    put_number(&file, (uint64_t)-3, 8);
    put_number(&file, 0x7f800000, 4);            /* infinite */
    put_number(&file, UINT64_C(10000000000), 8); /* too large for nano */
    put_number(&file, 2, 1);
    put(&file, "abc", 3);
    put_number(&file, 0xbfb999999999999a, 8); /* -0.1 */
    put_number(&file, 42, 8);
    gives(&file,
          "1000 outer.i8 -1000000000;1000 outer.u8 255000000000;1000 outer.i16 -32768000000000;"
          "1000 outer.u16 32768000000000;1000 outer.n[0].f 1500000000;1000 outer.n[0].i64 "
          "-3000000000;"
          "1000 outer.b 1000000000;1000 outer.d -100000000;1000 outer.u64 42000000000;");
    struct trace_source *source = opened(file.bytes, file.size, NULL);
    struct trace_record record;
    while (next(source, &record))
        ;
    ck_assert_uint_eq(trace_unrepresentable(source), 2);
    trace_close(source);
}
END_TEST

START_TEST(an_imu_topic_is_a_scan)
{
    struct file file;
    header(&file, 0);
    format(&file, "sensor_accel:uint64_t timestamp;float z;float x;float y;float temperature;");
    subscribe(&file, 2, 1, "sensor_accel");
    put_number(&file, 2 + 8 + 16, 2);
    put(&file, "D", 1);
    put_number(&file, 1, 2);
    put_number(&file, 1, 8);
    put_number(&file, 0x40400000, 4); /* z = 3 */
    put_number(&file, 0x3f800000, 4); /* x = 1 */
    put_number(&file, 0x40000000, 4); /* y = 2 */
    put_number(&file, 0x41a80000, 4); /* 21 */
    gives(&file, "1000 sensor_accel_2 1000000000 2000000000 3000000000;1000 "
                 "sensor_accel_2.temperature 21000000000;");
}
END_TEST

START_TEST(data_appended_after_a_crash_is_read_on)
{
    struct file file;
    header(&file, 0);
    size_t flags = file.size;
    uint8_t bits[40] = { 0 };
    bits[8] = 1; /* incompatible bit 0: there is appended data */
    message(&file, 'B', bits, sizeof bits);
    format(&file, "a:uint64_t timestamp;int32_t v;");
    subscribe(&file, 0, 7, "a");
    data(&file, 7, 10, 1);
    put(&file,
        "\xff\x00"
        "Dcut",
        6); /* the logger died here */
    size_t appended = file.size;
    data(&file, 7, 20, 2);
    put(&file, "\x09", 1); /* and here, finally */
    file.bytes[flags + 3 + 16] = (uint8_t)appended;
    gives(&file, "10000 a.v 1000000000;20000 a.v 2000000000;");
    struct trace_source *source = opened(file.bytes, file.size, NULL);
    struct trace_record record;
    while (next(source, &record))
        ;
    ck_assert_ptr_nonnull(strstr(trace_warning(source), "is cut"));
    trace_close(source);
}
END_TEST

START_TEST(what_later_versions_add_is_skipped_or_refused)
{
    struct file file;
    two_topics(&file);
    message(&file, 'X', "new", 3);
    message(&file, 'L', "6log line", 9);
    message(&file, 'R', "\x07\x00", 2);
    data(&file, 7, 1000001, 1);
    data(&file, 99, 1000002, 1); /* nobody subscribed it */
    gives(&file, "1000 a.v 1000000000;");
    header(&file, 0);
    uint8_t bits[40] = { 0 };
    bits[8] = 2;
    message(&file, 'B', bits, sizeof bits);
    is_refused(&file, -EOPNOTSUPP, "incompatible flag bits byte 0 = 0x02");
    header(&file, 0);
    file.bytes[7] = 9;
    is_refused(&file, -EOPNOTSUPP, "ULog version 9");
}
END_TEST

START_TEST(damage_is_reported_with_its_place)
{
    struct file file;
    header(&file, 0);
    is_refused(&file, -EBADMSG, "without data messages");
    file.size = 12;
    is_refused(&file, -EBADMSG, "shorter than ULog's header");
    header(&file, UINT64_MAX);
    is_refused(&file, -EBADMSG, "out of range");
    header(&file, 0);
    message(&file, 0, "", 0);
    is_refused(&file, -EBADMSG, "at offset 16: no message begins here");
    header(&file, 0);
    format(&file, "no colon");
    is_refused(&file, -EBADMSG, "at offset 16: no name before a colon");
    header(&file, 0);
    format(&file, "a:nonsense;");
    is_refused(&file, -EBADMSG, "a field is not");
    header(&file, 0);
    subscribe(&file, 0, 1, "a");
    is_refused(&file, -EBADMSG, "topic a: the topic's format is not defined");
    header(&file, 0);
    format(&file, "a:b x;");
    subscribe(&file, 0, 1, "a");
    is_refused(&file, -EBADMSG, "topic a: a field's type is not defined");
    header(&file, 0);
    format(&file, "a:a x;");
    subscribe(&file, 0, 1, "a");
    is_refused(&file, -EBADMSG, "nested too deeply");
    header(&file, 0);
    format(&file, "a:b[65535] x;");
    format(&file, "b:uint8_t[65535] x;");
    subscribe(&file, 0, 1, "a");
    is_refused(&file, -EBADMSG, "larger than a message can be");
    two_topics(&file);
    message(&file, 'D', "\x07", 1);
    is_refused(&file, -EBADMSG, "a data message without an id");
}
END_TEST

/* Empty formats that name each other in every field would take 100^8 steps. */
START_TEST(formats_cannot_multiply_into_work)
{
    static struct file file;
    header(&file, 0);
    for (char level = 'a'; level < 'h'; level++) {
        char text[2048];
        int at = sprintf(text, "%c:", level);
        for (int i = 0; i < 100; i++)
            at += sprintf(text + at, "%c f%d;", level + 1, i);
        format(&file, text);
    }
    format(&file, "h:");
    subscribe(&file, 0, 1, "a");
    is_refused(&file, -EBADMSG, "name each other too often");
}
END_TEST

START_TEST(every_cut_gives_what_is_whole)
{
    struct file file;
    two_topics(&file);
    size_t first = file.size;
    for (int i = 0; i < 5; i++)
        data(&file, 7, 1000000 + (uint64_t)i, i);
    for (size_t cut = 0; cut < file.size; cut++) {
        struct trace_source *source = NULL;
        struct trace_error error = { "" };
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        memcpy(copy, file.bytes, cut);
        int err = trace_open_memory(copy, cut, "cut", NULL, &source, &error);
        size_t whole = cut > first ? (cut - first) / 17 : 0; /* 3 + 2 + 8 + 4 bytes each */
        ck_assert_int_eq(err == 0, whole > 0);
        struct trace_record record;
        size_t count = 0;
        while (err == 0 && next(source, &record))
            count++;
        ck_assert_uint_eq(count, whole);
        if (err == 0)
            ck_assert_int_eq(trace_warning(source)[0] != '\0', (cut - first) % 17 != 0);
        trace_close(source);
        free(copy);
    }
}
END_TEST

/* More messages out of order than the heap holds: it still ends, in order. */
START_TEST(waiting_messages_are_bounded)
{
    static struct file head;
    two_topics(&head);
    enum { COUNT = 100000 };
    size_t size = head.size + COUNT * 17;
    uint8_t *bytes = malloc(size);
    memcpy(bytes, head.bytes, head.size);
    for (size_t i = 0; i < COUNT; i++) {
        struct file *one = &head;
        one->size = 0;
        data(one, i % 2 ? 7 : 8, 1000000 + (i % 2 ? 5 * COUNT - i : i), (int32_t)i);
        memcpy(bytes + size - (COUNT - i) * 17, one->bytes, 17);
    }
    struct trace_source *source = opened(bytes, size, NULL);
    struct trace_record record;
    size_t count = 0;
    uint64_t last = 0;
    while (next(source, &record)) {
        ck_assert_uint_ge(record.time_ns, last);
        last = record.time_ns;
        count++;
    }
    ck_assert_uint_eq(count, COUNT);
    trace_close(source);
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ulog");
    TCase *tests = tcase_create("ulog");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, topics_are_brought_into_time_order);
    tcase_add_test(tests, stale_stamps_stand_where_they_were_written);
    tcase_add_test(tests, a_clock_that_is_set_back_is_an_error);
    tcase_add_test(tests, dropouts_are_gaps);
    tcase_add_test(tests, all_types_and_nested_formats_are_read);
    tcase_add_test(tests, an_imu_topic_is_a_scan);
    tcase_add_test(tests, data_appended_after_a_crash_is_read_on);
    tcase_add_test(tests, what_later_versions_add_is_skipped_or_refused);
    tcase_add_test(tests, damage_is_reported_with_its_place);
    tcase_add_test(tests, formats_cannot_multiply_into_work);
    tcase_add_test(tests, every_cut_gives_what_is_whole);
    tcase_add_test(tests, waiting_messages_are_bounded);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
