/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the tests of the verifier's arithmetic share: the machine itself at any width, written from
 * RFC 9669 §4.1 and §4.3 without a look at the code under test, and a generator of numbers. */
#pragma once
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "range.h"

/* ck_assert writes to a pipe each time it holds; loops of millions cannot afford that. */
#define EXPECT(condition)                   \
    do {                                    \
        if (!(condition))                   \
            ck_abort_msg("%s", #condition); \
    } while (0)
#define EXPECT_MSG(condition, ...)     \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

static inline uint64_t machine_mask(unsigned bits)
{
    return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static inline int64_t machine_signed(uint64_t value, unsigned bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);
    return (int64_t)(((value & machine_mask(bits)) ^ sign) - sign);
}

static inline uint64_t machine_alu(enum alu_op op, uint64_t x, uint64_t y, unsigned bits)
{
    uint64_t mask = machine_mask(bits);
    int64_t sx = machine_signed(x, bits), sy = machine_signed(y, bits);
    unsigned amount = (unsigned)(y & (bits - 1));
    switch (op) {
    case ALU_ADD:
        return (x + y) & mask;
    case ALU_SUB:
        return (x - y) & mask;
    case ALU_MUL:
        return (x * y) & mask;
    case ALU_DIV:
        return y == 0 ? 0 : x / y;
    case ALU_MOD:
        return y == 0 ? x : x % y;
    case ALU_SDIV:
        if (y == 0)
            return 0;
        return sy == -1 ? (0 - x) & mask : (uint64_t)(sx / sy) & mask;
    case ALU_SMOD:
        if (y == 0)
            return x;
        return sy == -1 ? 0 : (uint64_t)(sx % sy) & mask;
    case ALU_AND:
        return x & y;
    case ALU_OR:
        return x | y;
    case ALU_XOR:
        return x ^ y;
    case ALU_LSH:
        return (x << amount) & mask;
    case ALU_RSH:
        return x >> amount;
    case ALU_ARSH:
        return (uint64_t)(sx >> amount) & mask;
    default:
        abort();
    }
}

static inline bool machine_cond(enum jump_cond cond, uint64_t x, uint64_t y, unsigned bits)
{
    int64_t sx = machine_signed(x, bits), sy = machine_signed(y, bits);
    switch (cond) {
    case COND_EQ:
        return x == y;
    case COND_NE:
        return x != y;
    case COND_SET:
        return (x & y) != 0;
    case COND_NOT_SET:
        return (x & y) == 0;
    case COND_GT:
        return x > y;
    case COND_LE:
        return x <= y;
    case COND_GE:
        return x >= y;
    case COND_LT:
        return x < y;
    case COND_SGT:
        return sx > sy;
    case COND_SLE:
        return sx <= sy;
    case COND_SGE:
        return sx >= sy;
    case COND_SLT:
        return sx < sy;
    default:
        abort();
    }
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t machine_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A number near the places where arithmetic breaks: 0, the ends of 32 and 64 bits, powers of two.
 */
static inline uint64_t machine_edge_number(uint64_t *state, unsigned bits)
{
    uint64_t r = machine_random(state);
    uint64_t base = r & 1   ? UINT64_C(1) << (r >> 8 & 63)
                    : r & 2 ? 0
                            : machine_random(state) >> (r >> 8 & 63);
    base += (r >> 16 & 7) - 3;
    if (r & 4)
        base = 0 - base;
    return base & machine_mask(bits);
}
