/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reading a lane: by time, by number, by column. Every walk goes down the pyramid no further than its answer needs. */
#include "lane.h"

#include <string.h>

/* The block's points, from the file if need be; NULL: gone. */
static struct lane_block *block_with_points(struct lane *lane, uint32_t index)
{
    struct lane_block *block = lane->blocks[index];
    if (lane->pager != NULL)
        block->used = ++lane->pager->clock;
    if (block->points != NULL)
        return block;
    if (lane->pager == NULL || lane->pager->load == NULL)
        return NULL;
    lane->pager->loads++;
    return lane->pager->load(lane->pager, lane, index) ? block : NULL;
}

/* The first block that ends at or after the time; block_count if none. */
static uint32_t find_block(const struct lane *lane, uint64_t time_ns)
{
    uint32_t low = 0, high = lane->block_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lane->blocks[middle]->all.last_ns < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t lane_find(struct lane *lane, uint64_t time_ns)
{
    uint32_t index = find_block(lane, time_ns);
    if (index == lane->block_count)
        return lane->count;
    uint64_t base = (uint64_t)index * LANE_BLOCK_POINTS;
    if (time_ns <= lane->blocks[index]->all.first_ns)
        return base;
    struct lane_block *block = block_with_points(lane, index);
    if (block == NULL)
        return base;
    uint32_t low = 0, high = block->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (block->points[middle].time_ns < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return base + low;
}

bool lane_point_at(struct lane *lane, uint64_t index, struct lane_point *out, const uint8_t **extra,
                   size_t *size)
{
    if (index >= lane->count)
        return false;
    struct lane_block *block = block_with_points(lane, (uint32_t)(index / LANE_BLOCK_POINTS));
    if (block == NULL)
        return false;
    uint32_t at = (uint32_t)(index % LANE_BLOCK_POINTS);
    *out = block->points[at];
    if (extra == NULL)
        return true;
    *extra = NULL;
    *size = 0;
    if (lane->has_extra) {
        uint32_t end = at + 1 < block->count ? block->extra_at[at + 1] : block->extra_size;
        *size = end - block->extra_at[at];
        if (*size > 0)
            *extra = block->extra + block->extra_at[at];
    }
    return true;
}

/* Number of the block that has the last point at or before the time; -1: none does. *whole: all of it is. */
static int64_t block_before(const struct lane *lane, uint64_t time_ns, bool *whole)
{
    uint32_t index = time_ns == UINT64_MAX ? lane->block_count : find_block(lane, time_ns + 1);
    *whole = index == lane->block_count || lane->blocks[index]->all.first_ns > time_ns;
    return *whole ? (int64_t)index - 1 : index;
}

bool lane_before(struct lane *lane, uint64_t time_ns, struct lane_point *out, uint64_t *index)
{
    bool whole;
    int64_t block = block_before(lane, time_ns, &whole);
    if (block < 0)
        return false;
    const struct lane_summary *all = &lane->blocks[block]->all;
    uint64_t next = (uint64_t)block * LANE_BLOCK_POINTS + lane->blocks[block]->count;
    *out = (struct lane_point){ all->last_ns, all->last };
    if (!whole)
        next = lane_find(lane, time_ns + 1);
    if (index != NULL)
        *index = next > 0 ? next - 1 : 0;
    /* Where the points are gone the block as a whole still says a value. */
    if (!whole && next > 0)
        lane_point_at(lane, next - 1, out, NULL, NULL);
    return true;
}

bool lane_value_before(struct lane *lane, uint64_t time_ns, uint64_t grain_ns, int64_t *value)
{
    bool whole;
    struct lane_point point;
    int64_t index = block_before(lane, time_ns, &whole);
    if (index < 0)
        return false;
    const struct lane_block *block = lane->blocks[index];
    *value = block->all.last;
    if (whole)
        return true;
    if (block->points == NULL && !lane_block_wanted(block, time_ns, time_ns + 1, grain_ns)) {
        for (uint32_t c = 0; c < ARRAY_SIZE(block->coarse); c++) {
            if (block->coarse[c].count > 0 && block->coarse[c].first_ns <= time_ns)
                *value = block->coarse[c].last;
        }
        return true;
    }
    if (!lane_before(lane, time_ns, &point, NULL))
        return false;
    *value = point.value;
    return true;
}

uint64_t lane_count_between(struct lane *lane, uint64_t from_ns, uint64_t to_ns)
{
    if (to_ns <= from_ns)
        return 0;
    return lane_find(lane, to_ns) - lane_find(lane, from_ns);
}

bool lane_range(const struct lane *lane, int64_t *min, int64_t *max)
{
    struct lane_summary all = { 0 };
    for (uint32_t i = 0; i < lane->block_count; i++)
        lane_summary_merge(&all, &lane->blocks[i]->all);
    *min = all.min;
    *max = all.max;
    return all.count > 0;
}

/* --- walking the pyramid --- */

struct walk {
    struct lane *lane;
    uint64_t from_ns, to_ns; /* [from, to) */
    uint64_t grain_ns;       /* a node that is not longer than this is taken whole */
    void (*take)(struct walk *walk, const struct lane_summary *node);
    /* lane_columns: */
    struct lane_summary *columns;
    uint32_t width;
    double scale; /* columns per ns */
    /* lane_summarise: */
    struct lane_summary sum;
};

static bool outside(const struct walk *walk, const struct lane_summary *node)
{
    return node->count == 0 || node->last_ns < walk->from_ns || node->first_ns >= walk->to_ns;
}

/* Taken as it stands: short enough, and no part of it beyond the ends. */
static bool taken_whole(const struct walk *walk, const struct lane_summary *node)
{
    return node->last_ns - node->first_ns <= walk->grain_ns && node->first_ns >= walk->from_ns &&
           node->last_ns < walk->to_ns;
}

static struct lane_summary of_point(const struct lane *lane, const struct lane_point *p)
{
    bool flagged = lane->kind == LANE_BUS || lane->kind == LANE_RUN || lane->kind == LANE_MARK;
    return (struct lane_summary){
        p->time_ns, p->time_ns, p->value, p->value, p->value, 1, flagged ? (uint32_t)p->value : 0
    };
}

static void walk_points(struct walk *walk, const struct lane_block *block, uint32_t first)
{
    uint32_t end = first + LANE_FINE < block->count ? first + LANE_FINE : block->count;
    for (uint32_t i = first; i < end; i++) {
        struct lane_summary one = of_point(walk->lane, &block->points[i]);
        if (!outside(walk, &one))
            walk->take(walk, &one);
    }
}

/* A summary whose points are not here and that is dense at this zoom anyway: good enough. */
static bool taken_dense(const struct walk *walk, const struct lane_block *block,
                        const struct lane_summary *coarse)
{
    return block->points == NULL && walk->columns != NULL &&
           (coarse->last_ns - coarse->first_ns) / LANE_DENSE <= walk->grain_ns;
}

bool lane_block_wanted(const struct lane_block *block, uint64_t from_ns, uint64_t to_ns,
                       uint64_t grain_ns)
{
    if (block->points != NULL || block->all.last_ns < from_ns || block->all.first_ns >= to_ns)
        return false;
    for (uint32_t c = 0; c < ARRAY_SIZE(block->coarse); c++) {
        const struct lane_summary *coarse = &block->coarse[c];
        if (coarse->last_ns >= from_ns && coarse->first_ns < to_ns &&
            (coarse->last_ns - coarse->first_ns) / LANE_DENSE > grain_ns)
            return true;
    }
    return false;
}

static void walk_block(struct walk *walk, uint32_t index)
{
    struct lane_block *block = walk->lane->blocks[index];
    if (outside(walk, &block->all))
        return;
    if (taken_whole(walk, &block->all)) {
        walk->take(walk, &block->all);
        return;
    }
    bool tried = false;
    for (uint32_t c = 0; c < ARRAY_SIZE(block->coarse) && block->coarse[c].count > 0; c++) {
        const struct lane_summary *coarse = &block->coarse[c];
        if (outside(walk, coarse))
            continue;
        if (!taken_whole(walk, coarse) && !taken_dense(walk, block, coarse) && !tried) {
            tried = true;
            block_with_points(walk->lane, index);
        }
        if (taken_whole(walk, coarse) || block->points == NULL) {
            walk->take(walk, coarse);
            continue;
        }
        for (uint32_t f = 0; f < LANE_COARSE / LANE_FINE; f++) {
            uint32_t at = c * (LANE_COARSE / LANE_FINE) + f;
            const struct lane_summary *fine = &block->fine[at];
            if (outside(walk, fine))
                continue;
            if (taken_whole(walk, fine))
                walk->take(walk, fine);
            else
                walk_points(walk, block, at * LANE_FINE);
        }
    }
}

static void walk_level(struct walk *walk, uint32_t level, uint32_t index)
{
    const struct lane *lane = walk->lane;
    const struct lane_summary *node = &lane->level[level][index];
    if (outside(walk, node))
        return;
    if (taken_whole(walk, node)) {
        walk->take(walk, node);
        return;
    }
    for (uint32_t i = 0; i < LANE_FAN; i++) {
        uint32_t child = index * LANE_FAN + i;
        if (level == 0 && child < lane->block_count &&
            lane->blocks[child]->count == LANE_BLOCK_POINTS)
            walk_block(walk, child);
        else if (level > 0 && child < lane->level_count[level - 1])
            walk_level(walk, level - 1, child);
    }
}

static void walk_lane(struct walk *walk)
{
    const struct lane *lane = walk->lane;
    uint32_t top = 0;
    while (top + 1 < LANE_LEVELS && lane->level_count[top + 1] > 0 &&
           lane->level_count[top] > LANE_FAN)
        top++;
    for (uint32_t i = 0; i < lane->level_count[top]; i++)
        walk_level(walk, top, i);
    /* The last block is open: no node above knows it. */
    if (lane->block_count > 0 && lane->blocks[lane->block_count - 1]->count < LANE_BLOCK_POINTS)
        walk_block(walk, lane->block_count - 1);
}

/* Nodes whose points are gone may reach beyond both ends. */
static uint32_t column_of(const struct walk *walk, uint64_t time_ns)
{
    if (time_ns <= walk->from_ns)
        return 0;
    double at = (double)(time_ns - walk->from_ns) * walk->scale;
    return at < (double)(walk->width - 1) ? (uint32_t)at : walk->width - 1;
}

/* Into one column, as one that something happened in, whatever the count. */
static void touch_column(struct lane_summary *column, const struct lane_summary *node)
{
    uint32_t count = column->count;
    lane_summary_merge(column, node);
    column->count = count > 0 ? count : 2;
}

static void take_column(struct walk *walk, const struct lane_summary *node)
{
    uint32_t first = column_of(walk, node->first_ns), last = column_of(walk, node->last_ns);
    lane_summary_merge(&walk->columns[first], node);
    if (last == first)
        return;
    struct lane_summary end = *node;
    end.first_ns = end.last_ns;
    uint32_t count = walk->columns[last].count;
    lane_summary_merge(&walk->columns[last], &end);
    walk->columns[last].count = count > 0 ? count : 1;
    for (uint32_t x = first + 1; x < last; x++) /* only what was taken dense is that wide */
        touch_column(&walk->columns[x], node);
}

void lane_columns(struct lane *lane, uint64_t from_ns, uint64_t span_ns, uint32_t width,
                  struct lane_summary *columns)
{
    memset(columns, 0, width * sizeof *columns);
    if (span_ns == 0 || width == 0)
        return;
    uint64_t to_ns = span_ns > UINT64_MAX - from_ns ? UINT64_MAX : from_ns + span_ns;
    struct walk walk = {
        .lane = lane,
        .from_ns = from_ns,
        .to_ns = to_ns,
        .grain_ns = span_ns / width,
        .take = take_column,
        .columns = columns,
        .width = width,
        .scale = (double)width / (double)span_ns,
    };
    walk_lane(&walk);
}

static void take_sum(struct walk *walk, const struct lane_summary *node)
{
    lane_summary_merge(&walk->sum, node);
}

struct lane_summary lane_summarise(struct lane *lane, uint64_t from_ns, uint64_t to_ns)
{
    struct walk walk = {
        .lane = lane,
        .from_ns = from_ns,
        .to_ns = to_ns,
        .grain_ns = UINT64_MAX,
        .take = take_sum,
    };
    walk_lane(&walk);
    return walk.sum;
}
