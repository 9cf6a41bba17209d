/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The MCAP project's conformance files: every record of each .mcap is parsed and compared field by
 * field with the .json beside it, and written again from the parsed fields to the same bytes (files
 * with padding have bytes behind the known fields on purpose: there, the bytes without the padding
 * must agree). */
#include <axiom/crc32.h>
#include <mcap/put.h>
#include <mcap/record.h>
#include <tests/shared.h>
#include <traces/host/reader.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <tests/check_main.h>

enum { FILE_MAX = 1 << 20 };

static uint8_t file_data[FILE_MAX], rewritten[FILE_MAX];
static int files_compared, records_compared;

/* --- one field, as the .json names and writes it --- */

struct expectation {
    json_t *fields; /* [[name, value], ...] */
    const char *file;
    size_t looked_at;
};

static json_t *field(struct expectation *e, const char *name)
{
    size_t index;
    json_t *pair;
    json_array_foreach(e->fields, index, pair)
    {
        if (strcmp(json_string_value(json_array_get(pair, 0)), name) == 0) {
            e->looked_at++;
            return json_array_get(pair, 1);
        }
    }
    ck_abort_msg("%s: no field %s in the .json", e->file, name);
    return NULL;
}

static void expect_number(struct expectation *e, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    ck_assert_msg(strcmp(json_string_value(field(e, name)), text) == 0, "%s: %s is %s, not %s",
                  e->file, name, text, json_string_value(field(e, name)));
}

static void expect_text(struct expectation *e, const char *name, struct mcap_text value)
{
    ck_assert_msg(mcap_text_equal(value, json_string_value(field(e, name))), "%s: %s is %.*s",
                  e->file, name, (int)value.size, value.at);
}

static void expect_bytes(struct expectation *e, const char *name, struct mcap_bytes value)
{
    json_t *list = field(e, name);
    ck_assert_uint_eq(json_array_size(list), value.size);
    for (size_t i = 0; i < value.size; i++)
        ck_assert_int_eq(atoi(json_string_value(json_array_get(list, i))), value.at[i]);
}

static void expect_map(struct expectation *e, const char *name, struct mcap_bytes map)
{
    json_t *object = field(e, name);
    struct mcap_text key, value;
    size_t count = 0;
    for (; mcap_map_next(&map, &key, &value); count++) {
        char text[256];
        mcap_text_copy(text, sizeof text, key);
        const char *expected = json_string_value(json_object_get(object, text));
        ck_assert_msg(expected != NULL && mcap_text_equal(value, expected), "%s: %s[%s]", e->file,
                      name, text);
    }
    ck_assert_uint_eq(count, json_object_size(object));
}

static void expect_counts(struct expectation *e, const char *name, struct mcap_bytes map)
{
    json_t *object = field(e, name);
    uint16_t id;
    uint64_t value;
    size_t count = 0;
    for (; mcap_count_next(&map, &id, &value); count++) {
        char key[8], text[24];
        snprintf(key, sizeof key, "%u", id);
        snprintf(text, sizeof text, "%" PRIu64, value);
        const char *expected = json_string_value(json_object_get(object, key));
        ck_assert_msg(expected != NULL && strcmp(text, expected) == 0, "%s: %s[%s] is %s", e->file,
                      name, key, text);
    }
    ck_assert_uint_eq(count, json_object_size(object));
}

/* --- one function a record: parse, compare, write again --- */

#define PARSE(kind, out)                              \
    struct mcap_##kind r;                             \
    ck_assert_int_eq(mcap_parse_##kind(body, &r), 0); \
    mcap_put_##kind(out, &r)

static void compare_header(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(header, out);
    expect_text(e, "profile", r.profile);
    expect_text(e, "library", r.library);
}

static void compare_footer(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(footer, out);
    expect_number(e, "summary_start", r.summary_start);
    expect_number(e, "summary_offset_start", r.summary_offset_start);
    expect_number(e, "summary_crc", r.summary_crc);
}

static void compare_schema(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(schema, out);
    expect_number(e, "id", r.id);
    expect_text(e, "name", r.name);
    expect_text(e, "encoding", r.encoding);
    expect_bytes(e, "data", r.data);
}

static void compare_channel(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(channel, out);
    expect_number(e, "id", r.id);
    expect_number(e, "schema_id", r.schema_id);
    expect_text(e, "topic", r.topic);
    expect_text(e, "message_encoding", r.message_encoding);
    expect_map(e, "metadata", r.metadata);
}

static void compare_message(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(message, out);
    expect_number(e, "channel_id", r.channel_id);
    expect_number(e, "sequence", r.sequence);
    expect_number(e, "log_time", r.log_time);
    expect_number(e, "publish_time", r.publish_time);
    expect_bytes(e, "data", r.data);
}

/* The .json has the records of a chunk in the chunk's place, and no MessageIndex: those two are
 * compared with themselves written again, and by their CRC and their offsets. */
static void compare_chunk(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(chunk, out);
    ck_assert_msg(r.compression.size == 0 && r.records.size == r.uncompressed_size, "%s", e->file);
    if (r.uncompressed_crc != 0)
        ck_assert_uint_eq(crc32_update(0, r.records.at, (size_t)r.records.size),
                          r.uncompressed_crc);
}

static void compare_message_index(struct mcap_bytes body, struct expectation *e,
                                  struct mcap_out *out)
{
    PARSE(message_index, out);
    ck_assert_msg(r.entries.size > 0, "%s", e->file);
}

static void compare_chunk_index(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(chunk_index, out);
    expect_number(e, "message_start_time", r.start_time);
    expect_number(e, "message_end_time", r.end_time);
    expect_number(e, "chunk_start_offset", r.chunk_offset);
    expect_number(e, "chunk_length", r.chunk_size);
    expect_counts(e, "message_index_offsets", r.message_index_offsets);
    expect_number(e, "message_index_length", r.message_index_size);
    expect_text(e, "compression", r.compression);
    expect_number(e, "compressed_size", r.compressed_size);
    expect_number(e, "uncompressed_size", r.uncompressed_size);
}

static void compare_attachment(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(attachment, out);
    expect_number(e, "log_time", r.log_time);
    expect_number(e, "create_time", r.create_time);
    expect_text(e, "name", r.name);
    expect_text(e, "media_type", r.media_type);
    expect_bytes(e, "data", r.data);
}

static void compare_attachment_index(struct mcap_bytes body, struct expectation *e,
                                     struct mcap_out *out)
{
    PARSE(attachment_index, out);
    expect_number(e, "offset", r.offset);
    expect_number(e, "length", r.size);
    expect_number(e, "log_time", r.log_time);
    expect_number(e, "create_time", r.create_time);
    expect_number(e, "data_size", r.data_size);
    expect_text(e, "name", r.name);
    expect_text(e, "media_type", r.media_type);
}

static void compare_statistics(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(statistics, out);
    expect_number(e, "message_count", r.message_count);
    expect_number(e, "schema_count", r.schema_count);
    expect_number(e, "channel_count", r.channel_count);
    expect_number(e, "attachment_count", r.attachment_count);
    expect_number(e, "metadata_count", r.metadata_count);
    expect_number(e, "chunk_count", r.chunk_count);
    expect_number(e, "message_start_time", r.start_time);
    expect_number(e, "message_end_time", r.end_time);
    expect_counts(e, "channel_message_counts", r.message_counts);
}

static void compare_metadata(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(metadata, out);
    expect_text(e, "name", r.name);
    expect_map(e, "metadata", r.map);
}

static void compare_metadata_index(struct mcap_bytes body, struct expectation *e,
                                   struct mcap_out *out)
{
    PARSE(metadata_index, out);
    expect_number(e, "offset", r.offset);
    expect_number(e, "length", r.size);
    expect_text(e, "name", r.name);
}

static void compare_summary_offset(struct mcap_bytes body, struct expectation *e,
                                   struct mcap_out *out)
{
    PARSE(summary_offset, out);
    expect_number(e, "group_opcode", r.group_opcode);
    expect_number(e, "group_start", r.group_start);
    expect_number(e, "group_length", r.group_size);
}

static void compare_data_end(struct mcap_bytes body, struct expectation *e, struct mcap_out *out)
{
    PARSE(data_end, out);
    expect_number(e, "data_section_crc", r.data_section_crc);
}

static void (*const compare[])(struct mcap_bytes, struct expectation *, struct mcap_out *) = {
    [MCAP_HEADER] = compare_header,
    [MCAP_FOOTER] = compare_footer,
    [MCAP_SCHEMA] = compare_schema,
    [MCAP_CHANNEL] = compare_channel,
    [MCAP_MESSAGE] = compare_message,
    [MCAP_CHUNK] = compare_chunk,
    [MCAP_MESSAGE_INDEX] = compare_message_index,
    [MCAP_CHUNK_INDEX] = compare_chunk_index,
    [MCAP_ATTACHMENT] = compare_attachment,
    [MCAP_ATTACHMENT_INDEX] = compare_attachment_index,
    [MCAP_STATISTICS] = compare_statistics,
    [MCAP_METADATA] = compare_metadata,
    [MCAP_METADATA_INDEX] = compare_metadata_index,
    [MCAP_SUMMARY_OFFSET] = compare_summary_offset,
    [MCAP_DATA_END] = compare_data_end,
};

/* --- whole files --- */

static size_t file_load(const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(file_data, 1, sizeof file_data, file);
    ck_assert_uint_lt(size, sizeof file_data);
    fclose(file);
    return size;
}

/* The bytes as we write them must be those of the file, the padding behind them aside. */
static void rewritten_compare(const struct mcap_record *record, const struct mcap_out *out,
                              const char *path)
{
    bool padded = strstr(path, "-pad") != NULL;
    size_t size = out->used - MCAP_PREFIX_SIZE;
    ck_assert_msg(padded ? size <= record->body.size : size == record->body.size,
                  "%s: %s has another size when written", path, mcap_opcode_name(record->opcode));
    ck_assert_mem_eq(rewritten + MCAP_PREFIX_SIZE, record->body.at, size);
}

static void record_compare(const struct mcap_record *record, json_t *expected, const char *path)
{
    struct expectation e = { json_object_get(expected, "fields"), path, 0 };
    struct mcap_out out = { rewritten, sizeof rewritten, 0 };
    ck_assert_uint_lt(record->opcode, sizeof compare / sizeof *compare);
    ck_assert_ptr_nonnull(compare[record->opcode]);
    compare[record->opcode](record->body, &e, &out);
    if (expected != NULL) {
        ck_assert_str_eq(mcap_opcode_name(record->opcode),
                         json_string_value(json_object_get(expected, "type")));
        ck_assert_uint_eq(e.looked_at, json_array_size(e.fields));
    }
    rewritten_compare(record, &out, path);
    records_compared++;
}

/* Gives the index of the next record in the .json. */
static size_t records_compare(struct mcap_cursor *cursor, json_t *list, size_t next,
                              const char *path)
{
    struct mcap_record record;
    int err;
    while ((err = mcap_record_next(cursor, &record)) == 0) {
        if (record.opcode == MCAP_CHUNK) {
            record_compare(&record, NULL, path);
            struct mcap_chunk chunk;
            ck_assert_int_eq(mcap_parse_chunk(record.body, &chunk), 0);
            struct mcap_cursor inner = { chunk.records.at, (size_t)chunk.records.size, 0 };
            next = records_compare(&inner, list, next, path);
        } else if (record.opcode == MCAP_MESSAGE_INDEX) {
            record_compare(&record, NULL, path);
        } else {
            ck_assert_uint_lt(next, json_array_size(list));
            record_compare(&record, json_array_get(list, next++), path);
        }
        if (record.opcode == MCAP_FOOTER)
            return next;
    }
    ck_assert_int_eq(err, -ENODATA);
    return next;
}

static size_t count_of(json_t *list, const char *type)
{
    size_t index, count = 0;
    json_t *record;
    json_array_foreach(list, index, record) count +=
        strcmp(json_string_value(json_object_get(record, "type")), type) == 0;
    return count;
}

/* The host reader finds what the .json lists, whichever indexes the file has. */
static void file_read(const char *path, size_t size, json_t *list)
{
    struct mcap_reader *reader;
    struct mcap_error error = { .code = 0 };
    struct mcap_item item;
    const struct mcap_info *info;
    size_t messages = 0;
    uint64_t last = 0;
    int err = mcap_reader_open_memory(file_data, size, path, NULL, &reader, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    for (; (err = mcap_reader_next(reader, &item, &error)) == 1; messages++) {
        if (mcap_reader_order(reader) == MCAP_ORDER_TIME)
            ck_assert_uint_ge(item.message.log_time, last);
        last = item.message.log_time;
    }
    ck_assert_msg(err == 0, "%s", error.text);
    ck_assert_uint_eq(messages, count_of(list, "Message"));
    err = mcap_reader_info(reader, &info, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    ck_assert(info->complete);
    ck_assert_uint_eq(info->message_count, messages);
    ck_assert_uint_eq(info->attachment_count, count_of(list, "Attachment"));
    ck_assert_uint_eq(info->metadata_count, count_of(list, "Metadata"));
    ck_assert_int_eq(mcap_reader_check_data(reader, &error), 0);
    mcap_reader_close(reader);
}

static void file_compare(const char *path)
{
    size_t size = file_load(path);
    char json_path[512];
    snprintf(json_path, sizeof json_path, "%.*sjson", (int)(strlen(path) - 4), path);
    json_error_t error;
    json_t *json = json_load_file(json_path, 0, &error);
    ck_assert_msg(json != NULL, "%s: %s", json_path, error.text);
    ck_assert_mem_eq(file_data, mcap_magic, MCAP_MAGIC_SIZE);
    struct mcap_cursor cursor = { file_data, size, MCAP_MAGIC_SIZE };
    json_t *list = json_object_get(json, "records");
    size_t count = records_compare(&cursor, list, 0, path);
    ck_assert_uint_eq(count, json_array_size(list));
    ck_assert_uint_eq(size - cursor.offset, MCAP_MAGIC_SIZE);
    ck_assert_mem_eq(file_data + cursor.offset, mcap_magic, MCAP_MAGIC_SIZE);
    file_read(path, size, list);
    json_decref(json);
    files_compared++;
}

static void folder_compare(const char *folder)
{
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (entry->d_type == DT_DIR)
            folder_compare(path);
        else if (strlen(path) > 5 && strcmp(path + strlen(path) - 5, ".mcap") == 0)
            file_compare(path);
    }
    closedir(dir);
}

START_TEST(every_conformance_file_agrees_with_its_json)
{
    char folder[512];
    if (!shared_path("mcap-conformance", folder, sizeof folder))
        return;
    folder_compare(folder);
    printf("%d files, %d records\n", files_compared, records_compared);
    ck_assert_int_eq(files_compared, 208);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mcap conformance");
    TCase *cases = tcase_create("files");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, every_conformance_file_agrees_with_its_json);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
