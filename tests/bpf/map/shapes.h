/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The shapes that random operations, the fuzzer and the comparison with Linux use. */
#pragma once
#include "operations.h"

/* {type, key, value, entries, flags, extra, CPUs, keys} */
// clang-format off
static const struct shape shapes[] = {
    { BPF_MAP_TYPE_ARRAY, 4, 13, 20, 0, 0, 1, 23 },
    { BPF_MAP_TYPE_ARRAY, 4, 8, 20, BPF_F_MMAPABLE, 0, 1, 23 },
    { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 5, 0, 0, 4, 7 },
    { BPF_MAP_TYPE_HASH, 1, 8, 40, 0, 0, 1, 64 },
    { BPF_MAP_TYPE_HASH, 4, 8, 40, 0, 0, 1, 64 },
    { BPF_MAP_TYPE_HASH, 8, 3, 40, 0, 0, 1, 64 },
    { BPF_MAP_TYPE_HASH, 13, 40, 40, 0, 0, 1, 64 },
    { BPF_MAP_TYPE_HASH, 64, 8, 1, BPF_F_ZERO_SEED, 0, 1, 3 },
    { BPF_MAP_TYPE_PERCPU_HASH, 6, 24, 12, 0, 0, 4, 20 },
    { BPF_MAP_TYPE_LRU_HASH, 4, 8, 20, 0, 0, 1, 40 },
    { BPF_MAP_TYPE_LRU_HASH, 9, 8, 1, 0, 0, 1, 4 },
    { BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 10, 0, 0, 4, 20 },
    { BPF_MAP_TYPE_LPM_TRIE, 8, 8, 20, BPF_F_NO_PREALLOC, 0, 1, 5 },
    { BPF_MAP_TYPE_LPM_TRIE, 5, 3, 60, BPF_F_NO_PREALLOC, 0, 1, 256 },
    { BPF_MAP_TYPE_LPM_TRIE, 20, 8, 100, BPF_F_NO_PREALLOC, 0, 1, 9 },
    { BPF_MAP_TYPE_QUEUE, 0, 12, 7, 0, 0, 1, 1 },
    { BPF_MAP_TYPE_STACK, 0, 12, 7, 0, 0, 1, 1 },
    { BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 100, 0, 3, 1, 1 },
};
// clang-format on
#define SHAPE_COUNT (sizeof shapes / sizeof shapes[0])
