/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Log lines that a broken device could repeat for ever: at most RATELIMIT_BURST in each
 * RATELIMIT_WINDOW_NS. By ktime, so that a replay logs the same lines. */
#pragma once
#include <axiom/types.h>

#define RATELIMIT_BURST     8u
#define RATELIMIT_WINDOW_NS (10ull * NSEC_PER_SEC)

/* All zero is ready for use. Not locked: one writer, or a line more or less does not matter. */
struct ratelimit {
    uint64_t window_start_ns;
    uint32_t count;   /* lines let through in this window */
    uint32_t skipped; /* lines held back in this window */
};

/* True: log. When a new window begins, says under `name` how many lines the last one held back. */
bool ratelimit_allow(struct ratelimit *limit, const char *name);
