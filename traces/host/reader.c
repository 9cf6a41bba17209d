/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The reader's public face. Opening reads the magic, the Header and, where there is one, the
 * summary; reading is scan.c (front to back) or order.c (merging), chosen once. */
#include "reader_internal.h"

#include <axiom/bits.h>
#include <axiom/crc32.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int head_read(struct mcap_reader *r)
{
    const uint8_t *at = NULL;
    int64_t got = window_get(r, 0, MCAP_MAGIC_SIZE, &at);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return reader_fail(r, -EBADMSG, 0, "the file is empty");
    if (got < (int64_t)MCAP_MAGIC_SIZE || memcmp(at, mcap_magic, MCAP_MAGIC_SIZE) != 0)
        return reader_fail(r, -EBADMSG, 0,
                           "not an MCAP file: it does not begin with 89 4d 43 41 50 30 0d 0a");
    struct scan scan = { MCAP_MAGIC_SIZE };
    struct found found;
    struct mcap_bytes body;
    struct mcap_header header;
    int result = scan_next(r, &scan, &found);
    if (result < 0)
        return loss_take(r, MCAP_MAGIC_SIZE, bytes_left(r, MCAP_MAGIC_SIZE), false) ? 0 : result;
    if (result == 0 || found.opcode != MCAP_HEADER || body_load(r, &found, &body) ||
        mcap_parse_header(body, &header)) {
        if (!r->error.code)
            reader_fail(r, -EBADMSG, MCAP_MAGIC_SIZE, "no Header record where there must be one");
        return loss_take(r, MCAP_MAGIC_SIZE, 0, false) ? 0 : r->error.code;
    }
    r->profile = text_keep(r, header.profile);
    r->library = text_keep(r, header.library);
    return r->profile.at != NULL && r->library.at != NULL ? 0 : r->error.code;
}

static int rewind_to_start(struct mcap_reader *r)
{
    r->ended = false;
    r->slot.active = false;
    order_rewind(r);
    return order_first_offset(r, &r->scan.offset);
}

/* Owns `input` from here on, whatever happens. */
static int open_input(struct input *input, const char *name,
                      const struct mcap_reader_options *options, struct mcap_reader **out,
                      struct mcap_error *error)
{
    struct mcap_reader *r = calloc(1, sizeof *r);
    char *name_copy = strdup(name);
    if (r == NULL || name_copy == NULL) {
        *error = (struct mcap_error){ .code = -ENOMEM, .text = "no memory for a reader" };
        mcap_input_close(input);
        free(name_copy);
        free(r);
        return -ENOMEM;
    }
    r->input = *input;
    r->name = name_copy;
    if (options != NULL)
        r->options = *options;
    r->loss.start_time = UINT64_MAX;
    int err = head_read(r);
    if (!err)
        err = summary_open(r);
    if (!err)
        err = order_prepare(r);
    if (!err)
        err = rewind_to_start(r);
    if (err) {
        *error = r->error;
        mcap_reader_close(r);
        return err;
    }
    *out = r;
    return 0;
}

int mcap_reader_open(const char *path, const struct mcap_reader_options *options,
                     struct mcap_reader **out, struct mcap_error *error)
{
    struct input input;
    int err = mcap_input_open(&input, path);
    if (err) {
        *error = (struct mcap_error){ .code = err };
        snprintf(error->text, sizeof error->text, "%.400s: %s", path, strerror(-err));
        return err;
    }
    return open_input(&input, path, options, out, error);
}

int mcap_reader_open_memory(const void *data, size_t size, const char *name,
                            const struct mcap_reader_options *options, struct mcap_reader **out,
                            struct mcap_error *error)
{
    struct input input;
    mcap_input_open_memory(&input, data, size);
    return open_input(&input, name, options, out, error);
}

static void text_free(struct mcap_text text)
{
    free((void *)(uintptr_t)text.at);
}

void mcap_reader_close(struct mcap_reader *r)
{
    if (r == NULL)
        return;
    order_close(r);
    info_free(r);
    definitions_free(r);
    text_free(r->profile);
    text_free(r->library);
    struct buffer *buffer[] = { &r->window,         &r->large,           &r->slot.raw,
                                &r->slot.data,      &r->slot.places,     &r->info_slot.raw,
                                &r->info_slot.data, &r->info_slot.places };
    for (size_t i = 0; i < sizeof buffer / sizeof *buffer; i++)
        buffer_free(r, buffer[i]);
    decompressor_close(&r->decompressor);
    mcap_input_close(&r->input);
    free(r->name);
    free(r);
}

int mcap_reader_next(struct mcap_reader *r, struct mcap_item *item, struct mcap_error *error)
{
    if (r->ended)
        return 0;
    int result = r->error.code;
    if (result == 0)
        result = r->merging ? order_next_message(r, item) : scan_next_message(r, item);
    if (result < 0)
        *error = r->error;
    r->ended = result == 0;
    return result;
}

int mcap_reader_seek(struct mcap_reader *r, uint64_t start_time, uint64_t end_time,
                     struct mcap_error *error)
{
    if (r->input.size == INPUT_SIZE_UNKNOWN) {
        struct mcap_error before = r->error;
        reader_fail(r, -ESPIPE, r->scan.offset, "a pipe cannot be read again; give a file");
        *error = r->error;
        r->error = before; /* reading on is still possible */
        return -ESPIPE;
    }
    r->error = (struct mcap_error){ .code = 0 };
    r->options.start_time = start_time;
    r->options.end_time = end_time;
    int err = rewind_to_start(r);
    if (err)
        *error = r->error;
    return err;
}

uint32_t mcap_reader_progress(const struct mcap_reader *r)
{
    if (r->input.size == INPUT_SIZE_UNKNOWN || r->input.size == 0)
        return 0;
    if (r->ended)
        return 1000;
    if (r->merging)
        return r->place_count == 0 ? 1000 : (uint32_t)(r->place_next * 1000 / r->place_count);
    return (uint32_t)((double)r->scan.offset / (double)r->input.size * 1000);
}

enum mcap_order mcap_reader_order(const struct mcap_reader *r)
{
    return r->order;
}

struct mcap_reader_channel *mcap_reader_channel(struct mcap_reader *r, uint16_t id)
{
    return channel_at(r, id);
}

struct mcap_reader_channel *mcap_reader_channel_from(struct mcap_reader *r, uint32_t id)
{
    for (; id < r->channel_end; id++) {
        if (r->channel[id] != NULL)
            return channel_at(r, id);
    }
    return NULL;
}

int mcap_reader_info(struct mcap_reader *r, const struct mcap_info **info, struct mcap_error *error)
{
    struct mcap_error before = r->error;
    int err = info_make(r);
    if (err) {
        *error = r->error;
        r->error = before; /* not an error of reading on */
        return err;
    }
    *info = &r->info;
    return 0;
}

bool mcap_reader_metadata(const struct mcap_reader *r, const char *name, struct mcap_metadata *out)
{
    for (size_t i = r->info.metadata_count; i-- > 0;) {
        if (mcap_text_equal(r->info.metadata[i].name, name)) {
            *out = r->info.metadata[i];
            return true;
        }
    }
    return false;
}

static int attachment_load(struct mcap_reader *r, const struct mcap_attachment_index *index,
                           struct buffer *record, struct mcap_attachment *out)
{
    if (index->size < MCAP_PREFIX_SIZE || index->size > bytes_left(r, index->offset))
        return reader_fail(r, -EBADMSG, index->offset, "an attachment outside the file");
    int err = buffer_read(r, record, index->offset, index->size);
    if (err)
        return err == -ENODATA
                   ? reader_fail(r, -EBADMSG, index->offset, "an attachment that is cut")
                   : err;
    struct mcap_bytes body = { record->at + MCAP_PREFIX_SIZE, index->size - MCAP_PREFIX_SIZE };
    if (record->at[0] != MCAP_ATTACHMENT || get_le64(record->at + 1) != body.size ||
        mcap_parse_attachment(body, out))
        return reader_fail(r, -EBADMSG, index->offset, "a malformed Attachment record");
    size_t before_crc = (size_t)(out->data.at - body.at + (ptrdiff_t)out->data.size);
    if (out->crc != 0 && !r->options.ignore_crc && crc32_update(0, body.at, before_crc) != out->crc)
        return reader_fail(r, -EBADMSG, index->offset, "attachment \"%.*s\" does not have its CRC",
                           (int)(out->name.size < 80 ? out->name.size : 80), out->name.at);
    return 0;
}

int mcap_reader_attachment(struct mcap_reader *r, size_t index, uint8_t **data, size_t *size,
                           struct mcap_error *error)
{
    struct buffer record = { NULL, 0 };
    struct mcap_attachment attachment;
    struct mcap_error before = r->error;
    int err = index < r->info.attachment_count
                  ? attachment_load(r, &r->info.attachment[index], &record, &attachment)
                  : reader_fail(r, -ENOENT, 0, "it has no attachment number %zu", index);
    if (!err) {
        uint8_t *copy = malloc(attachment.data.size > 0 ? (size_t)attachment.data.size : 1);
        if (copy == NULL) {
            err = reader_fail(r, -ENOMEM, 0, "no memory for an attachment");
        } else {
            memcpy(copy, attachment.data.at, (size_t)attachment.data.size);
            *data = copy;
            *size = (size_t)attachment.data.size;
        }
    }
    buffer_free(r, &record);
    if (err)
        *error = r->error;
    r->error = before;
    return err;
}

/* CRC of the file's first `size` bytes. */
static int data_crc(struct mcap_reader *r, uint64_t size, uint32_t *crc)
{
    *crc = 0;
    for (uint64_t offset = 0; offset < size;) {
        const uint8_t *at = NULL;
        uint64_t want = size - offset < WINDOW_SIZE ? size - offset : WINDOW_SIZE;
        int64_t got = window_get(r, offset, (size_t)want, &at);
        if (got <= 0)
            return got < 0 ? (int)got : reader_fail(r, -EBADMSG, offset, "the file became shorter");
        *crc = crc32_update(*crc, at, (size_t)got);
        offset += (uint64_t)got;
    }
    return 0;
}

static int data_check(struct mcap_reader *r)
{
    struct scan scan = { MCAP_MAGIC_SIZE };
    struct found found;
    struct mcap_bytes body;
    struct mcap_data_end end;
    uint32_t crc;
    int result;
    if (r->input.size == INPUT_SIZE_UNKNOWN)
        return reader_fail(r, -ESPIPE, 0, "a pipe cannot be read twice; give a file");
    while ((result = scan_next(r, &scan, &found)) > 0) {
    }
    if (result < 0)
        return result;
    if (found.opcode != MCAP_DATA_END || body_load(r, &found, &body) ||
        mcap_parse_data_end(body, &end))
        return reader_fail(r, -EBADMSG, found.offset, "no DataEnd record at the end of the data");
    if (end.data_section_crc == 0)
        return reader_fail(r, -ENODATA, found.offset, "the file gives no CRC of its data section");
    int err = data_crc(r, found.offset, &crc);
    if (!err && crc != end.data_section_crc)
        err = reader_fail(r, -EBADMSG, found.offset,
                          "the data section does not have its CRC: the file was changed");
    return err;
}

int mcap_reader_check_data(struct mcap_reader *r, struct mcap_error *error)
{
    struct mcap_error before = r->error;
    int err = data_check(r);
    if (err)
        *error = r->error;
    r->error = before;
    return err;
}

const struct mcap_loss *mcap_reader_loss(const struct mcap_reader *r)
{
    return &r->loss;
}
