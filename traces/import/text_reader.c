/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

int text_fail(const struct text_reader *reader, struct trace_error *error, const char *format, ...)
{
    char what[360];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return trace_fail(error, -EBADMSG, "%s:%" PRIu64 ": %s", reader->input->name, reader->line,
                      what);
}

static const uint8_t *look(struct text_reader *reader, size_t *available, struct trace_error *error)
{
    const uint8_t *at = input_at(reader->input, reader->offset, TEXT_MAX + 1, available);
    if (at == NULL)
        trace_fail(error, -EIO, "%s: cannot be read: %s", reader->input->name, strerror(errno));
    return at;
}

int text_line(struct text_reader *reader, struct text_span *line, struct trace_error *error)
{
    size_t available;
    const uint8_t *at = look(reader, &available, error);
    if (at == NULL)
        return -EIO;
    if (available == 0)
        return 0;
    reader->line++;
    size_t search = available <= TEXT_MAX ? available : TEXT_MAX + 1;
    const uint8_t *end = memchr(at, '\n', search);
    if (end == NULL && available > TEXT_MAX)
        return text_fail(reader, error, "the line is longer than %u bytes", TEXT_MAX);
    line->at = (const char *)at;
    line->size = end != NULL ? (size_t)(end - at) : available;
    line->last = end == NULL;
    reader->offset += line->size + (end != NULL);
    if (line->size > 0 && at[line->size - 1] == '\r')
        line->size--;
    return 1;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int text_word(struct text_reader *reader, struct text_span *word, struct trace_error *error)
{
    size_t available, skip;
    const uint8_t *at;
    if (reader->line == 0)
        reader->line = 1;
    reader->line += reader->newline;
    reader->newline = false;
    do {
        at = look(reader, &available, error);
        if (at == NULL)
            return -EIO;
        for (skip = 0; skip < available && is_space(at[skip]); skip++)
            reader->line += at[skip] == '\n';
        reader->offset += skip;
    } while (skip == available && available > 0);
    if (available == 0)
        return 0;
    if (available - skip <= TEXT_MAX) { /* the word may go on behind the window */
        at = look(reader, &available, error);
        if (at == NULL)
            return -EIO;
        skip = 0;
    }
    size_t size = 0;
    while (skip + size < available && size <= TEXT_MAX && !is_space(at[skip + size]))
        size++;
    if (size > TEXT_MAX)
        return text_fail(reader, error, "a word of more than %u bytes", TEXT_MAX);
    *word = (struct text_span){ (const char *)at + skip, size, skip + size == available };
    reader->offset += size;
    if (!word->last) {
        reader->newline = at[skip + size] == '\n';
        reader->offset++;
    }
    return 1;
}

struct text_quote text_quote(const struct text_span *span)
{
    struct text_quote quote;
    size_t size = span->size < sizeof quote.text - 4 ? span->size : sizeof quote.text - 4;
    for (size_t i = 0; i < size; i++)
        quote.text[i] = span->at[i] >= 0x20 && span->at[i] < 0x7f ? span->at[i] : '?';
    memcpy(quote.text + size, size < span->size ? "..." : "", size < span->size ? 4 : 1);
    return quote;
}

bool text_number(const char *at, size_t size, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        if (at[i] < '0' || at[i] > '9' || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(at[i] - '0'), &value))
            return false;
    }
    *out = value;
    return size > 0;
}
