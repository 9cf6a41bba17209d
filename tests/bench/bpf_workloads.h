/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The list of workloads, one file each in workloads/. CMakeLists.txt has the same list. */
#pragma once
#include "workloads/workload.h"

/* The same input for all, from a generator of its own. */
static inline void bench_fill(struct workload_memory *memory)
{
    uint64_t state = 88172645463325252u;
    *memory = (struct workload_memory){ .in = { 0 } };
    for (uint32_t i = 0; i < IN_COUNT; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        memory->in[i] = (uint32_t)(state >> 16);
    }
}

// clang-format off
#define BENCH_WORKLOADS(X)                                                              \
    X(alu64) X(alu32) X(sieve) X(checksum) X(quadrature) X(biquad) X(pid) X(crc32)      \
    X(search) X(matrix) X(sort) X(calls) X(median) X(average) X(parse) X(bits)          \
    X(base64) X(crctable) X(chacha) X(kalman) X(strings) X(histogram) X(packet)         \
    X(machine) X(rotation) X(decimal) X(unaligned) X(divide) X(tree) X(scan) X(varint)  \
    X(heapsort) X(cordic) X(blend) X(root) X(levenshtein) X(popcount)
// clang-format on
