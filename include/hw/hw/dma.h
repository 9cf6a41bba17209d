/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ordering of memory and device accesses, for devices that read or write memory. Any context. */
#pragma once

/* Memory written before is visible to the device before any device access after. */
void dma_wmb(void);
/* Device accesses before are complete before memory is read after. */
void dma_rmb(void);
