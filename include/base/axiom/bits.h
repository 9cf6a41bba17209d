/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bits and bit fields of registers. */
#pragma once
#include <axiom/types.h>

#define BIT(n) (UINT32_C(1) << (n))
#define BIT64(n) (UINT64_C(1) << (n))
/* The bits high..low, both included: GENMASK(4, 0) is 0x1f. */
#define GENMASK(high, low) ((UINT32_MAX >> (31u - (high))) & (UINT32_MAX << (low)))

/* The value of the field `mask` in `reg`, and a register with just that field set. */
static inline uint32_t field_get(uint32_t mask, uint32_t reg)
{
    return (reg & mask) >> __builtin_ctz(mask);
}

static inline uint32_t field_prep(uint32_t mask, uint32_t value)
{
    return (value << __builtin_ctz(mask)) & mask;
}

static inline uint64_t align_up64(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

static inline uint64_t align_down64(uint64_t value, uint64_t power_of_two)
{
    return value & ~(power_of_two - 1);
}

static inline bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Unaligned little-endian access: what wire formats (MCAP, ELF, BPF) are made of. */
static inline uint16_t get_le16(const void *at)
{
    const uint8_t *b = at;
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t get_le32(const void *at)
{
    const uint8_t *b = at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t get_le64(const void *at)
{
    return (uint64_t)get_le32(at) | (uint64_t)get_le32((const uint8_t *)at + 4) << 32;
}

static inline void put_le16(void *at, uint16_t value)
{
    uint8_t *b = at;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}

static inline void put_le32(void *at, uint32_t value)
{
    put_le16(at, (uint16_t)value);
    put_le16((uint8_t *)at + 2, (uint16_t)(value >> 16));
}

static inline void put_le64(void *at, uint64_t value)
{
    put_le32(at, (uint32_t)value);
    put_le32((uint8_t *)at + 4, (uint32_t)(value >> 32));
}
