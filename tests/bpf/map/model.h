/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps as simply as they can be said: a list of entries that is searched from end to end. */
#pragma once
#include "operations.h"

#define MODEL_ENTRY_MAX 512u

struct model_entry {
    uint8_t key[SHAPE_KEY_MAX];
    uint8_t value[SHAPE_VALUE_MAX];
    bool marked; /* LRU: used since it came or was spared */
};

struct model {
    struct backend backend;
    const struct shape *shape;
    uint32_t count;
    bool frozen;
    struct model_entry entries[MODEL_ENTRY_MAX]; /* in order of coming (LRU: of being spared) */
};

void model_init(struct model *model, const struct shape *shape);
