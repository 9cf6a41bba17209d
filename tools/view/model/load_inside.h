/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A file that is being read, and what reading on (load.c) and reading again (load_again.c) share of it. */
#pragma once
#include "load.h"

#include <traces/channels.h>
#include <traces/host/reader.h>
#include <traces/source.h>

struct load {
    struct lane_pager pager; /* first: the pager's callback finds the load by it */
    struct model *model;
    struct mcap_reader *reader; /* reads on; NULL: another format */
    struct mcap_reader *again;  /* for the pager; NULL: nothing can be read again */
    struct trace_source *source;
    struct model_lane **source_lanes; /* per channel; NULL where a scan has several */
    uint64_t events, foreign, broken;
    int state; /* 1: goes on */
    char warning[256];
};

/* What a channel holds, parsed at its first message; NULL: no memory. Its kind is 0 if it is not ours. */
struct event_channel *load_channel_of(struct mcap_reader_channel *channel);

/* The pager's callbacks. */
bool load_page_in(struct lane_pager *pager, struct lane *lane, uint32_t index);
void load_prefetch(struct lane_pager *pager, uint64_t from_ns, uint64_t to_ns, uint64_t grain_ns);
