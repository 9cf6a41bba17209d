/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32 by a table of 16 entries, half a byte at a time, of 512 bytes. */
#include "workload.h"

RUN
{
    const uint8_t *bytes = (const uint8_t *)memory.in;
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t c = i;
        for (uint32_t bit = 0; bit < 4; bit++)
            c = c >> 1 ^ (0xedb88320u & (0u - (c & 1)));
        memory.work[i] = c;
    }
    uint32_t crc = 0xffffffff;
    for (uint32_t i = 0; i < 512; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ memory.work[crc & 15];
        crc = crc >> 4 ^ memory.work[crc & 15];
    }
    return (int)~crc;
}
