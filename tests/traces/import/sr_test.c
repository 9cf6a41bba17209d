/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sigrok sessions, made here with libzip: samples of every size, metadata of every kind, damage. */
#include "source_check.h"

#include <stdlib.h>
#include <tests/check_main.h>
#include <zip.h>

struct entry {
    const char *name;
    const void *data;
    size_t size;
};

/* A zip in memory; caller frees. */
static uint8_t *make_zip(const struct entry *entry, size_t count, size_t *size)
{
    zip_error_t error;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    ck_assert_ptr_nonnull(source);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    ck_assert_ptr_nonnull(zip);
    for (size_t i = 0; i < count; i++) {
        zip_source_t *data = zip_source_buffer(zip, entry[i].data, entry[i].size, 0);
        ck_assert_int_ge(zip_file_add(zip, entry[i].name, data, ZIP_FL_OVERWRITE), 0);
    }
    ck_assert_int_eq(zip_close(zip), 0);
    zip_stat_t status;
    ck_assert_int_eq(zip_source_stat(source, &status), 0);
    uint8_t *bytes = malloc(status.size);
    ck_assert_int_eq(zip_source_open(source), 0);
    ck_assert_int_eq(zip_source_read(source, bytes, status.size), (zip_int64_t)status.size);
    zip_source_close(source);
    zip_source_free(source);
    *size = status.size;
    return bytes;
}

static const char plain_metadata[] =
    "[global]\nsigrok version=0.5.2\n\n[device 1]\ncapturefile=logic-1\n"
    "total probes=8\nsamplerate=3 MHz\ntotal analog=0\n"
    "probe1=a\nprobe2=b\nprobe8=h\nunitsize=1\n";

static void gives(const struct entry *entry, size_t count, const char *option, const char *expected)
{
    size_t size;
    uint8_t *zip = make_zip(entry, count, &size);
    struct trace_source *source = opened(zip, size, option);
    char got[4096];
    for (int pass = 0; pass < 2; pass++) {
        struct trace_error error;
        print_all(source, got, sizeof got);
        ck_assert_str_eq(got, expected);
        ck_assert_msg(trace_rewind(source, &error) == 0, "%s", error.text);
    }
    trace_close(source);
    free(zip);
}

static void is_refused(const struct entry *entry, size_t count, int err, const char *words)
{
    size_t size;
    uint8_t *zip = make_zip(entry, count, &size);
    refused(zip, size, NULL, err, words);
    free(zip);
}

#define TEXT(text) text, sizeof text - 1

START_TEST(changes_come_at_their_sample_lowest_line_first)
{
    /* Bit 2 is no line of the session: what it does is nothing. */
    static const uint8_t samples[] = { 0x81, 0x81, 0x85, 0x82, 0x82, 0x02 };
    struct entry entries[] = {
        { "version", TEXT("2") },
        { "metadata", TEXT(plain_metadata) },
        { "logic-1-1", samples, sizeof samples },
    };
    gives(entries, 3, NULL, "1000 a 0;1000 b 1;1666 h 0;");
    size_t size;
    uint8_t *zip = make_zip(entries, 3, &size);
    struct trace_source *source = opened(zip, size, NULL);
    ck_assert_uint_eq(trace_channel_count(source), 3);
    ck_assert_int_eq(trace_channel_at(source, 0)->initial_level, 1);
    ck_assert_int_eq(trace_channel_at(source, 1)->initial_level, 0);
    ck_assert_int_eq(trace_channel_at(source, 2)->initial_level, 1);
    ck_assert_int_eq(trace_channel_at(source, 2)->line, 7);
    ck_assert_int_eq((int)trace_channel_find(source, "7"), 2);
    ck_assert_uint_eq(trace_end_ns(source), 2000);
    trace_close(source);
    free(zip);
}
END_TEST

START_TEST(chunks_are_one_stream)
{
    static const uint8_t one[] = { 0, 0, 1 }, two[] = { 1, 1 }, three[] = { 0 };
    struct entry entries[] = {
        { "logic-1-2", two, sizeof two }, /* the order in the zip means nothing */
        { "metadata", TEXT(plain_metadata) },
        { "logic-1-3", three, sizeof three },
        { "logic-1-1", one, sizeof one },
    };
    gives(entries, 4, NULL, "666 a 1;1666 a 0;");
    struct entry whole[] = { { "metadata", TEXT(plain_metadata) }, { "logic-1", one, sizeof one } };
    gives(whole, 2, NULL, "666 a 1;"); /* version 1 */
}
END_TEST

/* One change at each place of a long run, for every sample size: the word compare must find each.
 */
START_TEST(no_change_is_missed_whatever_its_place)
{
    enum { COUNT = 90 };
    for (uint32_t unit = 1; unit <= 8; unit++) {
        char metadata[256], expected[64];
        snprintf(metadata, sizeof metadata,
                 "[device 1]\ncapturefile=logic-1\nsamplerate=1000000000\nprobe%u=x\nunitsize=%u\n",
                 8 * unit, unit);
        for (unsigned place = 1; place < COUNT; place++) {
            uint8_t samples[COUNT * 8];
            memset(samples, 0x55, sizeof samples);
            for (unsigned i = place; i < COUNT; i++)
                samples[i * unit + unit - 1] |= 0x80;
            struct entry entries[] = { { "metadata", metadata, strlen(metadata) },
                                       { "logic-1-1", samples, COUNT * unit } };
            snprintf(expected, sizeof expected, "%u x 1;", place);
            gives(entries, 2, NULL, expected);
        }
    }
}
END_TEST

START_TEST(buffers_end_anywhere)
{
    /* More than the reader's buffer, with a change in the sample behind its end. */
    size_t size = 3u << 20;
    uint8_t *samples = calloc(1, size);
    samples[1u << 20] = 1;
    memset(samples + (2u << 20) - 1, 2, size - ((2u << 20) - 1));
    struct entry entries[] = { { "metadata", TEXT(plain_metadata) },
                               { "logic-1-1", samples, size } };
    gives(entries, 2, NULL, "349525333 a 1;349525666 a 0;699050333 b 1;");
    free(samples);
}
END_TEST

static const uint8_t some[] = { 0, 1, 0 };

static void metadata_is_refused(const char *metadata, int err, const char *words)
{
    struct entry entries[] = { { "metadata", metadata, strlen(metadata) },
                               { "logic-1-1", some, sizeof some } };
    is_refused(entries, 2, err, words);
}

START_TEST(metadata_is_checked)
{
    metadata_is_refused("", -EBADMSG, "names no device");
    metadata_is_refused("[device 1]\ncapturefile=logic-1\nsamplerate=0 Hz\n", -EBADMSG,
                        "line 3: samplerate \"0 Hz\" is no rate above 0");
    metadata_is_refused("[device 1]\ncapturefile=logic-1\nprobe1=a\nunitsize=1\n", -EBADMSG,
                        "no samplerate");
    metadata_is_refused("[device 1]\ncapturefile=logic-1\nsamplerate=1 kHz\nprobe1=a\n", -EBADMSG,
                        "no unitsize");
    metadata_is_refused("[device 1]\ncapturefile=logic-1\nsamplerate=1 kHz\nunitsize=1\n", -EBADMSG,
                        "names no probe");
    metadata_is_refused("[device 1]\nunitsize=9\n", -EOPNOTSUPP, "unitsize \"9\"");
    metadata_is_refused("[device 1]\nunitsize=0\n", -EOPNOTSUPP, "unitsize \"0\"");
    metadata_is_refused("[device 1]\nprobe65=x\n", -EOPNOTSUPP, "64 lines are the most");
    metadata_is_refused("[device 1]\ncapturefile=logic-1\nsamplerate=1 kHz\nunitsize=1\nprobe9=x\n",
                        -EBADMSG, "a sample has only 8 bits");
    metadata_is_refused("[device 1]\n[device 2]\n", -EOPNOTSUPP, "a second device");
    metadata_is_refused("[device 1]\nsamplerate=1 kHz\ntotal analog=2\n", -EOPNOTSUPP,
                        "only analog ones");
    metadata_is_refused("[device 1]\ncapturefile=logic-2\nsamplerate=1 kHz\nunitsize=1\nprobe1=x\n",
                        -EBADMSG, "holds no samples");
    char *large = calloc(1, 100000);
    memset(large, '\n', 99999);
    metadata_is_refused(large, -EFBIG, "metadata of 99999 bytes");
    free(large);
}
END_TEST

START_TEST(names_are_as_sigrok_escapes_them_and_rates_as_it_writes_them)
{
    static const char metadata[] =
        "[device 1]\r\ncapturefile=logic-1\r\nsamplerate=2.5 kHz\r\ntotal analog=1\r\n"
        "probe1=\\sX\\\\step\r\nprobe2=\r\nunitsize=1\r\n";
    struct entry entries[] = { { "metadata", TEXT(metadata) }, { "logic-1-1", some, sizeof some } };
    gives(entries, 2, NULL, "400000  X\\step 1;800000  X\\step 0;");
    size_t size;
    uint8_t *zip = make_zip(entries, 2, &size);
    struct trace_source *source = opened(zip, size, NULL);
    ck_assert_str_eq(trace_warning(source),
                     "1 analog channels are left out; only logic lines are read");
    ck_assert_str_eq(trace_channel_at(source, 1)->name, "unnamed");
    trace_close(source);
    free(zip);
}
END_TEST

START_TEST(missing_and_crooked_chunks_are_named)
{
    struct entry gap[] = { { "metadata", TEXT(plain_metadata) },
                           { "logic-1-1", some, 3 },
                           { "logic-1-3", some, 3 } };
    is_refused(gap, 3, -EBADMSG, "it holds logic-1-3 but not logic-1-2");
    static const char metadata[] =
        "[device 1]\ncapturefile=logic-1\nsamplerate=1 kHz\nunitsize=2\nprobe1=x\n";
    struct entry odd[] = { { "metadata", TEXT(metadata) }, { "logic-1-1", some, 3 } };
    is_refused(odd, 2, -EBADMSG, "logic-1-1 has 3 bytes, not a multiple of the unitsize 2");
    struct entry other[] = { { "readme.txt", some, 3 } };
    is_refused(other, 1, -EBADMSG, "not a sigrok session");
}
END_TEST

START_TEST(a_zip_may_not_unpack_to_more_than_the_limit)
{
    size_t size = 8u << 20, zipped;
    uint8_t *samples = calloc(1, size);
    struct entry entries[] = { { "metadata", TEXT(plain_metadata) },
                               { "logic-1-1", samples, size } };
    uint8_t *zip = make_zip(entries, 2, &zipped);
    ck_assert_uint_lt(zipped, size / 500);
    refused(zip, zipped, "limit=1000000", -EFBIG, "unpack to 8388608 bytes, the limit is 1000000");
    trace_close(opened(zip, zipped, "limit=8388608"));
    free(zip);
    free(samples);
}
END_TEST

/* Every cut of a session is refused, or (when only what follows the directory is missing) gives
 * what the whole gives. */
START_TEST(every_cut_is_noticed)
{
    struct entry entries[] = { { "version", TEXT("2") },
                               { "metadata", TEXT(plain_metadata) },
                               { "logic-1-1", some, 3 } };
    size_t size;
    uint8_t *zip = make_zip(entries, 3, &size);
    for (size_t cut = 0; cut < size; cut++) {
        struct trace_source *source = NULL;
        struct trace_error error = { "" };
        uint8_t *copy = malloc(cut + 1); /* of its own, so that ASan sees a byte read behind it */
        memcpy(copy, zip, cut);
        copy = realloc(copy, cut > 0 ? cut : 1);
        ck_assert_int_lt(trace_open_memory(copy, cut, "cut", NULL, &source, &error), 0);
        ck_assert_uint_gt(strlen(error.text), 10);
        free(copy);
    }
    free(zip);
}
END_TEST

/* Every flipped byte ends in an error or in records; never in anything else. */
START_TEST(no_flipped_byte_does_harm)
{
    uint8_t samples[600];
    for (size_t i = 0; i < sizeof samples; i++)
        samples[i] = (uint8_t)(i * i / 7);
    struct entry entries[] = { { "metadata", TEXT(plain_metadata) },
                               { "logic-1-1", samples, sizeof samples } };
    size_t size;
    uint8_t *zip = make_zip(entries, 2, &size);
    unsigned refusals = 0, wrong_data = 0;
    for (size_t at = 0; at < size; at++) {
        struct trace_source *source = NULL;
        struct trace_error error = { "" };
        zip[at] ^= 0x41;
        if (trace_open_memory(zip, size, "flipped", NULL, &source, &error) != 0) {
            refusals++;
        } else {
            struct trace_record record;
            int got;
            while ((got = trace_next(source, &record, &error)) == 1)
                ;
            wrong_data += got < 0;
            trace_close(source);
        }
        zip[at] ^= 0x41;
    }
    ck_assert_uint_gt(refusals, 50);
    (void)wrong_data;
    free(zip);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sr");
    TCase *tests = tcase_create("sr");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, changes_come_at_their_sample_lowest_line_first);
    tcase_add_test(tests, chunks_are_one_stream);
    tcase_add_test(tests, no_change_is_missed_whatever_its_place);
    tcase_add_test(tests, buffers_end_anywhere);
    tcase_add_test(tests, metadata_is_checked);
    tcase_add_test(tests, names_are_as_sigrok_escapes_them_and_rates_as_it_writes_them);
    tcase_add_test(tests, missing_and_crooked_chunks_are_named);
    tcase_add_test(tests, a_zip_may_not_unpack_to_more_than_the_limit);
    tcase_add_test(tests, every_cut_is_noticed);
    tcase_add_test(tests, no_flipped_byte_does_harm);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
