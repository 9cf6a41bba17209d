/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A fixed window of time that lets a few log lines through; see the header. */
#include <axiom/log.h>
#include <core/ratelimit.h>
#include <core/time.h>

bool ratelimit_allow(struct ratelimit *limit, const char *name)
{
    uint64_t now_ns = ktime_get_ns();
    if (limit->count == 0 || now_ns - limit->window_start_ns >= RATELIMIT_WINDOW_NS) {
        if (limit->skipped != 0)
            log_warning("%s: %u similar messages were left out", name, limit->skipped);
        *limit = (struct ratelimit){ .window_start_ns = now_ns };
    }
    if (limit->count == RATELIMIT_BURST) {
        limit->skipped++;
        return false;
    }
    limit->count++;
    return true;
}
