/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Headers of 21 bytes one after another, packed: numbers of two, four and eight bytes at any address, in both orders. */
#include "workload.h"

struct __attribute__((packed)) head {
    uint8_t kind;
    uint32_t serial;
    uint16_t length;
    uint64_t stamp;
    uint32_t from;
};

RUN
{
    uint64_t sum = 0;
    const uint8_t *at = (const uint8_t *)memory.in;
    for (uint32_t i = 0; i < 150; i++, at += 21) {
        const struct head *h = (const struct head *)at;
        if (h->kind & 1)
            sum += __builtin_bswap32(h->serial) ^ h->length;
        else
            sum ^= h->stamp + __builtin_bswap16(h->length);
        sum += h->from;
    }
    return (int)(sum ^ sum >> 32);
}
