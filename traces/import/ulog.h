/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PX4 ULog, private parts. https://docs.px4.io/main/en/dev_log/ulog_file_format.html (version 1 of
 * the format).
 *
 * Little endian: a header of 16 bytes, then messages of u16 size, u8 type, body. Definitions ('F'
 * formats, 'A' subscriptions) say how the bodies of data messages ('D') are laid out; a format may
 * contain others. */
#pragma once
#include "source_internal.h"

#define ULOG_FORMAT_MAX 2048
#define ULOG_TOPIC_MAX  1024
#define ULOG_DEPTH_MAX  8
#define ULOG_WORK_MAX   100000 /* fields visited while one topic is laid out */

enum ulog_type {
    ULOG_INT8,
    ULOG_UINT8,
    ULOG_INT16,
    ULOG_UINT16,
    ULOG_INT32,
    ULOG_UINT32,
    ULOG_INT64,
    ULOG_UINT64,
    ULOG_FLOAT,
    ULOG_DOUBLE,
    ULOG_BOOL,
    ULOG_CHAR,
    ULOG_NESTED,
};

struct ulog_field {
    char type_name[64];
    char name[64];
    enum ulog_type type;
    uint32_t count; /* of the array, 1 for a single one */
    bool array;     /* written with [n] */
};

struct ulog_format {
    char name[64];
    struct ulog_field *field;
    uint32_t field_count;
};

struct ulog_formats {
    struct ulog_format *format;
    uint32_t count, capacity;
};

/* One number within a topic's message. */
struct ulog_leaf {
    char name[TRACE_NAME_MAX]; /* "control[3]", "status.mode" */
    enum ulog_type type;
    uint32_t offset;
};

struct ulog_layout {
    struct ulog_leaf *leaf;
    uint32_t count, capacity;
    int32_t stamp_offset; /* of the top level's uint64_t timestamp; -1: none */
};

/* "name:type field;type[n] field;..." of `size` bytes. A second definition of a name replaces
 * nothing. `reason` says what is wrong with a format. */
int ulog_formats_add(struct ulog_formats *formats, const char *text, size_t size,
                     const char **reason);
void ulog_formats_free(struct ulog_formats *formats);
/* Flattens the format `name` to its numbers; padding and char arrays are left out. */
int ulog_layout_make(const struct ulog_formats *formats, const char *name,
                     struct ulog_layout *layout, const char **reason);
/* NUMBER_OK etc. as an int: see number.h. */
int ulog_leaf_nano(const struct ulog_leaf *leaf, const uint8_t *data, int64_t *nano);
uint32_t ulog_leaf_end(const struct ulog_leaf *leaf); /* the size that a message needs to have it */

/* --- bringing messages into time order --- */

/* A message waiting for its turn; allocated by the one who pushes it, freed by who pops it. */
struct ulog_message {
    uint64_t time_us;  /* its place in the order */
    uint64_t stamp_us; /* what it says itself */
    uint64_t sequence; /* in the file */
    uint32_t topic;    /* index, or ULOG_GAP */
    uint32_t size;
    uint8_t data[];
};
#define ULOG_GAP UINT32_MAX

struct ulog_order {
    struct ulog_message **heap;
    uint32_t count;
    size_t bytes;
};

#define ULOG_ORDER_MAX   65536u
#define ULOG_ORDER_BYTES (32u << 20)

int ulog_order_init(struct ulog_order *order);
bool ulog_order_full(const struct ulog_order *order);
void ulog_order_push(struct ulog_order *order, struct ulog_message *message); /* not when full */
const struct ulog_message *ulog_order_first(const struct ulog_order *order);  /* NULL: empty */
struct ulog_message *ulog_order_pop(struct ulog_order *order);
void ulog_order_clear(struct ulog_order *order);
void ulog_order_free(struct ulog_order *order);

static inline uint16_t ulog_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint64_t ulog_u64(const uint8_t *at)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}
