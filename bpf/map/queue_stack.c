/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Queue and stack: values without keys, the oldest or the newest comes out first (Linux:
 * kernel/bpf/queue_stack_maps.c). One ring, one lock; BPF_EXIST lets a push into a full one forget
 * the oldest value. */
#include <bpf_internal/map.h>

struct queue_map {
    struct bpf_map map;
    uint32_t lock;
    /* lock protects: */
    uint32_t oldest, count;
    uint32_t stride;
    uint8_t values[] __attribute__((aligned(16)));
};

static struct queue_map *queue_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct queue_map, map);
}

static int queue_check(const struct bpf_map_spec *spec, uint32_t cpu_count, uint64_t *size_bytes,
                       struct bpf_error *error)
{
    (void)cpu_count;
    if (spec->key_size != 0)
        return map_refuse(spec, error, "a queue or stack has no keys (key_size 0)");
    if (spec->value_size == 0)
        return map_refuse(spec, error, "value_size must be 1 or more");
    *size_bytes =
        sizeof(struct queue_map) + (uint64_t)spec->max_entries * align_up64(spec->value_size, 8);
    return 0;
}

static void queue_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    (void)spec;
    queue_of(map)->stride = (uint32_t)align_up64(map->value_size, 8);
}

/* The value that came `age` after the oldest. */
static uint8_t *value_at(const struct queue_map *queue, uint32_t after_oldest)
{
    uint64_t index = ((uint64_t)queue->oldest + after_oldest) % queue->map.max_entries;
    return (uint8_t *)(uintptr_t)queue->values + index * queue->stride;
}

static int queue_push(struct bpf_map *map, const void *value, uint64_t flags)
{
    struct queue_map *queue = queue_of(map);
    if ((flags & BPF_NOEXIST) != 0 || flags > BPF_EXIST)
        return -EINVAL;
    uint64_t state = map_lock(map->env, &queue->lock);
    int err = 0;
    if (queue->count == map->max_entries) {
        if ((flags & BPF_EXIST) == 0)
            err = -E2BIG;
        else
            queue->oldest = (queue->oldest + 1) % map->max_entries;
    } else {
        queue->count++;
    }
    if (err == 0)
        memmove(value_at(queue, queue->count - 1), value, map->value_size);
    map_unlock(map->env, &queue->lock, state);
    return err;
}

static int get(struct bpf_map *map, void *value, bool newest, bool remove)
{
    struct queue_map *queue = queue_of(map);
    uint64_t state = map_lock(map->env, &queue->lock);
    int err = 0;
    if (queue->count == 0) {
        memset(value, 0, map->value_size);
        err = -ENOENT;
    } else {
        memmove(value, value_at(queue, newest ? queue->count - 1 : 0), map->value_size);
        if (remove && !newest)
            queue->oldest = (queue->oldest + 1) % map->max_entries;
        queue->count -= remove;
    }
    map_unlock(map->env, &queue->lock, state);
    return err;
}

static int queue_pop(struct bpf_map *map, void *value)
{
    return get(map, value, false, true);
}

static int queue_peek(struct bpf_map *map, void *value)
{
    return get(map, value, false, false);
}

static int stack_pop(struct bpf_map *map, void *value)
{
    return get(map, value, true, true);
}

static int stack_peek(struct bpf_map *map, void *value)
{
    return get(map, value, true, false);
}

static int no_key(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    (void)map;
    (void)key;
    (void)value;
    (void)flags;
    return -EINVAL;
}

static int no_delete(struct bpf_map *map, const void *key)
{
    return no_key(map, key, NULL, 0);
}

static int no_next(struct bpf_map *map, const void *key, void *next_key)
{
    return no_key(map, key, next_key, 0);
}

/* From the oldest on, in both. */
static bool queue_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    const struct queue_map *queue = queue_of(map);
    if (*cursor >= queue->count)
        return false;
    *out = (struct bpf_map_entry){ .value = value_at(queue, (uint32_t)*cursor),
                                   .value_size = map->value_size,
                                   .value_count = 1 };
    (*cursor)++;
    return true;
}

/* Programs get copies only. */
static bool queue_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    (void)map;
    (void)offset;
    (void)size_bytes;
    return false;
}

#define QUEUE_COMMON                                                                           \
    .flags =                                                                                   \
        BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, \
    .check = queue_check, .init = queue_init, .update = no_key, .delete = no_delete,           \
    .push = queue_push, .next = no_next, .iterate = queue_iterate, .holds = queue_holds

const struct bpf_map_ops bpf_queue_ops = {
    .type = BPF_MAP_TYPE_QUEUE,
    .name = "queue",
    .bit = BPF_MAP_BIT_QUEUE,
    .pop = queue_pop,
    .peek = queue_peek,
    QUEUE_COMMON,
};

const struct bpf_map_ops bpf_stack_ops = {
    .type = BPF_MAP_TYPE_STACK,
    .name = "stack",
    .bit = BPF_MAP_BIT_STACK,
    .pop = stack_pop,
    .peek = stack_peek,
    QUEUE_COMMON,
};
