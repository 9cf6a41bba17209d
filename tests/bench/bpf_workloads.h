/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The list of workloads, one file each in workloads/. CMakeLists.txt has the same list. */
#pragma once
#include "workloads/workload.h"

#define BENCH_WORKLOADS(X)                                                                   \
    X(alu64)                                                                                 \
    X(alu32)                                                                                 \
    X(sieve) X(checksum) X(quadrature) X(biquad) X(pid) X(crc32) X(search) X(matrix) X(sort) \
        X(calls) X(median) X(average) X(parse) X(bits)
