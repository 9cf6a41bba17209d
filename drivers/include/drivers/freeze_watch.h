/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Notices a sensor whose values have stopped changing: a real one has noise. It must have changed
 * before, so that a sensor at rest in a noiseless world is not accused from the start. */
#pragma once
#include <axiom/string.h>
#include <axiom/types.h>

#define FREEZE_CHANNEL_MAX 8u

/* All zero is ready for use. */
struct freeze_watch {
    int32_t last[FREEZE_CHANNEL_MAX];
    uint32_t equal_count; /* scans in a row that equalled the one before */
    bool has_started;     /* `last` is a scan */
    bool has_changed;
    bool is_frozen; /* said so; said again only after another change */
};

/* True once when `limit` scans in a row were equal in all channels. */
static inline bool freeze_watch_scan(struct freeze_watch *watch, const int32_t *raw, uint32_t count,
                                     uint32_t limit)
{
    if (!watch->has_started || memcmp(watch->last, raw, count * sizeof *raw) != 0) {
        memcpy(watch->last, raw, count * sizeof *raw);
        watch->has_changed = watch->has_started;
        watch->has_started = true;
        watch->is_frozen = false;
        watch->equal_count = 0;
        return false;
    }
    if (!watch->has_changed || watch->is_frozen || ++watch->equal_count < limit)
        return false;
    watch->is_frozen = true;
    return true;
}
