/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files that were cut or damaged anywhere: every complete chunk comes back, nothing else does, and
 * the loss is named.
 *
 * The oracle is a list of where each chunk of the whole file ends and how many messages it has,
 * made by walking the records with mcap_record_next(). */
#include "sample.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <tests/check_main.h>

enum { MESSAGES = 1200, CHUNK_MAX = 256, CUTS = 10000 };

struct chunk_fact {
    size_t start, end;
    uint64_t first, count; /* messages */
};

struct whole_file {
    uint8_t *data;
    size_t size;
    struct chunk_fact chunk[CHUNK_MAX];
    size_t chunk_count;
    size_t data_end; /* behind the DataEnd record */
};

static uint64_t messages_in(const struct mcap_record *record)
{
    struct mcap_chunk chunk;
    struct mcap_record inner;
    uint64_t count = 0;
    ck_assert_int_eq(mcap_parse_chunk(record->body, &chunk), 0);
    struct mcap_cursor cursor = { chunk.records.at, (size_t)chunk.records.size, 0 };
    while (mcap_record_next(&cursor, &inner) == 0)
        count += inner.opcode == MCAP_MESSAGE;
    return count;
}

static struct whole_file whole_file(void)
{
    struct whole_file w = { 0 };
    w.data = sample_file(MESSAGES, 4096, &w.size);
    struct mcap_cursor cursor = { w.data, w.size, MCAP_MAGIC_SIZE };
    struct mcap_record record;
    uint64_t messages = 0;
    for (size_t start = cursor.offset; mcap_record_next(&cursor, &record) == 0;
         start = cursor.offset) {
        if (record.opcode == MCAP_FOOTER)
            break;
        if (record.opcode == MCAP_DATA_END)
            w.data_end = cursor.offset;
        if (record.opcode != MCAP_CHUNK)
            continue;
        uint64_t count = messages_in(&record);
        w.chunk[w.chunk_count++] = (struct chunk_fact){ start, cursor.offset, messages, count };
        messages += count;
    }
    ck_assert_uint_eq(messages, MESSAGES);
    ck_assert_uint_gt(w.chunk_count, 20);
    return w;
}

static const struct mcap_reader_options recover = { .recover = true };

START_TEST(every_complete_chunk_survives_any_cut)
{
    struct whole_file w = whole_file();
    uint64_t state = 20240229;
    struct mcap_item item;
    struct mcap_error error;
    for (int round = 0; round < CUTS; round++) {
        size_t size = MCAP_MAGIC_SIZE + sample_random(&state) % (w.size - MCAP_MAGIC_SIZE);
        uint8_t *cut = malloc(size); /* of just this size, so that ASan sees a byte too much */
        memcpy(cut, w.data, size);
        uint64_t expected = 0;
        bool in_chunk = false;
        for (size_t i = 0; i < w.chunk_count; i++) {
            expected += w.chunk[i].end <= size ? w.chunk[i].count : 0;
            in_chunk |= w.chunk[i].start < size && size < w.chunk[i].end;
        }
        struct mcap_reader *r = sample_open(cut, size, &recover);
        for (uint64_t n = 0; n < expected; n++) {
            if (mcap_reader_next(r, &item, &error) != 1 || !sample_is(&item, n))
                ck_abort_msg("cut at %zu: message %" PRIu64, size, n);
        }
        ck_assert_msg(mcap_reader_next(r, &item, &error) == 0, "cut at %zu", size);
        const struct mcap_loss *loss = mcap_reader_loss(r);
        bool named = strstr(loss->text, "cut") != NULL || strstr(loss->text, "damaged") != NULL;
        ck_assert_msg(named == (size < w.data_end), "cut at %zu: %s", size, loss->text);
        ck_assert_uint_eq(loss->chunk_count, in_chunk);
        mcap_reader_close(r);
        free(cut);
    }
    free(w.data);
}
END_TEST

START_TEST(strict_reading_gives_what_is_whole_and_then_an_error)
{
    struct whole_file w = whole_file();
    struct mcap_item item;
    struct mcap_error error = { .code = 0 };
    size_t size = w.chunk[7].end - 5;
    struct mcap_reader *r = sample_open(w.data, size, NULL);
    for (uint64_t n = 0; n < w.chunk[7].first; n++)
        ck_assert_int_eq(mcap_reader_next(r, &item, &error), 1);
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), -EBADMSG);
    ck_assert_uint_eq(error.offset, w.chunk[7].start);
    ck_assert_ptr_nonnull(strstr(error.text, "can be recovered"));
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), -EBADMSG);
    mcap_reader_close(r);
    free(w.data);
}
END_TEST

START_TEST(the_loss_says_which_time_is_missing)
{
    struct whole_file w = whole_file();
    struct mcap_item item;
    struct mcap_error error;
    const struct chunk_fact *lost = &w.chunk[7];
    struct mcap_reader *r = sample_open(w.data, lost->end - 5, &recover);
    while (mcap_reader_next(r, &item, &error) == 1) {
    }
    const struct mcap_loss *loss = mcap_reader_loss(r);
    ck_assert_uint_eq(loss->chunk_count, 1);
    ck_assert_uint_eq(loss->first_offset, lost->start);
    ck_assert_uint_eq(loss->byte_count, lost->end - 5 - lost->start);
    ck_assert_uint_eq(loss->start_time, lost->first * 1000);
    ck_assert_uint_eq(loss->end_time, (lost->first + lost->count - 1) * 1000);
    mcap_reader_close(r);
    free(w.data);
}
END_TEST

/* Reads with recovery and expects all chunks but `lost`. */
static void expect_all_but(const struct whole_file *w, size_t lost)
{
    struct mcap_item item;
    struct mcap_error error;
    struct mcap_reader *r = sample_open(w->data, w->size, &recover);
    for (uint64_t n = 0; n < MESSAGES; n++) {
        if (n == w->chunk[lost].first)
            n += w->chunk[lost].count;
        if (n == MESSAGES)
            break;
        int result = mcap_reader_next(r, &item, &error);
        if (result != 1 || !sample_is(&item, n))
            ck_abort_msg("message %" PRIu64 ": %s", n,
                         result < 0 ? error.text : "another, or the end");
    }
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_uint_eq(mcap_reader_loss(r)->chunk_count, 1);
    mcap_reader_close(r);
}

START_TEST(a_flipped_bit_costs_one_chunk)
{
    struct whole_file w = whole_file();
    uint64_t state = 9;
    /* Not the first: it has the definitions, which the summary repeats, and is tested below. */
    for (int round = 0; round < 300; round++) {
        size_t chunk = sample_random(&state) % w.chunk_count;
        size_t head = 9 + 40, size = w.chunk[chunk].end - w.chunk[chunk].start - head;
        size_t at = w.chunk[chunk].start + head + sample_random(&state) % size;
        uint8_t bit = (uint8_t)(1u << (sample_random(&state) % 8));
        w.data[at] ^= bit;
        struct mcap_item item;
        struct mcap_error error = { .code = 0 };
        struct mcap_reader *r = sample_open(w.data, w.size, NULL);
        uint64_t count = 0;
        while (mcap_reader_next(r, &item, &error) == 1)
            count++;
        ck_assert_int_eq(error.code, -EBADMSG);
        ck_assert_uint_eq(count, w.chunk[chunk].first);
        ck_assert_uint_eq(error.offset, w.chunk[chunk].start);
        ck_assert_ptr_nonnull(strstr(error.text, "CRC"));
        mcap_reader_close(r);
        expect_all_but(&w, chunk);
        w.data[at] ^= bit;
    }
    free(w.data);
}
END_TEST

START_TEST(after_a_broken_frame_the_index_finds_the_next_chunk)
{
    struct whole_file w = whole_file();
    /* The chunk's length: nothing behind it can be found by walking. And zeros, as an unwritten
     * page gives. */
    for (size_t chunk = 1; chunk < w.chunk_count; chunk += 5) {
        uint8_t saved[16];
        memcpy(saved, w.data + w.chunk[chunk].start, sizeof saved);
        memset(w.data + w.chunk[chunk].start + 1, 0xff, 8);
        expect_all_but(&w, chunk);
        memset(w.data + w.chunk[chunk].start, 0, 1);
        struct mcap_item item;
        struct mcap_error error;
        struct mcap_reader *r = sample_open(w.data, w.size, &recover);
        uint64_t count = 0;
        while (mcap_reader_next(r, &item, &error) == 1)
            count++;
        ck_assert_uint_eq(count, MESSAGES - w.chunk[chunk].count);
        mcap_reader_close(r);
        memcpy(w.data + w.chunk[chunk].start, saved, sizeof saved);
    }
    free(w.data);
}
END_TEST

START_TEST(no_damage_crashes_the_reader)
{
    /* Bytes anywhere, many at a time; what comes out is not looked at, ASan is. */
    struct whole_file w = whole_file();
    uint8_t *data = malloc(w.size);
    uint64_t state = 4711;
    for (int round = 0; round < 1500; round++) {
        memcpy(data, w.data, w.size);
        for (uint32_t flips = sample_random(&state) % 20; flips > 0; flips--)
            data[sample_random(&state) % w.size] = (uint8_t)sample_random(&state);
        struct mcap_reader_options options = { .recover = round % 2,
                                               .ignore_crc = round % 3 != 0,
                                               .memory_limit = 4 << 20 };
        struct mcap_reader *r;
        struct mcap_error error;
        if (mcap_reader_open_memory(data, w.size, "x", &options, &r, &error) != 0)
            continue;
        struct mcap_item item;
        const struct mcap_info *info;
        uint64_t count = 0;
        if (round % 5 == 0)
            mcap_reader_info(r, &info, &error);
        while (mcap_reader_next(r, &item, &error) == 1)
            count++;
        ck_assert_uint_le(count, 2 * MESSAGES);
        mcap_reader_info(r, &info, &error);
        mcap_reader_close(r);
    }
    free(data);
    free(w.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mcap recovery");
    TCase *cases = tcase_create("recovery");
    tcase_set_timeout(cases, 100);
    tcase_add_test(cases, every_complete_chunk_survives_any_cut);
    tcase_add_test(cases, strict_reading_gives_what_is_whole_and_then_an_error);
    tcase_add_test(cases, the_loss_says_which_time_is_missing);
    tcase_add_test(cases, a_flipped_bit_costs_one_chunk);
    tcase_add_test(cases, after_a_broken_frame_the_index_finds_the_next_chunk);
    tcase_add_test(cases, no_damage_crashes_the_reader);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
