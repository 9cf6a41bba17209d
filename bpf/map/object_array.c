/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arrays of programs (for tail calls) and of maps: pointers by a 32-bit index, none at first.
 *
 * Programs read them with one load. They change from outside only, by one exchange; what was there
 * is given back when every run that may have seen it has ended (env->synchronize). */
#include <bpf/prog.h>
#include <bpf_internal/map.h>
#include <bpf_internal/object_map.h>

struct object_array {
    struct bpf_map map;
    struct bpf_map inner;                     /* array of maps: the template */
    const struct bpf_context_layout *context; /* prog array: of all programs in it and using it */
    void *objects[];
};

static struct object_array *array_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct object_array, map);
}

static int check_sizes(const struct bpf_map_spec *spec, uint64_t *size_bytes,
                       struct bpf_error *error)
{
    if (spec->key_size != 4 || spec->value_size != 4)
        return map_refuse(spec, error,
                          "its key is a 4-byte index and its value a 4-byte handle, not %u and "
                          "%u bytes",
                          spec->key_size, spec->value_size);
    *size_bytes = sizeof(struct object_array) + spec->max_entries * (uint64_t)sizeof(void *);
    return 0;
}

static int prog_array_check(const struct bpf_map_spec *spec, uint32_t cpu_count,
                            uint64_t *size_bytes, struct bpf_error *error)
{
    (void)cpu_count;
    return check_sizes(spec, size_bytes, error);
}

static int array_of_maps_check(const struct bpf_map_spec *spec, uint32_t cpu_count,
                               uint64_t *size_bytes, struct bpf_error *error)
{
    int err = check_sizes(spec, size_bytes, error);
    return err != 0 ? err : object_map_check_inner(spec, cpu_count, error);
}

static void prog_array_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    (void)map;
    (void)spec;
}

static void array_of_maps_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    object_map_make_inner(map, &array_of(map)->inner, spec);
}

static void *object_at(const struct bpf_map *map, uint64_t index)
{
    if (index >= map->max_entries)
        return NULL;
    return __atomic_load_n(&array_of(map)->objects[index], __ATOMIC_ACQUIRE);
}

static void give_back(struct bpf_map *map, void *object)
{
    if (map->ops == &bpf_prog_array_ops)
        bpf_prog_put(object);
    else
        bpf_map_put(object);
}

static void array_destroy(struct bpf_map *map)
{
    for (uint32_t i = 0; i < map->max_entries; i++)
        give_back(map, array_of(map)->objects[i]);
}

static int exchange(struct bpf_map *map, const void *key, void *object, void **old)
{
    uint32_t index = get_le32(key);
    if (index >= map->max_entries)
        return -E2BIG;
    *old = __atomic_exchange_n(&array_of(map)->objects[index], object, __ATOMIC_ACQ_REL);
    if (*old != NULL) {
        object_map_wait(map);
        give_back(map, *old);
    }
    return 0;
}

static int array_delete(struct bpf_map *map, const void *key)
{
    void *old;
    int err = exchange(map, key, NULL, &old);
    return err == 0 && old == NULL ? -ENOENT : err;
}

/* --- Programs --- */

/* The first program decides for which context all are. */
static bool claim(struct object_array *array, const struct bpf_context_layout *context)
{
    const struct bpf_context_layout *owner = NULL;
    return __atomic_compare_exchange_n(&array->context, &owner, context, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE) ||
           owner == context;
}

bool bpf_prog_array_accepts(struct bpf_map *map, const struct bpf_context_layout *context)
{
    return map->ops == &bpf_prog_array_ops && claim(array_of(map), context);
}

static int prog_array_set(struct bpf_map *map, const void *key, void *object, uint64_t flags)
{
    void *old;
    struct bpf_prog *prog = object;
    if (flags != BPF_ANY)
        return -EINVAL;
    if (get_le32(key) >= map->max_entries)
        return -E2BIG;
    if (prog == NULL)
        return array_delete(map, key);
    if (!claim(array_of(map), bpf_prog_context(prog)))
        return -EINVAL;
    return exchange(map, key, bpf_prog_get(prog), &old);
}

static const struct bpf_prog *prog_array_program(const struct bpf_map *map, uint32_t index)
{
    return object_at(map, index);
}

/* --- Maps --- */

static int array_of_maps_set(struct bpf_map *map, const void *key, void *object, uint64_t flags)
{
    void *old;
    if (flags != BPF_ANY)
        return -EINVAL;
    if (get_le32(key) >= map->max_entries)
        return -E2BIG;
    if (object == NULL)
        return array_delete(map, key);
    if (!bpf_map_fits_inner(map, object))
        return -EINVAL;
    return exchange(map, key, bpf_map_get(object), &old);
}

static void *array_of_maps_lookup(struct bpf_map *map, const void *key)
{
    return object_at(map, get_le32(key));
}

/* --- Walks: entries that are set --- */

static int array_next(struct bpf_map *map, const void *key, void *next_key)
{
    uint32_t index = key == NULL ? 0 : get_le32(key) + 1;
    if (key != NULL && get_le32(key) >= map->max_entries)
        index = 0;
    if (index >= map->max_entries)
        return -ENOENT;
    put_le32(next_key, index);
    return 0;
}

static bool array_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    while (*cursor < map->max_entries && object_at(map, *cursor) == NULL)
        (*cursor)++;
    if (*cursor >= map->max_entries)
        return false;
    uint32_t index = (uint32_t)(*cursor)++;
    *out = (struct bpf_map_entry){ .key = &out->index,
                                   .key_size = 4,
                                   .value = &out->word,
                                   .value_size = sizeof out->word,
                                   .value_count = 1,
                                   .index = index };
    if (map->ops == &bpf_prog_array_ops) {
        const char *name = bpf_prog_name(object_at(map, index));
        out->word = bpf_hash_bytes(name, strlen(name), 0);
    } else {
        out->word = bpf_map_digest(object_at(map, index));
    }
    return true;
}

#define OBJECT_ARRAY                                                                 \
    .holds_objects = true, .destroy = array_destroy, .update = object_map_no_update, \
    .delete = array_delete, .next = array_next, .iterate = array_iterate,            \
    .holds = object_map_holds, .flags = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY

const struct bpf_map_ops bpf_prog_array_ops = {
    .type = BPF_MAP_TYPE_PROG_ARRAY,
    .name = "prog_array",
    .bit = BPF_MAP_BIT_PROG_ARRAY,
    .check = prog_array_check,
    .init = prog_array_init,
    .set_object = prog_array_set,
    .program = prog_array_program,
    OBJECT_ARRAY,
};

const struct bpf_map_ops bpf_array_of_maps_ops = {
    .type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
    .name = "array_of_maps",
    .bit = BPF_MAP_BIT_ARRAY_OF_MAPS,
    .check = array_of_maps_check,
    .init = array_of_maps_init,
    .lookup = array_of_maps_lookup,
    .set_object = array_of_maps_set,
    OBJECT_ARRAY,
};
