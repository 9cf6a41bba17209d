/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A static pool: an env's memory out of one piece that is there from the start, as the embedded profile
 * has it (64 KiB). When it is used up, an allocation gives NULL and its caller -ENOMEM; nothing else
 * happens.
 *
 * First fit, by address: which piece is given depends on the sequence of calls alone. Who frees says the
 * size (struct bpf_env), so that blocks have no headers. May be used on all CPUs at once. */
#pragma once
#include <axiom/types.h>

struct bpf_pool {
    uint32_t lock;
    /* lock protects: */
    struct bpf_pool_block *free; /* by address; no two of them touch */
    size_t used_bytes, peak_bytes;
};

/* `memory` is aligned to 16 and outlives the pool. */
void bpf_pool_init(struct bpf_pool *pool, void *memory, size_t size_bytes);
/* Zeroed, aligned to 16; NULL when no free piece is large enough, or for 0 bytes. */
void *bpf_pool_alloc(struct bpf_pool *pool, size_t size_bytes);
/* `size_bytes` as it was asked for. */
void bpf_pool_free(struct bpf_pool *pool, void *at, size_t size_bytes);
