/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which of 16 names of up to 16 letters does each of 32 requests ask for: byte by byte. */
#include "workload.h"

RUN
{
    const uint8_t *names = (const uint8_t *)memory.in;
    uint32_t found = 0;
    for (uint32_t request = 0; request < 32; request++) {
        uint32_t wanted = (request * 7 & 15) * 16;
        for (uint32_t name = 0; name < 16; name++) {
            uint32_t same = 0;
            for (uint32_t i = 0; i < 16; i++) {
                if ((names[name * 16 + i] & 3) != (names[wanted + i] & 3))
                    break;
                same++;
            }
            if (same == 16) {
                found += name + request;
                break;
            }
        }
    }
    return (int)found;
}
