/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Headers of 60 packets: ports by protocol, Internet checksum of the IPv4 header, a bucket by addresses. */
#include "workload.h"

RUN
{
    uint32_t accepted = 0, digest = 0;
    for (uint32_t p = 0; p < 60; p++) {
        const uint8_t *packet = (const uint8_t *)&memory.in[p * 16];
        uint32_t sum = 0;
        for (uint32_t i = 0; i < 20; i += 2)
            sum += (uint32_t)packet[14 + i] << 8 | packet[15 + i];
        sum = (sum & 0xffff) + (sum >> 16);
        uint32_t protocol = packet[23] & 31, port;
        if (protocol == 6)
            port = (uint32_t)packet[36] << 8 | packet[37];
        else if (protocol == 17)
            port = (uint32_t)packet[34] << 8 | packet[35];
        else if (protocol < 4)
            continue;
        else
            port = 0;
        uint32_t hash = *(const uint32_t *)(packet + 28) * 2654435761u ^ port;
        digest ^= hash % 251 << (p & 15);
        accepted += sum;
    }
    return (int)(accepted ^ digest);
}
