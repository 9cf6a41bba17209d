/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps as events and as part of the state hash. Internal to core/bpf_glue. */
#pragma once
#include <bpf/map.h>

/* -ENOSPC: more maps than MAP_EVENTS_MAX. Takes a reference. One that is here already is not added
 * again. `shared`: other objects find it by its name. */
int map_events_add(struct bpf_map *map, bool shared);
/* The map that objects share under this name, or NULL. Owned here. */
struct bpf_map *map_events_shared(const char *name);
uint32_t map_events_count(void);
/* Gives back the maps from number `first` on, without emitting them. */
void map_events_forget(uint32_t first);
void map_events_init(void);
/* The final contents of all maps, then their references are given back. */
void map_events_exit(void);
/* A ring buffer's committed records: recorded as they come, as a reader in user space would see
 * them, and consumed. Any context. */
void map_events_drain(struct bpf_map *ringbuf);
