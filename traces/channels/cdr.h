/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CDR, little endian, as ROS 2 serialises messages: a 4-byte encapsulation header (00 01 00 00:
 * CDR_LE), then values aligned to their own size, counted from behind that header (OMG
 * formal/02-06-51 §15.3; DDSI-RTPS 2.2 §10).
 *
 * The writer does not check bounds: encode.c computes the most that an event takes before it
 * starts. The reader does, and once something does not fit it is bad and gives zeros. */
#pragma once
#include <axiom/bits.h>
#include <axiom/string.h>

enum { CDR_HEADER_SIZE = 4 };

struct cdr_out {
    uint8_t *start; /* behind the header */
    uint8_t *at;
};

static inline struct cdr_out cdr_begin(uint8_t *to)
{
    memcpy(to, "\x00\x01\x00\x00", CDR_HEADER_SIZE);
    return (struct cdr_out){ to + CDR_HEADER_SIZE, to + CDR_HEADER_SIZE };
}

static inline size_t cdr_size(const struct cdr_out *c)
{
    return (size_t)(c->at - c->start) + CDR_HEADER_SIZE;
}

static inline void cdr_align(struct cdr_out *c, size_t size)
{
    size_t gap = -(size_t)(c->at - c->start) % size;
    for (; __builtin_expect(gap != 0, 0); gap--)
        *c->at++ = 0;
}

static inline void cdr_u8(struct cdr_out *c, uint8_t value)
{
    *c->at++ = value;
}

static inline void cdr_u16(struct cdr_out *c, uint16_t value)
{
    cdr_align(c, 2);
    put_le16(c->at, value);
    c->at += 2;
}

static inline void cdr_u32(struct cdr_out *c, uint32_t value)
{
    cdr_align(c, 4);
    put_le32(c->at, value);
    c->at += 4;
}

static inline void cdr_u64(struct cdr_out *c, uint64_t value)
{
    cdr_align(c, 8);
    put_le64(c->at, value);
    c->at += 8;
}

/* A sequence of bytes. */
static inline void cdr_bytes(struct cdr_out *c, const void *data, uint32_t size)
{
    cdr_u32(c, size);
    if (size > 0)
        memcpy(c->at, data, size);
    c->at += size;
}

/* A string: its length counts the terminating zero. */
static inline void cdr_text(struct cdr_out *c, const char *text, size_t length_max)
{
    uint32_t length = (uint32_t)strnlen(text, length_max);
    cdr_u32(c, length + 1);
    memcpy(c->at, text, length);
    c->at[length] = 0;
    c->at += length + 1;
}

struct cdr_in {
    const uint8_t *start;
    size_t size;
    size_t offset;
    bool bad;
};

/* The next `size` bytes, aligned; NULL if they are not there. */
static inline const uint8_t *cdr_take(struct cdr_in *c, size_t align, uint64_t size)
{
    size_t at = (c->offset + align - 1) / align * align;
    if (c->bad || at > c->size || size > c->size - at) {
        c->bad = true;
        return NULL;
    }
    c->offset = at + (size_t)size;
    return c->start + at;
}

static inline uint8_t cdr_take_u8(struct cdr_in *c)
{
    const uint8_t *at = cdr_take(c, 1, 1);
    return at ? at[0] : 0;
}

static inline uint16_t cdr_take_u16(struct cdr_in *c)
{
    const uint8_t *at = cdr_take(c, 2, 2);
    return at ? get_le16(at) : 0;
}

static inline uint32_t cdr_take_u32(struct cdr_in *c)
{
    const uint8_t *at = cdr_take(c, 4, 4);
    return at ? get_le32(at) : 0;
}

static inline uint64_t cdr_take_u64(struct cdr_in *c)
{
    const uint8_t *at = cdr_take(c, 8, 8);
    return at ? get_le64(at) : 0;
}

/* A sequence of `element` byte values; gives the first, or NULL when empty or bad. */
static inline const uint8_t *cdr_take_sequence(struct cdr_in *c, size_t element, uint32_t *count)
{
    *count = cdr_take_u32(c);
    if (*count == 0)
        return NULL;
    const uint8_t *at = cdr_take(c, element, (uint64_t)*count * element);
    if (at == NULL)
        *count = 0;
    return at;
}

/* A string that ends in its zero byte, as every CDR string does; some writers give length 0 for the
 * empty one. */
static inline const char *cdr_take_text(struct cdr_in *c)
{
    uint32_t size = cdr_take_u32(c);
    if (size == 0)
        return "";
    const uint8_t *at = cdr_take(c, 1, size);
    if (at == NULL || at[size - 1] != 0) {
        c->bad = true;
        return "";
    }
    return (const char *)at;
}
