/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The host reader on whole files: order, seeking, compression, info, attachments, metadata, hostile
 * content. */
#include "sample.h"

#include <axiom/bits.h>
#include <axiom/crc32.h>
#include <errno.h>
#include <lz4frame.h>
#include <mcap/put.h>
#include <stdio.h>
#include <tests/check_main.h>
#include <unistd.h>
#include <zstd.h>

START_TEST(every_message_comes_back_in_order)
{
    size_t size;
    uint8_t *data = sample_file(5000, 8192, &size);
    struct mcap_reader *r = sample_open(data, size, NULL);
    ck_assert_int_eq(mcap_reader_order(r), MCAP_ORDER_TIME);
    struct mcap_item item;
    struct mcap_error error;
    for (uint64_t n = 0; n < 5000; n++) {
        if (mcap_reader_next(r, &item, &error) != 1 || !sample_is(&item, n))
            ck_abort_msg("not message %u", (unsigned)n);
    }
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_uint_eq(mcap_reader_progress(r), 1000);
    ck_assert_int_eq(mcap_reader_check_data(r, &error), 0);
    mcap_reader_close(r);
    free(data);
}
END_TEST

START_TEST(a_long_file_is_read_in_little_memory)
{
    size_t size;
    uint8_t *data = sample_file(200000, 16384, &size);
    ck_assert_uint_gt(size, 12 << 20);
    struct mcap_reader_options options = { .memory_limit =
                                               160 << 10 }; /* window, one chunk, definitions */
    struct mcap_reader *r = sample_open(data, size, &options);
    struct mcap_item item;
    struct mcap_error error;
    const struct mcap_info *info;
    ck_assert_int_eq(mcap_reader_info(r, &info, &error), 0);
    ck_assert_uint_eq(info->message_count, 200000);
    uint64_t n = 0;
    while (mcap_reader_next(r, &item, &error) == 1) {
        if (!sample_is(&item, n++))
            ck_abort_msg("not message %u", (unsigned)n - 1);
    }
    ck_assert_uint_eq(n, 200000);
    ck_assert_int_eq(mcap_reader_seek(r, 150000000, 0, &error), 0);
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 1);
    ck_assert(sample_is(&item, 150000));
    mcap_reader_close(r);
    free(data);
}
END_TEST

/* Writes to a pipe from a child and reads it through /dev/fd, `size` bytes of it. */
static struct mcap_reader *pipe_open(const uint8_t *data, size_t size,
                                     const struct mcap_reader_options *options)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    if (fork() == 0) {
        close(ends[0]);
        while (size > 0) {
            ssize_t put = write(ends[1], data, size < 5000 ? size : 5000);
            if (put <= 0)
                _exit(1);
            data += put;
            size -= (size_t)put;
        }
        _exit(0);
    }
    close(ends[1]);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct mcap_reader *r;
    struct mcap_error error = { .code = 0 };
    int err = mcap_reader_open(path, options, &r, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    close(ends[0]);
    return r;
}

START_TEST(a_pipe_is_read_as_it_comes)
{
    size_t size;
    uint8_t *data = sample_file(5000, 8192, &size);
    struct mcap_item item;
    struct mcap_error error;
    const struct mcap_info *info;
    for (int cut = 0; cut < 2; cut++) {
        struct mcap_reader_options options = { .recover = cut };
        struct mcap_reader *r = pipe_open(data, cut ? size / 2 : size, &options);
        ck_assert_int_eq(mcap_reader_info(r, &info, &error), -ESPIPE);
        ck_assert_int_eq(mcap_reader_seek(r, 1, 0, &error), -ESPIPE);
        uint64_t n = 0;
        int result;
        while ((result = mcap_reader_next(r, &item, &error)) == 1) {
            if (!sample_is(&item, n++))
                ck_abort_msg("not message %u", (unsigned)n - 1);
        }
        ck_assert_msg(result == 0, "%s", error.text);
        ck_assert(cut ? n > 2000 && n < 3000 : n == 5000);
        ck_assert_int_eq(mcap_reader_loss(r)->text[0] != '\0', cut);
        mcap_reader_close(r);
    }
    free(data);
}
END_TEST

START_TEST(info_comes_from_the_summary_and_agrees_with_reading)
{
    size_t size;
    uint8_t *data = sample_file(3000, 8192, &size);
    struct mcap_error error;
    const struct mcap_info *info;
    struct mcap_reader *r = sample_open(data, size, NULL);
    ck_assert_int_eq(mcap_reader_info(r, &info, &error), 0);
    ck_assert(info->complete && info->has_summary && info->has_index);
    struct mcap_info by_summary = *info;
    uint64_t counts[SAMPLE_CHANNELS + 1] = { 0 };
    for (uint16_t id = 1; id <= SAMPLE_CHANNELS; id++)
        counts[id] = mcap_reader_channel(r, id)->message_count;
    mcap_reader_close(r);

    r = sample_open(data, size - 40, NULL); /* without a footer: the whole file is read */
    ck_assert_int_eq(mcap_reader_info(r, &info, &error), 0);
    ck_assert(!info->complete && !info->has_summary);
    ck_assert_uint_eq(info->message_count, 3000);
    ck_assert_uint_eq(by_summary.message_count, 3000);
    ck_assert_uint_eq(info->chunk_count, by_summary.chunk_count);
    ck_assert_uint_eq(info->chunk_bytes, by_summary.chunk_bytes);
    ck_assert_uint_eq(info->start_time, by_summary.start_time);
    ck_assert_uint_eq(info->end_time, by_summary.end_time);
    ck_assert_uint_eq(info->end_time, 2999000);
    for (uint16_t id = 1; id <= SAMPLE_CHANNELS; id++)
        ck_assert_uint_eq(mcap_reader_channel(r, id)->message_count, counts[id]);
    ck_assert(mcap_text_equal(info->library, "sample"));
    mcap_reader_close(r);
    free(data);
}
END_TEST

START_TEST(a_time_range_gives_just_that)
{
    size_t size;
    uint8_t *data = sample_file(5000, 8192, &size);
    struct mcap_error error;
    struct mcap_item item;
    struct mcap_reader *r = sample_open(data, size, NULL);
    uint64_t state = 5;
    for (int round = 0; round < 50; round++) {
        uint64_t first = sample_random(&state) % 5000, last = first + sample_random(&state) % 300;
        if (last > 4999)
            last = 4999;
        ck_assert_int_eq(mcap_reader_seek(r, first * 1000, last * 1000, &error), 0);
        for (uint64_t n = first; n <= last; n++) {
            if (mcap_reader_next(r, &item, &error) != 1 || !sample_is(&item, n))
                ck_abort_msg("not message %u", (unsigned)n);
        }
        ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    }
    ck_assert_int_eq(mcap_reader_seek(r, 5000000, 0, &error), 0);
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_int_eq(mcap_reader_seek(r, 0, 0, &error), 0);
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 1);
    ck_assert(sample_is(&item, 0));
    mcap_reader_close(r);
    free(data);
}
END_TEST

/* --- files put together here, to have what our writer does not make --- */

struct builder {
    uint8_t *at;
    struct mcap_out out;
    uint8_t index[65536];
    struct mcap_out chunk_index;
    uint32_t chunk_count;
    bool indexed;
};

static struct builder *builder_new(bool indexed)
{
    struct builder *b = calloc(1, sizeof *b);
    b->at = malloc(1 << 20);
    b->out = (struct mcap_out){ b->at, 1 << 20, 0 };
    b->chunk_index = (struct mcap_out){ b->index, sizeof b->index, 0 };
    b->indexed = indexed;
    mcap_put_raw(&b->out, mcap_magic, MCAP_MAGIC_SIZE);
    mcap_put_header(&b->out, &(struct mcap_header){ mcap_text(""), mcap_text("builder") });
    return b;
}

static const struct mcap_channel plain_channel = { .id = 1,
                                                   .topic = { "/x", 2 },
                                                   .message_encoding = { "none", 4 },
                                                   .metadata = { (const uint8_t *)"", 0 } };

/* A chunk of messages at these times, their sequence counting on from *sequence. */
static void builder_chunk(struct builder *b, const uint64_t *time, size_t count,
                          const char *compression, uint32_t *sequence)
{
    static uint8_t records[65536], packed[65536];
    struct mcap_out out = { records, sizeof records, 0 };
    uint64_t start = UINT64_MAX, end = 0;
    mcap_put_channel(&out, &plain_channel);
    for (size_t i = 0; i < count; i++) {
        mcap_put_message(
            &out, &(struct mcap_message){ 1, (*sequence)++, time[i], time[i], { records, 5 } });
        start = time[i] < start ? time[i] : start;
        end = time[i] > end ? time[i] : end;
    }
    ck_assert(mcap_out_fits(&out));
    struct mcap_bytes content = { records, out.used };
    if (strcmp(compression, "zstd") == 0) {
        content = (struct mcap_bytes){ packed,
                                       ZSTD_compress(packed, sizeof packed, records, out.used, 1) };
        ck_assert(!ZSTD_isError((size_t)content.size));
    } else if (strcmp(compression, "lz4") == 0) {
        content = (struct mcap_bytes){ packed, LZ4F_compressFrame(packed, sizeof packed, records,
                                                                  out.used, NULL) };
        ck_assert(!LZ4F_isError((size_t)content.size));
    }
    uint64_t offset = b->out.used;
    struct mcap_chunk chunk = {
        start, end, out.used, crc32_update(0, records, out.used), mcap_text(compression), content
    };
    mcap_put_chunk(&b->out, &chunk);
    mcap_put_chunk_index(&b->chunk_index,
                         &(struct mcap_chunk_index){ .start_time = start,
                                                     .end_time = end,
                                                     .chunk_offset = offset,
                                                     .chunk_size = b->out.used - offset,
                                                     .message_index_offsets = { NULL, 0 },
                                                     .compression = mcap_text(compression),
                                                     .compressed_size = content.size,
                                                     .uncompressed_size = out.used });
    b->chunk_count++;
}

static size_t builder_end(struct builder *b)
{
    mcap_put_data_end(&b->out, &(struct mcap_data_end){ 0 });
    uint64_t summary = b->indexed ? b->out.used : 0;
    if (b->indexed)
        mcap_put_raw(&b->out, b->index, b->chunk_index.used);
    mcap_put_footer(&b->out, &(struct mcap_footer){ summary, 0, 0 });
    mcap_put_raw(&b->out, mcap_magic, MCAP_MAGIC_SIZE);
    ck_assert(mcap_out_fits(&b->out) && mcap_out_fits(&b->chunk_index));
    return b->out.used;
}

static void builder_free(struct builder *b)
{
    free(b->at);
    free(b);
}

START_TEST(all_compressions_are_read)
{
    struct builder *b = builder_new(true);
    uint32_t sequence = 0;
    static const char *const compression[] = { "", "lz4", "zstd" };
    uint64_t time[100];
    for (uint64_t chunk = 0; chunk < 6; chunk++) {
        for (uint64_t i = 0; i < 100; i++)
            time[i] = chunk * 1000 + i;
        builder_chunk(b, time, 100, compression[chunk % 3], &sequence);
    }
    size_t size = builder_end(b);
    struct mcap_reader *r = sample_open(b->at, size, NULL);
    struct mcap_item item;
    struct mcap_error error;
    const struct mcap_info *info;
    for (uint32_t n = 0; n < 600; n++) {
        ck_assert_int_eq(mcap_reader_next(r, &item, &error), 1);
        ck_assert_uint_eq(item.message.sequence, n);
    }
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_int_eq(mcap_reader_info(r, &info, &error), 0);
    ck_assert(info->uses_lz4 && info->uses_zstd);
    ck_assert_uint_eq(info->message_count, 600);
    mcap_reader_close(r);
    builder_free(b);
}
END_TEST

START_TEST(overlapping_chunks_are_merged_stably)
{
    /* Times fall anywhere in windows that overlap; with 40 values many are equal, also within a
     * chunk. */
    struct builder *b = builder_new(true);
    uint32_t sequence = 0;
    uint64_t state = 77, times[2000], time[100];
    for (uint64_t chunk = 0; chunk < 20; chunk++) {
        for (size_t i = 0; i < 100; i++)
            time[i] = 1 + (19 - chunk) / 3 * 20 + sample_random(&state) % 40;
        memcpy(times + 100 * chunk, time, sizeof time);
        builder_chunk(b, time, 100, chunk % 2 ? "zstd" : "", &sequence);
    }
    size_t size = builder_end(b);
    struct mcap_item item;
    struct mcap_error error;
    struct mcap_reader *r = sample_open(b->at, size, NULL);
    ck_assert_int_eq(mcap_reader_order(r), MCAP_ORDER_TIME);
    for (int pass = 0; pass < 2; pass++) {
        uint64_t last_time = 0, from = pass == 0 ? 0 : 30, to = pass == 0 ? UINT64_MAX : 95;
        uint32_t last_sequence = 0, count = 0, expected = 0;
        for (size_t i = 0; i < 2000; i++)
            expected += times[i] >= from && times[i] <= to;
        ck_assert_int_eq(mcap_reader_seek(r, from, to, &error), 0);
        while (mcap_reader_next(r, &item, &error) == 1) {
            uint64_t now = item.message.log_time;
            ck_assert_uint_eq(now, times[item.message.sequence]);
            ck_assert(now > last_time ||
                      (now == last_time && (count == 0 || item.message.sequence > last_sequence)));
            last_time = now;
            last_sequence = item.message.sequence;
            count++;
        }
        ck_assert_uint_eq(count, expected);
    }
    mcap_reader_close(r);

    struct mcap_reader_options in_file_order = { .order = MCAP_ORDER_FILE };
    r = sample_open(b->at, size, &in_file_order);
    for (uint32_t n = 0; n < 2000; n++) {
        ck_assert_int_eq(mcap_reader_next(r, &item, &error), 1);
        ck_assert_uint_eq(item.message.sequence, n);
    }
    mcap_reader_close(r);
    builder_free(b);
}
END_TEST

START_TEST(memory_has_a_limit_that_says_what_to_do)
{
    struct builder *b = builder_new(true);
    uint32_t sequence = 0;
    uint64_t time[900];
    for (int chunk = 0; chunk < 12; chunk++) {
        for (size_t i = 0; i < 900; i++)
            time[i] = 1 + i;
        builder_chunk(b, time, 900, "", &sequence);
    }
    size_t size = builder_end(b);
    struct mcap_reader_options options = { .memory_limit = 300000 };
    struct mcap_reader *r = sample_open(b->at, size, &options);
    struct mcap_item item;
    struct mcap_error error = { .code = 0 };
    int result;
    while ((result = mcap_reader_next(r, &item, &error)) == 1) {
    }
    ck_assert_int_eq(result, -EFBIG);
    ck_assert_ptr_nonnull(strstr(error.text, "overlap"));
    ck_assert_ptr_nonnull(strstr(error.text, "sample.mcap: offset "));
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), -EFBIG);
    mcap_reader_close(r);

    options.order = MCAP_ORDER_FILE;
    r = sample_open(b->at, size, &options);
    uint32_t count = 0;
    while ((result = mcap_reader_next(r, &item, &error)) == 1)
        count++;
    ck_assert_int_eq(result, 0);
    ck_assert_uint_eq(count, 12 * 900);
    mcap_reader_close(r);
    builder_free(b);
}
END_TEST

START_TEST(without_an_index_file_order_holds)
{
    struct builder *b = builder_new(false);
    uint32_t sequence = 0;
    builder_chunk(b, (const uint64_t[]){ 9, 3, 7 }, 3, "", &sequence);
    builder_chunk(b, (const uint64_t[]){ 1, 8 }, 2, "", &sequence);
    struct mcap_message alone = { 1, sequence, 2, 2, { (const uint8_t *)"!", 1 } };
    mcap_put_message(&b->out, &alone);
    size_t size = builder_end(b);
    struct mcap_reader *r = sample_open(b->at, size, NULL);
    ck_assert_int_eq(mcap_reader_order(r), MCAP_ORDER_FILE);
    struct mcap_item item;
    struct mcap_error error;
    for (uint32_t n = 0; n < 6; n++) {
        ck_assert_int_eq(mcap_reader_next(r, &item, &error), 1);
        ck_assert_uint_eq(item.message.sequence, n);
    }
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_int_eq(mcap_reader_check_data(r, &error), -ENODATA);
    mcap_reader_close(r);
    builder_free(b);
}
END_TEST

START_TEST(attachments_and_metadata_come_back)
{
    static uint8_t blob[100000];
    for (size_t i = 0; i < sizeof blob; i++)
        blob[i] = (uint8_t)(i * i);
    struct mcap_file_options options = { .chunk_size = 8192, .channel_capacity = 8 };
    struct mcap_file_writer *file;
    struct mcap_error error;
    ck_assert_int_eq(mcap_memory_create(&options, &file, &error), 0);
    struct mcap_writer *w = mcap_file_writer(file);
    uint16_t channel[SAMPLE_CHANNELS];
    sample_define(w, channel);
    uint8_t map[100];
    struct mcap_out out = { map, sizeof map, 0 };
    mcap_put_pair(&out, mcap_text("seed"), mcap_text("42"));
    ck_assert_int_eq(
        mcap_writer_metadata(w, &(struct mcap_metadata){ mcap_text("axiom"), mcap_out_map(&out) }),
        0);
    struct mcap_attachment attachment = { .name = mcap_text("bpf/x.o"),
                                          .media_type = mcap_text("application/x-bpf"),
                                          .data = { blob, sizeof blob },
                                          .log_time = 5,
                                          .create_time = 6 };
    ck_assert_int_eq(mcap_writer_attachment(w, &attachment), 0);
    sample_write(w, channel, 0, 500);
    attachment = (struct mcap_attachment){ .name = mcap_text("empty"),
                                           .media_type = mcap_text(""),
                                           .data = { blob, 0 } };
    ck_assert_int_eq(mcap_writer_attachment(w, &attachment), 0);
    sample_write(w, channel, 500, 500);
    ck_assert_int_eq(mcap_writer_finish(w), 0);
    struct mcap_bytes bytes = mcap_memory_bytes(file);

    for (int cut = 0; cut < 2; cut++) { /* with and without a summary */
        struct mcap_reader *r = sample_open(bytes.at, (size_t)bytes.size - (cut ? 30 : 0), NULL);
        const struct mcap_info *info;
        ck_assert_int_eq(mcap_reader_info(r, &info, &error), 0);
        ck_assert_uint_eq(info->attachment_count, 2);
        ck_assert_uint_eq(info->metadata_count, 1);
        ck_assert(mcap_text_equal(info->attachment[0].name, "bpf/x.o"));
        ck_assert(mcap_text_equal(info->attachment[0].media_type, "application/x-bpf"));
        ck_assert_uint_eq(info->attachment[0].create_time, 6);
        struct mcap_metadata metadata;
        struct mcap_text seed;
        ck_assert(mcap_reader_metadata(r, "axiom", &metadata) &&
                  mcap_map_find(metadata.map, "seed", &seed));
        ck_assert(mcap_text_equal(seed, "42"));
        ck_assert(!mcap_reader_metadata(r, "other", &metadata));
        uint8_t *data;
        size_t size;
        ck_assert_int_eq(mcap_reader_attachment(r, 0, &data, &size, &error), 0);
        ck_assert_uint_eq(size, sizeof blob);
        ck_assert_mem_eq(data, blob, size);
        free(data);
        ck_assert_int_eq(mcap_reader_attachment(r, 1, &data, &size, &error), 0);
        ck_assert_uint_eq(size, 0);
        free(data);
        ck_assert_int_eq(mcap_reader_attachment(r, 2, &data, &size, &error), -ENOENT);
        struct mcap_item item;
        for (uint64_t n = 0; n < 1000; n++) {
            if (mcap_reader_next(r, &item, &error) != 1 || !sample_is(&item, n))
                ck_abort_msg("not message %u", (unsigned)n);
        }
        mcap_reader_close(r);
    }

    /* One flipped bit of the attachment. */
    uint8_t *damaged = malloc((size_t)bytes.size);
    memcpy(damaged, bytes.at, (size_t)bytes.size);
    damaged[20000] ^= 1;
    struct mcap_reader *r = sample_open(damaged, (size_t)bytes.size, NULL);
    const struct mcap_info *info;
    uint8_t *data;
    size_t size;
    ck_assert_int_eq(mcap_reader_info(r, &info, &error), 0);
    ck_assert_int_eq(mcap_reader_attachment(r, 0, &data, &size, &error), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(error.text, "bpf/x.o"));
    ck_assert_int_eq(mcap_reader_check_data(r, &error), -EBADMSG);
    mcap_reader_close(r);
    free(damaged);
    ck_assert_int_eq(mcap_file_close(file, &error), 0);
}
END_TEST

/* --- damage --- */

static void expect_refused(const void *data, size_t size, const char *what)
{
    struct mcap_reader *r;
    struct mcap_error error = { .code = 0 };
    ck_assert_int_eq(mcap_reader_open_memory(data, size, "bad.mcap", NULL, &r, &error), -EBADMSG);
    ck_assert_msg(strstr(error.text, what) != NULL, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(error.text, "bad.mcap: offset "));
}

START_TEST(what_is_no_mcap_file_is_refused_with_a_reason)
{
    expect_refused("", 0, "empty");
    expect_refused("hello, world", 12, "not an MCAP file");
    expect_refused(mcap_magic, 4, "not an MCAP file");
    struct mcap_reader *r;
    struct mcap_error error;
    ck_assert_int_eq(mcap_reader_open("/nonexistent/x.mcap", NULL, &r, &error), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/x.mcap"));
    ck_assert_int_eq(mcap_reader_open("/dev/zero", NULL, &r, &error), -EBADMSG); /* endless */
    ck_assert_int_lt(mcap_reader_open("/", NULL, &r, &error), 0);
}
END_TEST

START_TEST(a_claimed_size_allocates_nothing)
{
    /* A chunk that says it unpacks to 200 MiB and has 5 bytes; and a record longer than the file.
     */
    struct builder *b = builder_new(false);
    struct mcap_chunk chunk = {
        1, 2, 200 << 20, 0, mcap_text("zstd"), { (const uint8_t *)"12345", 5 }
    };
    mcap_put_chunk(&b->out, &chunk);
    size_t size = builder_end(b);
    struct mcap_reader_options options = { .memory_limit = 1 << 20 };
    struct mcap_reader *r = sample_open(b->at, size, &options);
    struct mcap_item item;
    struct mcap_error error;
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), -EFBIG);
    ck_assert_ptr_nonnull(strstr(error.text, "limit"));
    mcap_reader_close(r);
    builder_free(b);

    b = builder_new(false);
    size_t at = b->out.used;
    mcap_put_message(&b->out, &(struct mcap_message){ 1, 1, 1, 1, { (const uint8_t *)"", 0 } });
    size = builder_end(b);
    put_le64(b->at + at + 1, UINT64_MAX - 3);
    r = sample_open(b->at, size, NULL);
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), -EBADMSG);
    ck_assert_uint_eq(error.offset, at);
    mcap_reader_close(r);
    builder_free(b);
}
END_TEST

START_TEST(a_damaged_summary_is_named_and_can_be_gone_without)
{
    size_t size;
    uint8_t *data = sample_file(2000, 8192, &size);
    struct mcap_footer footer;
    ck_assert_int_eq(mcap_parse_footer((struct mcap_bytes){ data + size - 28, 20 }, &footer), 0);
    data[footer.summary_start + 20] ^= 0x40;
    expect_refused(data, size, "summary does not have its CRC");
    struct mcap_reader_options recover = { .recover = true };
    struct mcap_reader *r = sample_open(data, size, &recover);
    struct mcap_item item;
    struct mcap_error error;
    for (uint64_t n = 0; n < 2000; n++) {
        if (mcap_reader_next(r, &item, &error) != 1 || !sample_is(&item, n))
            ck_abort_msg("not message %u", (unsigned)n);
    }
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_ptr_nonnull(strstr(mcap_reader_loss(r)->text, "summary"));
    mcap_reader_close(r);
    free(data);
}
END_TEST

START_TEST(a_channel_defined_twice_differently_is_refused)
{
    struct builder *b = builder_new(false);
    struct mcap_channel other = plain_channel;
    other.topic = mcap_text("/y");
    mcap_put_channel(&b->out, &plain_channel);
    mcap_put_channel(&b->out, &plain_channel);
    mcap_put_channel(&b->out, &other);
    size_t size = builder_end(b);
    struct mcap_reader *r = sample_open(b->at, size, NULL);
    struct mcap_item item;
    struct mcap_error error;
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(error.text, "channel 1 is defined again"));
    mcap_reader_close(r);
    builder_free(b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mcap reader");
    TCase *cases = tcase_create("reader");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, every_message_comes_back_in_order);
    tcase_add_test(cases, a_long_file_is_read_in_little_memory);
    tcase_add_test(cases, a_pipe_is_read_as_it_comes);
    tcase_add_test(cases, info_comes_from_the_summary_and_agrees_with_reading);
    tcase_add_test(cases, a_time_range_gives_just_that);
    tcase_add_test(cases, all_compressions_are_read);
    tcase_add_test(cases, overlapping_chunks_are_merged_stably);
    tcase_add_test(cases, memory_has_a_limit_that_says_what_to_do);
    tcase_add_test(cases, without_an_index_file_order_holds);
    tcase_add_test(cases, attachments_and_metadata_come_back);
    tcase_add_test(cases, what_is_no_mcap_file_is_refused_with_a_reason);
    tcase_add_test(cases, a_claimed_size_allocates_nothing);
    tcase_add_test(cases, a_damaged_summary_is_named_and_can_be_gone_without);
    tcase_add_test(cases, a_channel_defined_twice_differently_is_refused);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
