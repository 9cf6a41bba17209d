/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The reader's memory: a window that slides over the file, buffers that are counted, and the error
 * texts.
 *
 * Nothing is allocated because a length in the file says so: such a length was first held against
 * the bytes that are left of the file. On a pipe, where nobody knows how many are left, buffers
 * grow as bytes really arrive. */
#include "reader_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int reader_fail(struct mcap_reader *r, int code, uint64_t offset, const char *format, ...)
{
    struct mcap_error *error = &r->error;
    error->code = code;
    error->offset = offset;
    int used =
        snprintf(error->text, sizeof error->text, "%.200s: offset %" PRIu64 ": ", r->name, offset);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text + used, sizeof error->text - (size_t)used, format, arguments);
    va_end(arguments);
    return code;
}

static uint64_t memory_limit(const struct mcap_reader *r)
{
    return r->options.memory_limit != 0 ? r->options.memory_limit : MCAP_MEMORY_LIMIT;
}

static int memory_count(struct mcap_reader *r, uint64_t size, uint64_t offset)
{
    if (size > memory_limit(r) - r->memory_used)
        return reader_fail(r, -EFBIG, offset,
                           "needs more memory than the limit of %" PRIu64
                           " MiB%s; raise the limit, or split the file",
                           memory_limit(r) >> 20,
                           r->merging ? ", since too many chunks overlap in time" : "");
    r->memory_used += size;
    return 0;
}

/* For what stays until the reader is closed; NULL after a report. */
void *reader_allocate(struct mcap_reader *r, size_t size)
{
    if (memory_count(r, size, r->scan.offset))
        return NULL;
    void *at = calloc(1, size > 0 ? size : 1);
    if (at == NULL)
        reader_fail(r, -ENOMEM, r->scan.offset, "no memory for %zu bytes", size);
    return at;
}

int buffer_need(struct mcap_reader *r, struct buffer *buffer, size_t size, uint64_t offset)
{
    if (size <= buffer->size && buffer->size > 0)
        return 0; /* never NULL, even for nothing: pointers into it are made and moved */
    if (size == 0)
        size = 1;
    size_t rounded = (size + 4095) & ~(size_t)4095;
    int err = memory_count(r, rounded - buffer->size, offset);
    if (err)
        return err;
    uint8_t *at = realloc(buffer->at, rounded);
    if (at == NULL)
        return reader_fail(r, -ENOMEM, offset, "no memory for %zu bytes", rounded);
    *buffer = (struct buffer){ at, rounded };
    return 0;
}

void buffer_free(struct mcap_reader *r, struct buffer *buffer)
{
    r->memory_used -= buffer->size;
    free(buffer->at);
    *buffer = (struct buffer){ NULL, 0 };
}

uint64_t bytes_left(const struct mcap_reader *r, uint64_t offset)
{
    if (r->input.size == INPUT_SIZE_UNKNOWN)
        return UINT64_MAX - offset;
    return offset < r->input.size ? r->input.size - offset : 0;
}

static int64_t mcap_input_read(struct mcap_reader *r, uint64_t offset, void *to, size_t size)
{
    int64_t got = r->input.read_at(&r->input, offset, to, size);
    if (got < 0)
        return reader_fail(r, (int)got, offset, "cannot be read: %s", strerror((int)-got));
    return got;
}

/* How much of the window lies at `offset`, and where. */
static size_t window_part(const struct mcap_reader *r, uint64_t offset, const uint8_t **at)
{
    if (offset < r->window_offset || offset >= r->window_offset + r->window_size)
        return 0;
    *at = r->window.at + (offset - r->window_offset);
    return (size_t)(r->window_offset + r->window_size - offset);
}

#define WINDOW_FILL_MIN 4096u

int64_t window_get(struct mcap_reader *r, uint64_t offset, size_t want, const uint8_t **at)
{
    size_t have = window_part(r, offset, at);
    if (have >= want)
        return (int64_t)want;
    int err = buffer_need(r, &r->window, WINDOW_SIZE, offset);
    if (err)
        return err;
    if (have > 0)
        memmove(r->window.at, *at, have);
    r->window_offset = offset;
    r->window_size = have;
    /* A little after a jump, as over a chunk; more and more where records follow each other. */
    r->window_fill = have > 0 ? 2 * r->window_fill : WINDOW_FILL_MIN;
    if (r->window_fill > WINDOW_SIZE)
        r->window_fill = WINDOW_SIZE;
    size_t fill = want > r->window_fill ? want : r->window_fill;
    int64_t got = mcap_input_read(r, offset + have, r->window.at + have, fill - have);
    if (got < 0)
        return got;
    r->window_size += (size_t)got;
    *at = r->window.at;
    return (int64_t)(r->window_size < want ? r->window_size : want);
}

/* Through the window as far as it has the bytes, from the input beyond: on a pipe that keeps the
 * order. */
static int64_t bytes_read(struct mcap_reader *r, uint64_t offset, uint8_t *to, size_t size)
{
    const uint8_t *at = NULL;
    size_t have = window_part(r, offset, &at);
    if (have > size)
        have = size;
    if (have > 0)
        memcpy(to, at, have);
    if (have == size)
        return (int64_t)size;
    int64_t got = mcap_input_read(r, offset + have, to + have, size - have);
    return got < 0 ? got : got + (int64_t)have;
}

int buffer_read(struct mcap_reader *r, struct buffer *buffer, uint64_t offset, uint64_t size)
{
    enum { STEP = 1 << 20 };
    uint64_t done = 0;
    do {
        uint64_t take = size - done;
        if (r->input.size == INPUT_SIZE_UNKNOWN && take > STEP && take > done)
            take = done > STEP ? done : STEP;
        if (take > SIZE_MAX / 2)
            return reader_fail(r, -EFBIG, offset, "a record of %" PRIu64 " bytes", size);
        int err = buffer_need(r, buffer, (size_t)(done + take), offset);
        if (err)
            return err;
        int64_t got = bytes_read(r, offset + done, buffer->at + done, (size_t)take);
        if (got < 0)
            return (int)got;
        if ((uint64_t)got < take)
            return -ENODATA;
        done += take;
    } while (done < size);
    return 0;
}

int body_load(struct mcap_reader *r, const struct found *found, struct mcap_bytes *body)
{
    if (found->body_size <= WINDOW_SIZE) {
        const uint8_t *at = NULL;
        int64_t got = window_get(r, found->body_offset, (size_t)found->body_size, &at);
        if (got < 0)
            return (int)got;
        *body = (struct mcap_bytes){ at, found->body_size };
        return (uint64_t)got < found->body_size ? -ENODATA : 0;
    }
    int err = buffer_read(r, &r->large, found->body_offset, found->body_size);
    *body = (struct mcap_bytes){ r->large.at, found->body_size };
    return err;
}
