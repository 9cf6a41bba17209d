/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A binary heap in an array: the smallest of the last hundred numbers, again and again. */
#include "workload.h"

RUN
{
    uint32_t *heap = memory.work, n = 0, sum = 0;
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t x = memory.in[i] & 0xffff, at = n & 127;
        n = (n & 127) + 1;
        for (uint32_t k = 0; k < 7 && at; k++) {
            uint32_t up = (at - 1) / 2;
            if (heap[up & 255] <= x)
                break;
            heap[at & 255] = heap[up & 255];
            at = up;
        }
        heap[at & 255] = x;
        if (n > 100) {
            sum += heap[0];
            uint32_t last = heap[--n & 255], p = 0;
            for (uint32_t k = 0; k < 7; k++) {
                uint32_t c = 2 * p + 1;
                if (c >= n)
                    break;
                if (c + 1 < n && heap[(c + 1) & 255] < heap[c & 255])
                    c++;
                if (heap[c & 255] >= last)
                    break;
                heap[p & 255] = heap[c & 255];
                p = c;
            }
            heap[p & 255] = last;
        }
    }
    return (int)(sum ^ n);
}
