/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The writer at its limits: a disk that fills at any byte, an index that spills, messages longer
 * than the buffer, tables that are full, sinks that fail; and the file sink under a file size limit
 * and on a small tmpfs. */
#define _GNU_SOURCE
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mcap/put.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <tests/check_main.h>
#include <unistd.h>

/* --- a sink in memory with whatever misfortune a test wants --- */

struct store {
    uint8_t *at;
    size_t size, capacity;
    uint8_t spill[1 << 20];
    size_t spill_size, spill_capacity;
    size_t room;         /* reserve() beyond it is -ENOSPC */
    size_t fail_at;      /* write() beyond it is -EIO */
    size_t promised;     /* the end of the last reservation */
    bool broken_promise; /* a write went beyond it */
};

static int store_write(void *context, const void *data, size_t size)
{
    struct store *s = context;
    if (s->size + size > s->fail_at)
        return -EIO;
    s->broken_promise |= s->size + size > s->promised;
    while (s->size + size > s->capacity)
        s->at = realloc(s->at, s->capacity = 2 * s->capacity + size);
    memcpy(s->at + s->size, data, size);
    s->size += size;
    return 0;
}

static int store_reserve(void *context, uint64_t size)
{
    struct store *s = context;
    if (s->size + size > s->room)
        return -ENOSPC;
    s->promised = s->size + (size_t)size;
    return 0;
}

static int store_spill(void *context, const void *data, size_t size)
{
    struct store *s = context;
    if (s->spill_size + size > s->spill_capacity)
        return -ENOSPC;
    memcpy(s->spill + s->spill_size, data, size);
    s->spill_size += size;
    return 0;
}

static int store_unspill(void *context, uint64_t offset, void *data, size_t size)
{
    struct store *s = context;
    ck_assert_uint_le(offset + size, s->spill_size);
    memcpy(data, s->spill + offset, size);
    return 0;
}

struct rig {
    struct store store;
    struct mcap_writer writer;
    uint8_t chunk[4096], summary[4096], index[512];
    struct mcap_writer_channel channel[4];
    uint16_t id[SAMPLE_CHANNELS];
};

static struct rig *rig_new(void)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig->store.room = rig->store.fail_at = SIZE_MAX;
    rig->store.spill_capacity = sizeof rig->store.spill;
    return rig;
}

static struct mcap_writer_config rig_config(struct rig *rig)
{
    return (struct mcap_writer_config){
        .sink = { &rig->store, store_write, store_reserve, store_spill, store_unspill },
        .chunk = rig->chunk,
        .chunk_size = sizeof rig->chunk,
        .summary = rig->summary,
        .summary_size = sizeof rig->summary,
        .index = rig->index,
        .index_size = sizeof rig->index,
        .channel = rig->channel,
        .channel_capacity = 4,
        .tail_reserve = 256,
    };
}

static void rig_begin(struct rig *rig, const struct mcap_writer_config *config)
{
    ck_assert_int_eq(mcap_writer_begin(&rig->writer, config), 0);
    sample_define(&rig->writer, rig->id);
}

static void rig_free(struct rig *rig)
{
    free(rig->store.at);
    free(rig);
}

/* Reads it strictly and expects just messages 0..count - 1, a valid summary, and its own count of
 * them. */
static void expect_valid(const void *data, size_t size, uint64_t count, bool indexed)
{
    struct mcap_reader *r = sample_open(data, size, NULL);
    struct mcap_item item;
    struct mcap_error error = { .code = 0 };
    const struct mcap_info *info;
    for (uint64_t n = 0; n < count; n++) {
        if (mcap_reader_next(r, &item, &error) != 1 || !sample_is(&item, n))
            ck_abort_msg("not message %" PRIu64 ": %s", n, error.text);
    }
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_int_eq(mcap_reader_info(r, &info, &error), 0);
    ck_assert(info->complete);
    ck_assert_int_eq(info->has_summary, indexed);
    ck_assert_uint_eq(info->message_count, count);
    if (indexed && count > 0)
        ck_assert_int_eq(mcap_reader_order(r), MCAP_ORDER_TIME);
    ck_assert_int_eq(mcap_reader_check_data(r, &error), 0);
    mcap_reader_close(r);
}

/* Writes samples until `count` were offered; gives how many were taken without an error. */
static uint64_t write_until_full(struct mcap_writer *w, const uint16_t *id, uint64_t count)
{
    uint8_t payload[64];
    uint64_t refused = 0;
    for (uint64_t n = 0; n < count; n++) {
        struct mcap_message message = { id[n * 7 % SAMPLE_CHANNELS],
                                        (uint32_t)n,
                                        1000 * n,
                                        1000 * n - n % 5,
                                        { payload, sample_payload(n, payload) } };
        int err = mcap_writer_message(w, &message);
        if (err != 0 && err != -ENOSPC)
            ck_abort_msg("error %d", err);
        refused += err != 0;
    }
    return count - refused;
}

START_TEST(a_disk_that_fills_at_any_byte_leaves_a_valid_file)
{
    size_t whole;
    free(sample_file(600, 4096, &whole));
    for (size_t room = 700; room < whole + 600; room += 37) {
        struct rig *rig = rig_new();
        rig->store.room = room;
        struct mcap_writer_config config = rig_config(rig);
        config.tail_reserve = 0; /* nothing to spare */
        rig_begin(rig, &config);
        write_until_full(&rig->writer, rig->id, 600);
        int err = mcap_writer_finish(&rig->writer);
        uint64_t count = rig->writer.message_count;
        ck_assert_int_eq(err, count < 600 ? -ENOSPC : 0);
        ck_assert_uint_eq(rig->writer.dropped_messages, 600 - count);
        if (count < 600)
            ck_assert_uint_eq(rig->writer.dropped_from_ns, 1000 * count);
        ck_assert_uint_le(rig->store.size, room);
        ck_assert(!rig->store.broken_promise);
        ck_assert_int_eq(rig->writer.state, MCAP_FINISHED);
        expect_valid(rig->store.at, rig->store.size, count, true);
        rig_free(rig);
    }
}
END_TEST

START_TEST(a_byte_limit_is_kept_without_a_sink_that_reserves)
{
    for (size_t limit = 1000; limit < 20000; limit += 611) {
        struct rig *rig = rig_new();
        rig->store.promised = SIZE_MAX;
        struct mcap_writer_config config = rig_config(rig);
        config.sink.reserve = NULL;
        config.limit_bytes = limit;
        rig_begin(rig, &config);
        write_until_full(&rig->writer, rig->id, 600);
        ck_assert_int_eq(mcap_writer_finish(&rig->writer), -ENOSPC);
        ck_assert_uint_le(rig->store.size, limit);
        expect_valid(rig->store.at, rig->store.size, rig->writer.message_count, true);
        rig_free(rig);
    }
}
END_TEST

START_TEST(metadata_still_fits_when_the_disk_is_full)
{
    struct rig *rig = rig_new();
    rig->store.room = 9000;
    struct mcap_writer_config config = rig_config(rig);
    rig_begin(rig, &config);
    write_until_full(&rig->writer, rig->id, 600);
    ck_assert_int_eq(rig->writer.state, MCAP_FULL);
    ck_assert_int_eq(mcap_writer_flush(&rig->writer), -ENOSPC);
    uint8_t map[300];
    struct mcap_out out = { map, sizeof map, 0 };
    mcap_put_pair(&out, mcap_text("reason"), mcap_text("disk full"));
    struct mcap_metadata metadata = { mcap_text("end"), mcap_out_map(&out) };
    ck_assert_int_eq(mcap_writer_metadata(&rig->writer, &metadata), 0);
    static const char long_text[260] = { 'x' };
    mcap_put_pair(&out, mcap_text("more"), (struct mcap_text){ long_text, 240 });
    metadata.map = mcap_out_map(&out);
    ck_assert_int_eq(mcap_writer_metadata(&rig->writer, &metadata), -ENOSPC);
    struct mcap_attachment attachment = { .name = mcap_text("a"), .media_type = mcap_text("") };
    ck_assert_int_eq(mcap_writer_attachment(&rig->writer, &attachment), -ENOSPC);
    ck_assert_int_eq(mcap_writer_finish(&rig->writer), -ENOSPC);
    ck_assert_uint_le(rig->store.size, 9000);
    ck_assert(!rig->store.broken_promise);
    expect_valid(rig->store.at, rig->store.size, rig->writer.message_count, true);
    rig_free(rig);
}
END_TEST

START_TEST(an_index_larger_than_its_buffer_spills)
{
    struct rig *rig = rig_new();
    struct mcap_writer_config config = rig_config(rig);
    rig_begin(rig, &config);
    sample_write(&rig->writer, rig->id, 0, 5000);
    ck_assert_uint_gt(rig->store.spill_size, 5000);
    ck_assert_int_eq(mcap_writer_finish(&rig->writer), 0);
    ck_assert(!rig->store.broken_promise);
    expect_valid(rig->store.at, rig->store.size, 5000, true);
    rig_free(rig);
}
END_TEST

START_TEST(a_spill_without_room_is_a_full_disk)
{
    struct rig *rig = rig_new();
    rig->store.spill_capacity = 1500;
    struct mcap_writer_config config = rig_config(rig);
    rig_begin(rig, &config);
    write_until_full(&rig->writer, rig->id, 5000);
    ck_assert_int_eq(mcap_writer_finish(&rig->writer), -ENOSPC);
    uint64_t count = rig->writer.message_count;
    ck_assert(count > 100 && count < 5000);
    expect_valid(rig->store.at, rig->store.size, count, true);
    rig_free(rig);
}
END_TEST

START_TEST(without_a_spill_a_long_file_has_no_summary_rather_than_half_of_one)
{
    struct rig *rig = rig_new();
    struct mcap_writer_config config = rig_config(rig);
    config.sink.spill = NULL;
    config.sink.unspill = NULL;
    rig_begin(rig, &config);
    sample_write(&rig->writer, rig->id, 0, 5000);
    ck_assert_int_eq(mcap_writer_finish(&rig->writer), 0);
    ck_assert(rig->writer.index_dropped);
    expect_valid(rig->store.at, rig->store.size, 5000, false);
    rig_free(rig);
}
END_TEST

START_TEST(a_message_longer_than_the_buffer_has_its_own_chunk)
{
    struct rig *rig = rig_new();
    struct mcap_writer_config config = rig_config(rig);
    rig_begin(rig, &config);
    size_t size = 100000;
    uint8_t *big = malloc(size);
    for (size_t i = 0; i < size; i++)
        big[i] = (uint8_t)(i * 7);
    uint8_t *payload;
    ck_assert_int_eq(mcap_writer_message_begin(&rig->writer, rig->id[0], size, &payload), -E2BIG);
    struct mcap_message message = { rig->id[2], 1, 5, 5, { big, size } };
    ck_assert_int_eq(mcap_writer_message(&rig->writer, &message),
                     0); /* and it defines its channel */
    message = (struct mcap_message){ rig->id[0], 2, 6, 6, { big, 10 } };
    ck_assert_int_eq(mcap_writer_message(&rig->writer, &message), 0);
    message = (struct mcap_message){ rig->id[0], 3, 7, 7, { big, size } };
    ck_assert_int_eq(mcap_writer_message(&rig->writer, &message), 0);
    rig->store.room = rig->store.size + 5000;
    message = (struct mcap_message){ rig->id[0], 4, 8, 8, { big, size } };
    ck_assert_int_eq(mcap_writer_message(&rig->writer, &message), -ENOSPC);
    ck_assert_uint_eq(rig->writer.dropped_messages, 1);
    ck_assert_int_eq(mcap_writer_finish(&rig->writer), -ENOSPC);
    ck_assert(!rig->store.broken_promise);

    struct mcap_reader *r = sample_open(rig->store.at, rig->store.size, NULL);
    struct mcap_item item;
    struct mcap_error error;
    for (uint32_t n = 1; n <= 3; n++) {
        ck_assert_int_eq(mcap_reader_next(r, &item, &error), 1);
        ck_assert_uint_eq(item.message.sequence, n);
        ck_assert_uint_eq(item.message.data.size, n == 2 ? 10 : size);
        ck_assert_mem_eq(item.message.data.at, big, (size_t)item.message.data.size);
    }
    ck_assert_int_eq(mcap_reader_next(r, &item, &error), 0);
    ck_assert_int_eq(mcap_reader_check_data(r, &error), 0);
    mcap_reader_close(r);
    free(big);
    rig_free(rig);
}
END_TEST

/* Every MessageIndex entry must point at its message, and every ChunkIndex at its chunk and its
 * indexes. */
static void index_check(const uint8_t *data, const struct mcap_chunk *chunk, struct mcap_bytes body,
                        uint64_t *entries)
{
    struct mcap_message_index index;
    struct mcap_index_entry entry;
    ck_assert_int_eq(mcap_parse_message_index(body, &index), 0);
    (void)data;
    while (mcap_index_next(&index.entries, &entry)) {
        struct mcap_cursor cursor = { chunk->records.at, (size_t)chunk->records.size,
                                      (size_t)entry.offset };
        struct mcap_record record;
        struct mcap_message message;
        ck_assert_int_eq(mcap_record_next(&cursor, &record), 0);
        ck_assert_uint_eq(record.opcode, MCAP_MESSAGE);
        ck_assert_int_eq(mcap_parse_message(record.body, &message), 0);
        ck_assert_uint_eq(message.channel_id, index.channel_id);
        ck_assert_uint_eq(message.log_time, entry.log_time);
        (*entries)++;
    }
}

START_TEST(every_index_points_where_it_should)
{
    size_t size;
    uint8_t *data = sample_file(1000, 4096, &size);
    struct mcap_cursor cursor = { data, size, MCAP_MAGIC_SIZE };
    struct mcap_record record;
    struct mcap_chunk chunk;
    uint64_t entries = 0, chunk_indexes = 0, chunks = 0;
    while (mcap_record_next(&cursor, &record) == 0 && record.opcode != MCAP_FOOTER) {
        if (record.opcode == MCAP_CHUNK) {
            ck_assert_int_eq(mcap_parse_chunk(record.body, &chunk), 0);
            chunks++;
        } else if (record.opcode == MCAP_MESSAGE_INDEX) {
            index_check(data, &chunk, record.body, &entries);
        } else if (record.opcode == MCAP_CHUNK_INDEX) {
            struct mcap_chunk_index index;
            ck_assert_int_eq(mcap_parse_chunk_index(record.body, &index), 0);
            ck_assert_uint_eq(data[index.chunk_offset], MCAP_CHUNK);
            uint16_t id;
            uint64_t offset;
            while (mcap_count_next(&index.message_index_offsets, &id, &offset)) {
                ck_assert_uint_eq(data[offset], MCAP_MESSAGE_INDEX);
                ck_assert_uint_eq(data[offset + 9], id);
                ck_assert_uint_ge(offset, index.chunk_offset + index.chunk_size);
                ck_assert_uint_lt(offset,
                                  index.chunk_offset + index.chunk_size + index.message_index_size);
            }
            chunk_indexes++;
        }
    }
    ck_assert_uint_eq(entries, 1000);
    ck_assert_uint_eq(chunk_indexes, chunks);
    free(data);
}
END_TEST

START_TEST(full_tables_and_wrong_ids_are_refused)
{
    struct rig *rig = rig_new();
    struct mcap_writer_config config = rig_config(rig);
    rig_begin(rig, &config);
    struct mcap_writer *w = &rig->writer;
    struct mcap_channel channel = { .schema_id = 9,
                                    .topic = mcap_text("/d"),
                                    .message_encoding = mcap_text(""),
                                    .metadata = { (const uint8_t *)"", 0 } };
    uint16_t id;
    ck_assert_int_eq(mcap_writer_channel(w, &channel, &id), -EINVAL);
    channel.schema_id = 0;
    ck_assert_int_eq(mcap_writer_channel(w, &channel, &id), 0);
    ck_assert_int_eq(mcap_writer_channel(w, &channel, &id), -ENOBUFS);
    static uint8_t text[5000];
    struct mcap_schema schema = { .name = mcap_text("x"),
                                  .encoding = mcap_text("y"),
                                  .data = { text, 5000 } };
    ck_assert_int_eq(mcap_writer_schema(w, &schema, &id), -ENOBUFS);
    schema.data.size = 3000;
    ck_assert_int_eq(mcap_writer_schema(w, &schema, &id), -E2BIG);
    uint8_t *payload;
    ck_assert_int_eq(mcap_writer_message_begin(w, 0, 1, &payload), -EINVAL);
    ck_assert_int_eq(mcap_writer_message_begin(w, 5, 1, &payload), -EINVAL);
    ck_assert_int_eq(mcap_writer_finish(w), 0);
    ck_assert_int_eq(mcap_writer_finish(w), -EINVAL);
    ck_assert_int_eq(mcap_writer_message_begin(w, 1, 1, &payload), -EINVAL);
    config.chunk_size = 100;
    ck_assert_int_eq(mcap_writer_begin(w, &config), -EINVAL);
    rig_free(rig);
}
END_TEST

START_TEST(a_failing_sink_stops_the_writer_with_its_error)
{
    for (size_t fail_at = 0; fail_at < 12000; fail_at += 501) {
        struct rig *rig = rig_new();
        rig->store.fail_at = fail_at;
        struct mcap_writer_config config = rig_config(rig);
        int err = mcap_writer_begin(&rig->writer, &config);
        if (fail_at < 30) {
            ck_assert_int_eq(err, -EIO);
        } else {
            sample_define(&rig->writer, rig->id);
            uint8_t payload[64];
            for (uint32_t n = 0; n < 600 && err == 0; n++) {
                struct mcap_message message = {
                    rig->id[0], n, n, n, { payload, sample_payload(n, payload) }
                };
                err = mcap_writer_message(&rig->writer, &message);
            }
            ck_assert_int_eq(err, -EIO);
            ck_assert_int_eq(mcap_writer_finish(&rig->writer), -EIO);
            ck_assert_int_eq(rig->writer.state, MCAP_FAILED);
        }
        rig_free(rig);
    }
}
END_TEST

/* --- files --- */

static void expect_valid_file(const char *path, uint64_t count)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    static uint8_t data[8 << 20];
    size_t size = fread(data, 1, sizeof data, file);
    ck_assert_uint_lt(size, sizeof data);
    fclose(file);
    expect_valid(data, size, count, true);
}

/* Records to a place that has room for less; in a child, since limits and mounts stay. Gives how
 * many were kept. */
static void record_until_full(const char *path)
{
    struct mcap_file_options options = { .chunk_size = 16384, .channel_capacity = 8 };
    struct mcap_file_writer *file;
    struct mcap_error error;
    ck_assert_int_eq(mcap_file_create(path, &options, &file, &error), 0);
    struct mcap_writer *w = mcap_file_writer(file);
    uint16_t id[SAMPLE_CHANNELS];
    sample_define(w, id);
    write_until_full(w, id, 40000);
    ck_assert_int_eq(w->state, MCAP_FULL);
    ck_assert_int_eq(mcap_writer_finish(w), -ENOSPC);
    uint64_t count = w->message_count;
    ck_assert(count > 1000 && count < 40000);
    ck_assert_int_eq(mcap_file_close(file, &error), -ENOSPC);
    ck_assert_ptr_nonnull(strstr(error.text, "the disk is full"));
    expect_valid_file(path, count);
    unlink(path);
}

START_TEST(a_file_size_limit_ends_in_a_valid_file)
{
    char path[] = "/tmp/axiom-writer-XXXXXX";
    close(mkstemp(path));
    struct rlimit limit = { 1000000, 1000000 };
    signal(SIGXFSZ, SIG_DFL); /* it would kill us */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    record_until_full(path);
}
END_TEST

START_TEST(a_full_file_system_ends_in_a_valid_file)
{
    char folder[] = "/tmp/axiom-full-XXXXXX", path[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=1m") != 0) {
        printf("skipped: a tmpfs of 1 MiB cannot be mounted here: %s\n", strerror(errno));
        rmdir(folder);
        return;
    }
    snprintf(path, sizeof path, "%s/full.mcap", folder);
    record_until_full(path);
    umount(folder);
    rmdir(folder);
}
END_TEST

START_TEST(a_file_is_as_long_as_what_was_written)
{
    char path[] = "/tmp/axiom-writer-XXXXXX";
    close(mkstemp(path));
    struct mcap_file_writer *file;
    struct mcap_error error;
    struct stat before, after;
    ck_assert_int_eq(mcap_file_create(path, NULL, &file, &error), 0);
    struct mcap_writer *w = mcap_file_writer(file);
    uint16_t id[SAMPLE_CHANNELS];
    sample_define(w, id);
    sample_write(w, id, 0, 20000);
    ck_assert_int_eq(mcap_writer_flush(w), 0);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert_uint_eq((uint64_t)before.st_size,
                      w->file_size); /* a crash now leaves whole chunks and nothing else */
    ck_assert_int_eq(mcap_file_close(file, &error), 0);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_le((uint64_t)after.st_blocks * 512,
                      (uint64_t)after.st_size + 65536); /* what was ahead is given back */
    expect_valid_file(path, 20000);
    ck_assert_int_eq(mcap_file_create("/nonexistent/x.mcap", NULL, &file, &error), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/x.mcap"));
    ck_assert_int_lt(mcap_file_create("/dev/full", NULL, &file, &error), 0);
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mcap writer");
    TCase *cases = tcase_create("writer");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_disk_that_fills_at_any_byte_leaves_a_valid_file);
    tcase_add_test(cases, a_byte_limit_is_kept_without_a_sink_that_reserves);
    tcase_add_test(cases, metadata_still_fits_when_the_disk_is_full);
    tcase_add_test(cases, an_index_larger_than_its_buffer_spills);
    tcase_add_test(cases, a_spill_without_room_is_a_full_disk);
    tcase_add_test(cases, without_a_spill_a_long_file_has_no_summary_rather_than_half_of_one);
    tcase_add_test(cases, a_message_longer_than_the_buffer_has_its_own_chunk);
    tcase_add_test(cases, every_index_points_where_it_should);
    tcase_add_test(cases, full_tables_and_wrong_ids_are_refused);
    tcase_add_test(cases, a_failing_sink_stops_the_writer_with_its_error);
    tcase_add_test(cases, a_file_size_limit_ends_in_a_valid_file);
    tcase_add_test(cases, a_full_file_system_ends_in_a_valid_file);
    tcase_add_test(cases, a_file_is_as_long_as_what_was_written);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
