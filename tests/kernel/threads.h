/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Threads for tests. */
#pragma once
#include <axiom/types.h>

/* Two threads on every CPU run entry(&index), index from 1 on; the first result that is not 0, or an
 * errno if they cannot be made. */
int threads_run_on_all(int (*entry)(void *argument));
/* `count` threads (at most 16), on any CPU. */
int threads_run(uint32_t count, int (*entry)(void *argument));
