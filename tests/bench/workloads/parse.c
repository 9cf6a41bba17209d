/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Text as a GPS sends it: fields, decimal numbers, the xor checksum; byte loads and branches. */
#include "workload.h"

RUN
{
    const uint8_t *text = (const uint8_t *)memory.in;
    uint32_t fields = 0, number = 0, digest = 0;
    uint8_t check = 0;
    for (uint32_t i = 0; i < 600; i++) {
        uint8_t c = text[i] & 0x3f;
        check ^= c;
        if (c == ',') {
            fields++;
            digest = digest * 33 + number;
            number = 0;
        } else if (c >= '0' && c <= '9') {
            number = number * 10 + (c - '0');
        } else if (c == '.') {
            number <<= 1;
        }
    }
    return (int)(digest ^ fields << 16 ^ check);
}
