/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A device whose interrupt line stays active and whose handler does nothing about it; one file a port,
 * storm_none.c where none has been written. */
#pragma once
#include <axiom/types.h>

/* False: this machine has no such device. */
bool storm_begin(void);
uint64_t storm_count(void);
void storm_end(void);
