/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Physical memory for code made at run time, kept out of the direct map (port/kmap.h, W^X). */
#pragma once
#include <axiom/types.h>
#include <port/memmap.h>

/* Takes the pool out of the map: before kmap_init(). */
void exec_pool_init(struct memmap *map, uint64_t limit);
