/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Blocks of points and the pyramid above them: adding, evicting, refilling. lane_query.c reads. */
#include "lane.h"

#include <axiom/errno.h>

#include <stdlib.h>
#include <string.h>

#define FINE_COUNT  (LANE_BLOCK_POINTS / LANE_FINE)
#define EXTRA_FIRST 256u
#define POINT_FIRST 16u

void lane_init(struct lane *lane, enum lane_kind kind, struct lane_pager *pager)
{
    *lane = (struct lane){
        .kind = (uint8_t)kind,
        .has_extra = kind == LANE_PWM || kind == LANE_BUS || kind == LANE_RUN || kind == LANE_MARK,
        .pager = pager,
    };
}

/* What eviction gives back. */
static uint64_t block_bytes(const struct lane_block *block)
{
    uint64_t bytes = block->capacity * sizeof *block->points + block->extra_capacity;
    if (block->extra_at != NULL)
        bytes += block->capacity * sizeof *block->extra_at;
    return block->fine != NULL ? bytes + FINE_COUNT * sizeof *block->fine : bytes;
}

static void block_drop_points(struct lane_block *block)
{
    free(block->points);
    free(block->extra_at);
    free(block->extra);
    free(block->fine);
    block->points = NULL;
    block->extra_at = NULL;
    block->extra = NULL;
    block->fine = NULL;
    block->capacity = block->extra_capacity = block->extra_size = 0;
}

void lane_free(struct lane *lane)
{
    for (uint32_t i = 0; i < lane->block_count; i++) {
        if (lane->pager != NULL)
            lane->pager->bytes -= block_bytes(lane->blocks[i]);
        block_drop_points(lane->blocks[i]);
        free(lane->blocks[i]);
    }
    free(lane->blocks);
    for (uint32_t i = 0; i < LANE_LEVELS; i++)
        free(lane->level[i]);
    *lane = (struct lane){ 0 };
}

/* --- summaries --- */

void lane_summary_merge(struct lane_summary *into, const struct lane_summary *more)
{
    if (more->count == 0)
        return;
    if (into->count == 0) {
        *into = *more;
        return;
    }
    if (more->first_ns < into->first_ns)
        into->first_ns = more->first_ns;
    if (more->last_ns >= into->last_ns) {
        into->last_ns = more->last_ns;
        into->last = more->last;
    }
    if (more->min < into->min)
        into->min = more->min;
    if (more->max > into->max)
        into->max = more->max;
    into->flags |= more->flags;
    if (__builtin_add_overflow(into->count, more->count, &into->count))
        into->count = UINT32_MAX;
}

static struct lane_summary summary_of(const struct lane *lane, const struct lane_point *point)
{
    bool flagged = lane->kind == LANE_BUS || lane->kind == LANE_RUN || lane->kind == LANE_MARK;
    return (struct lane_summary){ point->time_ns,
                                  point->time_ns,
                                  point->value,
                                  point->value,
                                  point->value,
                                  1,
                                  flagged ? (uint32_t)point->value : 0 };
}

/* --- growing --- */

static int grow(void **at, uint32_t *capacity, uint32_t wanted, size_t each, uint32_t first)
{
    uint32_t next = *capacity == 0 ? first : *capacity;
    while (next < wanted) {
        if (next > UINT32_MAX / 2)
            return -ENOMEM;
        next *= 2;
    }
    if (next == *capacity)
        return 0;
    void *grown = realloc(*at, next * each);
    if (grown == NULL)
        return -ENOMEM;
    *at = grown;
    *capacity = next;
    return 0;
}

static int block_make_room(struct lane *lane, struct lane_block *block, size_t extra)
{
    uint32_t offsets = block->capacity;
    int err = 0;
    if (block->fine == NULL) {
        block->fine = calloc(FINE_COUNT, sizeof *block->fine);
        err = block->fine == NULL ? -ENOMEM : 0;
    }
    if (err == 0 && block->count == block->capacity) {
        err = grow((void **)&block->points, &block->capacity, block->count + 1,
                   sizeof *block->points, POINT_FIRST);
        if (err == 0 && lane->has_extra)
            err = grow((void **)&block->extra_at, &offsets, block->capacity,
                       sizeof *block->extra_at, POINT_FIRST);
        if (err != 0 && block->capacity != offsets) /* both are as large, or the smaller counts */
            block->capacity = offsets;
    }
    if (err == 0 && extra > 0)
        err = grow((void **)&block->extra, &block->extra_capacity,
                   block->extra_size + (uint32_t)extra, 1, EXTRA_FIRST);
    return err;
}

static void block_put(struct lane *lane, struct lane_block *block, const struct lane_point *point,
                      const void *extra, size_t size)
{
    struct lane_summary one = summary_of(lane, point);
    uint32_t at = block->count++;
    block->points[at] = *point;
    if (lane->has_extra) {
        block->extra_at[at] = block->extra_size;
        if (size > 0)
            memcpy(block->extra + block->extra_size, extra, size);
        block->extra_size += (uint32_t)size;
    }
    lane_summary_merge(&block->fine[at / LANE_FINE], &one);
}

/* The closed block `index` into the nodes above it. */
static int levels_add(struct lane *lane, uint32_t index)
{
    const struct lane_summary *all = &lane->blocks[index]->all;
    for (uint32_t i = 0; i < LANE_LEVELS; i++) {
        index /= LANE_FAN;
        if (grow((void **)&lane->level[i], &lane->level_capacity[i], index + 1,
                 sizeof *lane->level[i], 4) != 0)
            return -ENOMEM;
        while (lane->level_count[i] <= index)
            lane->level[i][lane->level_count[i]++] = (struct lane_summary){ 0 };
        lane_summary_merge(&lane->level[i][index], all);
        if (index == 0)
            break;
    }
    return 0;
}

static struct lane_block *block_open(struct lane *lane, uint64_t time_ns)
{
    struct lane_block *last = lane->block_count > 0 ? lane->blocks[lane->block_count - 1] : NULL;
    if (last != NULL && last->count < LANE_BLOCK_POINTS)
        return last;
    if (grow((void **)&lane->blocks, &lane->block_capacity, lane->block_count + 1,
             sizeof *lane->blocks, 4) != 0)
        return NULL;
    struct lane_block *block = calloc(1, sizeof *block);
    if (block == NULL)
        return NULL;
    if (last != NULL && last->all.last_ns == time_ns) {
        uint32_t same = 0;
        while (same < last->count && last->points[last->count - 1 - same].time_ns == time_ns)
            same++;
        block->skip = same == last->count ? last->skip + same : same;
    }
    lane->blocks[lane->block_count++] = block;
    return block;
}

int lane_add(struct lane *lane, uint64_t time_ns, int64_t value, const void *extra, size_t size)
{
    if (lane->count > 0 && time_ns < lane->last.time_ns) {
        lane->disordered++;
        return 0;
    }
    if (size > LANE_EXTRA_MAX)
        size = LANE_EXTRA_MAX;
    struct lane_block *block = block_open(lane, time_ns);
    if (block == NULL)
        return -ENOMEM;
    uint64_t before = block_bytes(block);
    if (block_make_room(lane, block, lane->has_extra ? size : 0) != 0)
        return -ENOMEM;
    struct lane_point point = { time_ns, value };
    block_put(lane, block, &point, extra, size);
    struct lane_summary one = summary_of(lane, &point);
    lane_summary_merge(&block->coarse[(block->count - 1) / LANE_COARSE], &one);
    lane_summary_merge(&block->all, &one);
    lane->last = point;
    lane->count++;
    if (lane->pager != NULL) {
        lane->pager->bytes += block_bytes(block) - before;
        block->used = ++lane->pager->clock;
    }
    return block->count == LANE_BLOCK_POINTS ? levels_add(lane, lane->block_count - 1) : 0;
}

/* --- giving up, getting back --- */

bool lane_evict(struct lane *lane)
{
    struct lane_block *oldest = NULL;
    uint32_t first = lane->block_count;
    for (uint32_t i = lane->evict_from; i < lane->block_count; i++) {
        struct lane_block *block = lane->blocks[i];
        if (block->points == NULL || block->count < LANE_BLOCK_POINTS)
            continue;
        if (first == lane->block_count)
            first = i;
        if (oldest == NULL || block->used < oldest->used)
            oldest = block;
    }
    lane->evict_from = first;
    if (oldest == NULL)
        return false;
    lane->pager->bytes -= block_bytes(oldest);
    lane->pager->evictions++;
    block_drop_points(oldest);
    return true;
}

void lane_refill_begin(struct lane *lane, uint32_t index)
{
    lane->blocks[index]->count = 0;
    if (index < lane->evict_from)
        lane->evict_from = index;
}

bool lane_refill(struct lane *lane, uint32_t index, uint64_t time_ns, int64_t value,
                 const void *extra, size_t size)
{
    struct lane_block *block = lane->blocks[index];
    if (block->count >= LANE_BLOCK_POINTS)
        return false;
    if (size > LANE_EXTRA_MAX)
        size = LANE_EXTRA_MAX;
    uint64_t before = block_bytes(block);
    bool room = block_make_room(lane, block, lane->has_extra ? size : 0) == 0;
    lane->pager->bytes += block_bytes(block) - before;
    if (!room)
        return false;
    struct lane_point point = { time_ns, value };
    block_put(lane, block, &point, extra, size);
    return true;
}

bool lane_refill_end(struct lane *lane, uint32_t index)
{
    struct lane_block *block = lane->blocks[index];
    bool whole = block->count == LANE_BLOCK_POINTS &&
                 block->points[0].time_ns == block->all.first_ns &&
                 block->points[LANE_BLOCK_POINTS - 1].time_ns == block->all.last_ns;
    if (!whole) {
        lane->pager->bytes -= block_bytes(block);
        block_drop_points(block);
    }
    block->count = LANE_BLOCK_POINTS;
    return whole;
}
