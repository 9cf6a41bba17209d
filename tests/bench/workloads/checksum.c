/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The internet checksum (RFC 1071) of 1,500 bytes. */
#include "workload.h"

RUN
{
    const uint16_t *words = (const uint16_t *)memory.in;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 750; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (int)(~sum & 0xffff);
}
