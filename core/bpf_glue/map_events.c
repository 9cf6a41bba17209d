/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Map contents leave the kernel as events, and enter the state hash when someone asks for it. A map
 * is hashed again only when its generation has moved. */
#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/log.h>
#include <axiom/state_hash.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <core/spinlock.h>

#include "map_events.h"

#define MAP_EVENTS_MAX 256
/* Keys of the state hash with bit 63 are kernel state (axiom/state_hash.h). */
#define BIT64_MAPS ((UINT64_C(1) << 63) | (UINT64_C(1) << 32))

struct tracked_map {
    struct bpf_map *map;
    uint64_t generation;
    uint64_t digest;
    bool is_shared;
};

static struct {
    struct spinlock drain_lock; /* a ring has one reader at a time */
    struct state_hash_source source;
    uint32_t count;
    struct tracked_map maps[MAP_EVENTS_MAX];
} tracked;

static uint64_t maps_hash(struct state_hash_source *source)
{
    (void)source;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < tracked.count; i++) {
        struct tracked_map *t = &tracked.maps[i];
        uint64_t generation = bpf_map_generation(t->map);
        if (t->generation != generation) {
            t->digest = bpf_map_digest(t->map);
            t->generation = generation;
        }
        hash ^= state_hash_term(BIT64_MAPS | i, t->digest);
    }
    return hash;
}

void map_events_init(void)
{
    memset(&tracked, 0, sizeof tracked);
    spin_lock_init(&tracked.drain_lock);
    tracked.source.hash = maps_hash;
    state_hash_source_add(&tracked.source);
}

struct bpf_map *map_events_shared(const char *name)
{
    for (uint32_t i = 0; i < tracked.count; i++) {
        if (tracked.maps[i].is_shared && strcmp(tracked.maps[i].map->name, name) == 0)
            return tracked.maps[i].map;
    }
    return NULL;
}

int map_events_add(struct bpf_map *map, bool shared)
{
    for (uint32_t i = 0; i < tracked.count; i++) {
        if (tracked.maps[i].map == map)
            return 0;
    }
    if (tracked.count == MAP_EVENTS_MAX)
        return -ENOSPC;
    tracked.maps[tracked.count++] = (struct tracked_map){
        .map = bpf_map_get(map),
        .generation = bpf_map_generation(map),
        .digest = bpf_map_digest(map),
        .is_shared = shared,
    };
    return 0;
}

uint32_t map_events_count(void)
{
    return tracked.count;
}

void map_events_forget(uint32_t first)
{
    while (tracked.count > first) {
        struct bpf_map *map = tracked.maps[--tracked.count].map;
        bpf_map_clear_objects(map);
        bpf_map_put(map);
    }
}

static void emit_value(const struct bpf_map *map, const struct bpf_map_entry *entry,
                       const void *value, uint32_t value_size)
{
    struct event event = {
        .kind = EVENT_BPF_MAP,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OUTPUT,
        .bpf_map = {
            .map = map->name,
            .key = entry->key,
            .value = value,
            .key_size = entry->key_size,
            .value_size = value_size,
        },
    };
    event_emit(&event);
}

/* The values of several CPUs are put behind each other first. */
static void emit_entry(const struct bpf_map *map, const struct bpf_map_entry *entry)
{
    uint64_t size = bpf_map_entry_size(entry);
    if (entry->value_count <= 1) {
        emit_value(map, entry, entry->value, entry->value_size);
        return;
    }
    void *values = kzalloc(size);
    if (values == NULL) {
        log_err("bpf: map %s: no memory to record its values of %u CPUs", map->name,
                entry->value_count);
        return;
    }
    bpf_map_entry_copy(entry, values);
    emit_value(map, entry, values, (uint32_t)size);
    kfree(values);
}

void map_events_exit(void)
{
    state_hash_source_remove(&tracked.source);
    for (uint32_t i = 0; i < tracked.count; i++) {
        struct bpf_map *map = tracked.maps[i].map;
        struct bpf_map_entry entry;
        uint64_t cursor = 0;
        while (bpf_map_iterate(map, &cursor, &entry))
            emit_entry(map, &entry);
    }
    map_events_forget(0);
}

void map_events_drain(struct bpf_map *ringbuf)
{
    struct bpf_map_entry entry = { 0 };
    struct irq_state irq = spin_lock_irqsave(&tracked.drain_lock);
    while (bpf_ringbuf_peek(ringbuf, &entry.value, &entry.value_size)) {
        emit_entry(ringbuf, &entry);
        bpf_ringbuf_consume(ringbuf);
    }
    spin_unlock_irqrestore(&tracked.drain_lock, irq);
}
