/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Blocks of lanes that were given up for memory are read again where somebody looks, through the file's index. */
#include "load_inside.h"

/* One lane's blocks first..last, of which those without points are filled. */
struct refill {
    struct model_lane *lane;
    uint32_t first, last;
    uint32_t block;  /* the one that comes next; last + 1: done */
    uint32_t passed; /* points of it, where it has its points already */
    uint32_t skip;   /* points at the first time that belong to the block before */
    bool open;       /* `block` is being filled */
};

#define REFILLS_MAX 256u

struct refills {
    struct refill at[REFILLS_MAX];
    uint32_t count, done;
};

static void block_done(struct refills *all, struct refill *r)
{
    if (r->open && !lane_refill_end(&r->lane->lane, r->block))
        r->block = r->last; /* the file is not what it was: no more of this lane */
    r->open = false;
    r->passed = 0;
    if (r->block++ == r->last)
        all->done++;
}

static void refill_point(void *context, uint64_t time_ns, const struct model_point *point)
{
    struct refills *all = context;
    struct refill *r = NULL;
    for (uint32_t i = 0; i < all->count && r == NULL; i++) {
        if (all->at[i].lane == point->lane)
            r = &all->at[i];
    }
    if (r == NULL || r->block > r->last)
        return;
    struct lane *lane = &r->lane->lane;
    uint64_t first_ns = lane->blocks[r->first]->all.first_ns;
    if (time_ns < first_ns)
        return;
    if (time_ns == first_ns && r->skip > 0) {
        r->skip--;
        return;
    }
    if (!r->open && lane->blocks[r->block]->points == NULL) {
        r->open = true;
        lane_refill_begin(lane, r->block);
    }
    bool ok = true;
    if (r->open)
        ok = lane_refill(lane, r->block, time_ns, point->value, point->extra, point->extra_size);
    if (!ok || ++r->passed == LANE_BLOCK_POINTS)
        block_done(all, r);
}

/* Reads what they need, once. */
static void refill_all(struct load *load, struct refills *all)
{
    struct mcap_error error;
    struct mcap_item item;
    uint64_t first_ns = UINT64_MAX, last_ns = 1;
    for (uint32_t i = 0; i < all->count; i++) {
        struct refill *r = &all->at[i];
        struct lane_block **blocks = r->lane->lane.blocks;
        r->block = r->first;
        r->skip = blocks[r->first]->skip;
        if (blocks[r->first]->all.first_ns < first_ns)
            first_ns = blocks[r->first]->all.first_ns;
        if (blocks[r->last]->all.last_ns > last_ns)
            last_ns = blocks[r->last]->all.last_ns;
    }
    if (load->again == NULL || mcap_reader_seek(load->again, first_ns, last_ns, &error) != 0)
        return;
    while (all->done < all->count && mcap_reader_next(load->again, &item, &error) == 1) {
        struct event_channel *channel = load_channel_of(item.channel);
        struct event event;
        if (channel == NULL || channel->kind == 0 || channel->derived ||
            (all->count == 1 && channel->kind != all->at[0].lane->event_kind) ||
            event_decode(channel, &item.message, &event) != 0)
            continue;
        model_points_of(load->model, &event, refill_point, all);
    }
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->at[i].open)
            block_done(all, &all->at[i]);
    }
}

bool load_page_in(struct lane_pager *pager, struct lane *lane, uint32_t index)
{
    struct load *load = (struct load *)pager;
    struct refills all = { .count = 1 };
    all.at[0] =
        (struct refill){ .lane = load->model->lanes[lane->id], .first = index, .last = index };
    refill_all(load, &all);
    return lane->blocks[index]->points != NULL;
}

/* The blocks of a lane that are wanted, as one stretch; false: none. */
static bool wanted_blocks(struct lane *lane, uint64_t from, uint64_t to, uint64_t grain,
                          struct refill *out)
{
    uint32_t low = 0, high = lane->block_count;
    bool any = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lane->blocks[middle]->all.last_ns < from)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t b = low; b < lane->block_count && lane->blocks[b]->all.first_ns < to; b++) {
        if (!lane_block_wanted(lane->blocks[b], from, to, grain))
            continue;
        if (!any)
            out->first = b;
        out->last = b;
        any = true;
    }
    return any;
}

void load_prefetch(struct lane_pager *pager, uint64_t from_ns, uint64_t to_ns, uint64_t grain_ns)
{
    struct load *load = (struct load *)pager;
    struct refills all = { .count = 0 };
    for (uint32_t i = 0; i < load->model->lane_count && all.count < REFILLS_MAX; i++) {
        struct model_lane *lane = load->model->lanes[i];
        struct refill *r = &all.at[all.count];
        *r = (struct refill){ .lane = lane };
        if (wanted_blocks(&lane->lane, from_ns, to_ns, grain_ns, r))
            all.count++;
    }
    if (all.count == 0)
        return;
    pager->loads++;
    refill_all(load, &all);
}
