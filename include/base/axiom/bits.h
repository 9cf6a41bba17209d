/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bits and bit fields of registers. */
#pragma once
#include <axiom/types.h>

#define BIT(n)   (UINT32_C(1) << (n))
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

/* Unaligned little-endian access: what wire formats (MCAP, ELF, BPF) are made of. One load or store
 * where the machine is little endian, also without optimisation. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LE_SWAP(bits, value) (value)
#else
#define LE_SWAP(bits, value) __builtin_bswap##bits(value)
#endif

static inline uint16_t get_le16(const void *at)
{
    uint16_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return LE_SWAP(16, value);
}

static inline uint32_t get_le32(const void *at)
{
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return LE_SWAP(32, value);
}

static inline uint64_t get_le64(const void *at)
{
    uint64_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return LE_SWAP(64, value);
}

static inline void put_le16(void *at, uint16_t value)
{
    value = LE_SWAP(16, value);
    __builtin_memcpy(at, &value, sizeof value);
}

static inline void put_le32(void *at, uint32_t value)
{
    value = LE_SWAP(32, value);
    __builtin_memcpy(at, &value, sizeof value);
}

static inline void put_le64(void *at, uint64_t value)
{
    value = LE_SWAP(64, value);
    __builtin_memcpy(at, &value, sizeof value);
}
