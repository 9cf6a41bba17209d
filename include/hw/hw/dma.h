/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory that devices read and write by themselves, and the order of their accesses and ours. */
#pragma once
#include <axiom/types.h>

/* Memory written before is visible to the device before any device access after. Any context. */
void dma_wmb(void);
/* Device accesses before are complete before memory is read after. Any context. */
void dma_rmb(void);

/* Zeroed pages, contiguous, which the device finds at `address`. Devices are taken to
 * be coherent with the caches. */
struct dma_memory {
    void *at;
    uint64_t address; /* as the device sees it */
    uint32_t order;   /* the core's */
};
/* -ENOMEM; -EINVAL: no bytes, or more than pages can be had in one piece. Process context, as
 * dma_free(), which no device may use the memory after. */
int dma_alloc(uint64_t size, struct dma_memory *out);
void dma_free(struct dma_memory *memory);
