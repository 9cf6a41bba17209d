/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32 (IEEE 802.3), bit by bit, of 256 bytes. */
#include "workload.h"

RUN
{
    const uint8_t *bytes = (const uint8_t *)memory.in;
    uint32_t crc = 0xffffffff;
    for (uint32_t i = 0; i < 256; i++) {
        crc ^= bytes[i];
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return (int)~crc;
}
