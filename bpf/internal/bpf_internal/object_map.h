/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What maps that hold maps or programs share. */
#pragma once
#include <bpf_internal/map.h>

/* The spec's `inner` is there, and is one that can be made. -EINVAL. */
int object_map_check_inner(const struct bpf_map_spec *spec, uint32_t cpu_count,
                           struct bpf_error *error);
/* Fills the template and makes it map->inner. */
void object_map_make_inner(struct bpf_map *map, struct bpf_map *inner,
                           const struct bpf_map_spec *spec);
/* Until no program can have what was taken out. */
void object_map_wait(const struct bpf_map *map);

/* Programs may not change such maps, and their values are nobody's memory. */
int object_map_no_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags);
bool object_map_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes);
