/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the snapshot_*.c files share: how a state lies there as bytes, and walking over those.
 *
 *     frame count, for each frame: return address, function, kind, what it used up (progress.c),
 * mask of registers, those registers, slot count, the slots; reference count, references; regions
 *
 * A register is a byte (type, precision, form of the number), a byte of flags, its length, and only
 * those fields that are not 0. Unset registers and those that nobody reads any more are left
 * out; constants and plain intervals are varints. A register takes 3 to 90 bytes, mostly under 13.
 */
#pragma once
#include <axiom/bits.h>
#include <axiom/string.h>

#include "walk.h"

#define HEAD_TYPE     0x1fu
#define HEAD_FORM     0x60u
#define HEAD_PRECISE  0x80u
#define FORM_ANY      0x00u
#define FORM_CONST    0x20u
#define FORM_BETWEEN  0x40u
#define FORM_OTHER    0x60u /* told by a byte: */
#define OTHER_BITS    0u    /* nothing is known but bits */
#define OTHER_FULL    1u
#define FLAG_ID       0x01u
#define FLAG_DEPS     0x02u
#define FLAG_NULL     0x04u
#define FLAG_MAP      0x08u
#define FLAG_SIZE     0x10u
#define FLAG_REF      0x20u
#define FLAG_ATTR     0x40u
#define FLAG_MORE     0x80u /* another byte of flags */
#define MORE_FIXED    0x01u
#define MORE_ORIGIN   0x02u
#define MORE_STACK    0x04u
#define REG_HEAD      3u
#define REG_BYTES_MAX 158u
_Static_assert(REG_TYPE_COUNT <= HEAD_TYPE + 1, "a type fits the head");

/* --- Bytes
 * ------------------------------------------------------------------------------------------------------------
 */

static inline uint8_t *put_number(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline uint64_t get_number(const uint8_t **at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
}

static inline uint8_t *put_word(uint8_t *at, uint64_t value)
{
    put_le64(at, value);
    return at + 8;
}

static inline uint64_t get_word(const uint8_t **at)
{
    uint64_t value = get_le64(*at);
    *at += 8;
    return value;
}

/* --- Registers: snapshot_value.c
 * ----------------------------------------------------------------------------------------------------
 */

uint8_t *snapshot_put_reg(uint8_t *at, const struct reg *r);
const uint8_t *snapshot_get_reg(const uint8_t *at, struct reg *r);

/* The register that comes after it. */
static inline const uint8_t *skip_reg(const uint8_t *at)
{
    return at + at[2];
}

static inline const uint8_t *skip_slot(const uint8_t *at)
{
    if (at[0] == 0)
        return at + 1;
    return (at[1] & 15) != 0 ? skip_reg(at + 2) : at + 2;
}

static inline uint64_t packed_deps(const uint8_t *at)
{
    const uint8_t *deps = at + REG_HEAD + ((at[1] & FLAG_MORE) != 0);
    return (at[1] & FLAG_DEPS) != 0 ? get_word(&deps) : 0;
}

/* --- Frames: snapshot.c
 * ------------------------------------------------------------------------------------------------------
 */

static inline const uint8_t *skip_frame_head(const uint8_t *at)
{
    (void)get_number(&at); /* return_to */
    (void)get_number(&at); /* function */
    at++;                  /* kind */
    (void)get_number(&at); /* invocation */
    (void)get_number(&at); /* passes */
    (void)get_number(&at); /* rounds */
    return at;
}

const uint8_t *snapshot_get_regions(const uint8_t *at, struct regions *in);
