/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* ULog's format definitions and their flattening. Formats may name formats that come later or
 * never, so names are resolved only when a topic is subscribed. Sizes are computed before anything
 * is laid out and capped at what a message can hold, so that nested arrays cannot multiply into
 * work. */
#include "number.h"
#include "ulog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX 65535u

static const struct {
    const char *name;
    uint32_t size;
} types[] = {
    [ULOG_INT8] = { "int8_t", 1 },   [ULOG_UINT8] = { "uint8_t", 1 },
    [ULOG_INT16] = { "int16_t", 2 }, [ULOG_UINT16] = { "uint16_t", 2 },
    [ULOG_INT32] = { "int32_t", 4 }, [ULOG_UINT32] = { "uint32_t", 4 },
    [ULOG_INT64] = { "int64_t", 8 }, [ULOG_UINT64] = { "uint64_t", 8 },
    [ULOG_FLOAT] = { "float", 4 },   [ULOG_DOUBLE] = { "double", 8 },
    [ULOG_BOOL] = { "bool", 1 },     [ULOG_CHAR] = { "char", 1 },
};

/* --- definitions --- */

static enum ulog_type type_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return (enum ulog_type)i;
    return ULOG_NESTED;
}

static bool copy_text(char *to, size_t size, const char *from, size_t length)
{
    if (length == 0 || length >= size || memchr(from, 0, length) != NULL)
        return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

/* "type name" or "type[n] name" */
static bool parse_field(const char *text, size_t length, struct ulog_field *field)
{
    const char *space = memchr(text, ' ', length);
    if (space == NULL)
        return false;
    size_t type_length = (size_t)(space - text);
    const char *bracket = memchr(text, '[', type_length);
    field->count = 1;
    field->array = bracket != NULL;
    if (bracket != NULL) {
        char number[8];
        size_t digits = type_length - (size_t)(bracket - text);
        if (digits < 3 || text[type_length - 1] != ']' ||
            !copy_text(number, sizeof number, bracket + 1, digits - 2))
            return false;
        char *end;
        unsigned long count = strtoul(number, &end, 10);
        if (*end != '\0' || number[0] < '0' || number[0] > '9' || count > BODY_MAX)
            return false;
        field->count = (uint32_t)count;
        type_length = (size_t)(bracket - text);
    }
    size_t name_length = length - (size_t)(space + 1 - text);
    if (!copy_text(field->type_name, sizeof field->type_name, text, type_length) ||
        !copy_text(field->name, sizeof field->name, space + 1, name_length))
        return false;
    field->type = type_named(field->type_name);
    return true;
}

static const struct ulog_format *find(const struct ulog_formats *formats, const char *name)
{
    for (uint32_t i = 0; i < formats->count; i++)
        if (strcmp(formats->format[i].name, name) == 0)
            return &formats->format[i];
    return NULL;
}

static int parse_fields(struct ulog_format *format, const char *text, size_t size,
                        const char **reason)
{
    uint32_t fields = 0;
    for (size_t i = 0; i < size; i++)
        fields += text[i] == ';';
    format->field = calloc(fields + 1, sizeof *format->field);
    if (format->field == NULL)
        return -ENOMEM;
    for (const char *at = text, *end = text + size; at < end;) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        if (stop == NULL)
            break; /* what follows the last semicolon is nothing */
        if (!parse_field(at, (size_t)(stop - at), &format->field[format->field_count++])) {
            *reason = "a field is not \"type name\" or \"type[n] name\"";
            return -EBADMSG;
        }
        at = stop + 1;
    }
    return 0;
}

static int grow(struct ulog_formats *formats)
{
    if (formats->count < formats->capacity)
        return 0;
    uint32_t capacity = formats->capacity == 0 ? 64 : 2 * formats->capacity;
    struct ulog_format *grown = realloc(formats->format, capacity * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    formats->format = grown;
    formats->capacity = capacity;
    return 0;
}

int ulog_formats_add(struct ulog_formats *formats, const char *text, size_t size,
                     const char **reason)
{
    struct ulog_format format = { .field_count = 0 };
    const char *colon = memchr(text, ':', size);
    *reason = "no name before a colon";
    if (colon == NULL || !copy_text(format.name, sizeof format.name, text, (size_t)(colon - text)))
        return -EBADMSG;
    if (find(formats, format.name) != NULL)
        return 0;
    *reason = "too many formats";
    if (formats->count == ULOG_FORMAT_MAX)
        return -EBADMSG;
    *reason = "out of memory";
    int err = grow(formats);
    if (err == 0)
        err = parse_fields(&format, colon + 1, size - (size_t)(colon + 1 - text), reason);
    if (err != 0) {
        free(format.field);
        return err;
    }
    formats->format[formats->count++] = format;
    return 0;
}

void ulog_formats_free(struct ulog_formats *formats)
{
    for (uint32_t i = 0; i < formats->count; i++)
        free(formats->format[i].field);
    free(formats->format);
    *formats = (struct ulog_formats){ 0 };
}

/* --- flattening --- */

struct flatten {
    const struct ulog_formats *formats;
    struct ulog_layout *layout;
    const char **reason;
    uint32_t work;
};

static int format_size(struct flatten *f, const struct ulog_format *format, unsigned depth,
                       uint32_t *size);

static int field_size(struct flatten *f, const struct ulog_field *field, unsigned depth,
                      uint32_t *size)
{
    if (field->type != ULOG_NESTED) {
        *size = types[field->type].size;
        return 0;
    }
    const struct ulog_format *format = find(f->formats, field->type_name);
    *f->reason = "a field's type is not defined";
    if (format == NULL)
        return -EBADMSG;
    *f->reason = "formats are nested too deeply";
    if (depth == ULOG_DEPTH_MAX)
        return -EBADMSG;
    return format_size(f, format, depth + 1, size);
}

/* Empty formats that name each other many times add no size but multiply the work: that is what the
 * budget is for. */
static int format_size(struct flatten *f, const struct ulog_format *format, unsigned depth,
                       uint32_t *size)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < format->field_count; i++) {
        uint32_t one;
        *f->reason = "formats name each other too often";
        int err =
            ++f->work > ULOG_WORK_MAX ? -EBADMSG : field_size(f, &format->field[i], depth, &one);
        if (err != 0)
            return err;
        total += (uint64_t)one * format->field[i].count;
        if (total > BODY_MAX) {
            *f->reason = "a format is larger than a message can be";
            return -EBADMSG;
        }
    }
    *size = (uint32_t)total;
    return 0;
}

static int add_leaf(struct flatten *f, const char *name, enum ulog_type type, uint32_t offset)
{
    struct ulog_layout *layout = f->layout;
    if (layout->count == layout->capacity) {
        uint32_t capacity = layout->capacity == 0 ? 32 : 2 * layout->capacity;
        struct ulog_leaf *grown = realloc(layout->leaf, capacity * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        layout->leaf = grown;
        layout->capacity = capacity;
    }
    struct ulog_leaf *leaf = &layout->leaf[layout->count++];
    *leaf = (struct ulog_leaf){ .type = type, .offset = offset };
    trace_text_copy(leaf->name, sizeof leaf->name, name);
    return 0;
}

static int flatten_format(struct flatten *f, const struct ulog_format *format, const char *prefix,
                          uint32_t offset, unsigned depth);

static int flatten_element(struct flatten *f, const struct ulog_field *field, const char *name,
                           uint32_t offset, unsigned depth)
{
    if (field->type != ULOG_NESTED)
        return add_leaf(f, name, field->type, offset);
    char prefix[TRACE_NAME_MAX];
    snprintf(prefix, sizeof prefix, "%.*s.", TRACE_NAME_MAX - 2, name);
    return flatten_format(f, find(f->formats, field->type_name), prefix, offset, depth + 1);
}

static int flatten_format(struct flatten *f, const struct ulog_format *format, const char *prefix,
                          uint32_t offset, unsigned depth)
{
    for (uint32_t i = 0; i < format->field_count; i++) {
        const struct ulog_field *field = &format->field[i];
        uint32_t size = 0;
        int err = field_size(f, field, depth, &size);
        if (depth == 0 && field->type == ULOG_UINT64 && !field->array &&
            strcmp(field->name, "timestamp") == 0)
            f->layout->stamp_offset = (int32_t)offset;
        else if (field->type != ULOG_CHAR && strncmp(field->name, "_padding", 8) != 0 && size != 0)
            for (uint32_t k = 0; k < field->count && err == 0; k++) {
                char name[TRACE_NAME_MAX];
                if (field->array)
                    snprintf(name, sizeof name, "%s%s[%u]", prefix, field->name, k);
                else
                    snprintf(name, sizeof name, "%s%s", prefix, field->name);
                err = flatten_element(f, field, name, offset + k * size, depth);
            }
        if (err != 0)
            return err;
        offset += size * field->count;
    }
    return 0;
}

int ulog_layout_make(const struct ulog_formats *formats, const char *name,
                     struct ulog_layout *layout, const char **reason)
{
    struct flatten f = { .formats = formats, .layout = layout, .reason = reason };
    uint32_t size;
    *layout = (struct ulog_layout){ .stamp_offset = -1 };
    const struct ulog_format *format = find(formats, name);
    *reason = "the topic's format is not defined";
    if (format == NULL)
        return -EBADMSG;
    int err = format_size(&f, format, 0, &size);
    if (err != 0)
        return err;
    *reason = "out of memory";
    return flatten_format(&f, format, "", 0, 0);
}

/* --- values --- */

static uint64_t load(const uint8_t *at, uint32_t size)
{
    uint64_t value = 0;
    for (uint32_t i = size; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

int ulog_leaf_nano(const struct ulog_leaf *leaf, const uint8_t *data, int64_t *nano)
{
    uint64_t bits = load(data + leaf->offset, types[leaf->type].size);
    switch (leaf->type) {
    case ULOG_FLOAT:
        return (int)number_from_float_bits((uint32_t)bits, nano);
    case ULOG_DOUBLE:
        return (int)number_from_double_bits(bits, nano);
    case ULOG_INT8:
        return (int)number_from_integer((int8_t)bits, nano);
    case ULOG_INT16:
        return (int)number_from_integer((int16_t)bits, nano);
    case ULOG_INT32:
        return (int)number_from_integer((int32_t)bits, nano);
    case ULOG_INT64:
        return (int)number_from_integer((int64_t)bits, nano);
    case ULOG_BOOL:
        return (int)number_from_integer(bits != 0, nano);
    default:
        return bits > INT64_MAX ? (int)NUMBER_UNREPRESENTABLE
                                : (int)number_from_integer((int64_t)bits, nano);
    }
}

uint32_t ulog_leaf_end(const struct ulog_leaf *leaf)
{
    return leaf->offset + types[leaf->type].size;
}
