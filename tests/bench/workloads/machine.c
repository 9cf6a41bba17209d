/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A state machine for a serial protocol: start byte, length, payload, checksum, escapes; 150 bytes. */
#include "workload.h"

enum { IDLE, LENGTH, PAYLOAD, ESCAPED, CHECK };

RUN
{
    const uint8_t *bytes = (const uint8_t *)memory.in;
    uint32_t state = IDLE, left = 0, sum = 0, frames = 0, errors = 0;
    for (uint32_t i = 0; i < 150; i++) {
        uint32_t c = bytes[i] & 0x1f;
        switch (state) {
        case IDLE:
            if (c < 4)
                state = LENGTH;
            break;
        case LENGTH:
            left = c & 7;
            sum = c;
            state = left == 0 ? CHECK : PAYLOAD;
            break;
        case PAYLOAD:
            if (c == 0x1b) {
                state = ESCAPED;
                break;
            }
            sum += c;
            if (--left == 0)
                state = CHECK;
            break;
        case ESCAPED:
            sum += c ^ 0x10;
            state = --left == 0 ? CHECK : PAYLOAD;
            break;
        default:
            if ((sum & 3) == (c & 3))
                frames++;
            else
                errors++;
            state = IDLE;
            break;
        }
    }
    return (int)(frames << 16 | errors);
}
