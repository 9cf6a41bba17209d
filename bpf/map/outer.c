/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the commands of bpf(2) do with maps: access rights, freezing, values of all CPUs, batches.
 * The checks and their order are those of Linux's kernel/bpf/syscall.c. */
#include <bpf_internal/map.h>

uint64_t bpf_map_outer_value_size(const struct bpf_map *map)
{
    if (!map->ops->is_per_cpu)
        return map->value_size;
    return align_up64(map->value_size, 8) * map->cpu_count;
}

static bool is_keyless(const struct bpf_map *map)
{
    return map->ops->push != NULL;
}

static bool has_spin_lock(const struct bpf_map *map)
{
    for (uint32_t i = 0; i < map->special_field_count; i++) {
        if (map->special_fields[i].kind == BPF_SPECIAL_SPIN_LOCK)
            return true;
    }
    return false;
}

static int check_lock_flag(const struct bpf_map *map, uint64_t flags)
{
    return (flags & BPF_F_LOCK) != 0 && !has_spin_lock(map) ? -EINVAL : 0;
}

static bool may_read(const struct bpf_map *map)
{
    return (map->flags & BPF_F_WRONLY) == 0;
}

/* Between writer_enter() and writer_leave() the map cannot be frozen. -EPERM. */
static int writer_enter(struct bpf_map *map)
{
    __atomic_fetch_add(&map->writers, 1, __ATOMIC_SEQ_CST);
    bool refused =
        (map->flags & BPF_F_RDONLY) != 0 || __atomic_load_n(&map->frozen, __ATOMIC_SEQ_CST) != 0;
    if (refused)
        __atomic_fetch_sub(&map->writers, 1, __ATOMIC_RELEASE);
    return refused ? -EPERM : 0;
}

static int writer_leave(struct bpf_map *map, int result)
{
    __atomic_fetch_sub(&map->writers, 1, __ATOMIC_RELEASE);
    return result;
}

int bpf_map_freeze(struct bpf_map *map)
{
    uint32_t not_frozen = 0;
    if (map->ops == &bpf_struct_ops_ops || map->special_field_count != 0)
        return -ENOTSUPP;
    if ((map->flags & BPF_F_RDONLY) != 0)
        return -EPERM;
    if (!__atomic_compare_exchange_n(&map->frozen, &not_frozen, 1, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return -EPERM; /* as any other writer */
    if (__atomic_load_n(&map->writers, __ATOMIC_SEQ_CST) == 0)
        return 0;
    __atomic_store_n(&map->frozen, 0, __ATOMIC_SEQ_CST);
    return -EBUSY;
}

bool bpf_map_is_constant(const struct bpf_map *map)
{
    return (map->flags & BPF_F_RDONLY_PROG) != 0 && map->ops->direct_value != NULL &&
           __atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE) != 0;
}

/* --- One element --- */

static int copy_value(struct bpf_map *map, const void *key, void *value, uint64_t flags)
{
    if (is_keyless(map))
        return map->ops->peek(map, value);
    if (map->ops->set_object != NULL)
        return -ENOTSUPP;
    if (map->ops->copy != NULL && (flags & BPF_F_LOCK) == 0)
        return map->ops->copy(map, key, value);
    const void *from = bpf_map_lookup(map, key);
    if (from == NULL)
        return -ENOENT;
    map_value_load(map, value, from, (flags & BPF_F_LOCK) != 0);
    return 0;
}

static int update_value(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    int err;
    if (map->ops->set_object != NULL)
        return -ENOTSUPP;
    if (is_keyless(map))
        err = map->ops->push(map, value, flags);
    else if (map->ops->update_all != NULL)
        err = map->ops->update_all(map, key, value, flags);
    else
        return bpf_map_update(map, key, value, flags);
    if (err == 0)
        bpf_map_touch(map);
    return err;
}

int bpf_map_outer_lookup(struct bpf_map *map, const void *key, void *value, uint64_t flags)
{
    if ((flags & ~(uint64_t)BPF_F_LOCK) != 0)
        return -EINVAL;
    if (!may_read(map))
        return -EPERM;
    int err = check_lock_flag(map, flags);
    return err != 0 ? err : copy_value(map, key, value, flags);
}

int bpf_map_outer_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    int err = writer_enter(map);
    if (err != 0)
        return err;
    err = check_lock_flag(map, flags);
    return writer_leave(map, err != 0 ? err : update_value(map, key, value, flags));
}

int bpf_map_outer_delete(struct bpf_map *map, const void *key)
{
    int err = writer_enter(map);
    return err != 0 ? err : writer_leave(map, bpf_map_delete(map, key));
}

int bpf_map_outer_next(struct bpf_map *map, const void *key, void *next_key)
{
    return may_read(map) ? bpf_map_next(map, key, next_key) : -EPERM;
}

static int lookup_and_delete(struct bpf_map *map, const void *key, void *value, uint64_t flags)
{
    bool is_queue = is_keyless(map) && map->ops->pop != NULL;
    if (flags != 0 && is_queue)
        return -EINVAL;
    int err = check_lock_flag(map, flags);
    if (err != 0)
        return err;
    if (is_queue)
        return bpf_map_pop(map, value);
    if (map->ops->lookup_and_delete == NULL)
        return -ENOTSUPP;
    err = map->ops->lookup_and_delete(map, key, value);
    if (err == 0)
        bpf_map_touch(map);
    return err;
}

int bpf_map_outer_lookup_and_delete(struct bpf_map *map, const void *key, void *value,
                                    uint64_t flags)
{
    if ((flags & ~(uint64_t)BPF_F_LOCK) != 0)
        return -EINVAL;
    int err = writer_enter(map);
    if (err != 0)
        return err;
    return writer_leave(map, may_read(map) ? lookup_and_delete(map, key, value, flags) : -EPERM);
}

/* --- Maps and programs in maps --- */

int bpf_map_set_object(struct bpf_map *map, const void *key, void *object, uint64_t flags)
{
    if (map->ops->set_object == NULL)
        return -EINVAL;
    int err = writer_enter(map);
    if (err != 0)
        return err;
    err = map->ops->set_object(map, key, object, flags);
    if (err == 0)
        bpf_map_touch(map);
    return writer_leave(map, err);
}

void bpf_map_clear_objects(struct bpf_map *map)
{
    uint8_t key[BPF_MAP_KEY_SIZE_MAX], next[BPF_MAP_KEY_SIZE_MAX];
    if (map->ops == &bpf_struct_ops_ops)
        struct_ops_drop(map);
    if (map->ops->set_object == NULL)
        return;
    int err = map->ops->next(map, NULL, key);
    while (err == 0) {
        err = map->ops->next(map, key, next);
        map->ops->delete (map, key);
        memcpy(key, next, map->key_size);
    }
    bpf_map_touch(map);
}

/* --- Batches --- */

static int check_batch(const struct bpf_map *map, const struct bpf_map_batch *batch)
{
    if (is_keyless(map) || map->ops->set_object != NULL || map->ops->next == NULL ||
        map->ops->lookup == NULL)
        return -ENOTSUPP;
    if ((batch->element_flags & ~(uint64_t)BPF_F_LOCK) != 0)
        return -EINVAL;
    return check_lock_flag(map, batch->element_flags);
}

/* Nothing can be deleted from an array. */
static bool is_array(const struct bpf_map *map)
{
    return (map->ops->bit & (BPF_MAP_BIT_ARRAY | BPF_MAP_BIT_PERCPU_ARRAY)) != 0;
}

static void *nth(void *items, uint32_t n, uint64_t size)
{
    return (uint8_t *)items + n * size;
}

/* Types with buckets go bucket by bucket; others key by key: the position is the last key. */
static int lookup_by_keys(struct bpf_map *map, struct bpf_map_batch *batch)
{
    uint64_t value_size = bpf_map_outer_value_size(map);
    const void *last = batch->in_position;
    uint32_t wanted = batch->count, done = 0;
    uint8_t key[BPF_MAP_KEY_SIZE_MAX], previous[BPF_MAP_KEY_SIZE_MAX];
    int err = 0;
    while (done < wanted) {
        err = bpf_map_next(map, last, key);
        if (err != 0)
            break;
        err = copy_value(map, key, nth(batch->values, done, value_size), batch->element_flags);
        if (err == 0)
            memcpy(nth(batch->keys, done++, map->key_size), key, map->key_size);
        else if (err != -ENOENT)
            break;
        err = 0;
        memcpy(previous, key, map->key_size);
        last = previous;
    }
    batch->count = done;
    if (done != 0)
        memcpy(batch->out_position, previous, map->key_size);
    return err;
}

static int run_lookup(struct bpf_map *map, struct bpf_map_batch *batch, bool remove)
{
    if (batch->count == 0)
        return 0;
    if (map->ops->bucket_batch != NULL) {
        int err = map->ops->bucket_batch(map, batch, remove);
        if (remove)
            bpf_map_touch(map);
        return err;
    }
    return remove ? -ENOTSUPP : lookup_by_keys(map, batch);
}

int bpf_map_lookup_batch(struct bpf_map *map, struct bpf_map_batch *batch)
{
    if (!may_read(map))
        return -EPERM;
    int err = check_batch(map, batch);
    return err != 0 ? err : run_lookup(map, batch, false);
}

int bpf_map_lookup_and_delete_batch(struct bpf_map *map, struct bpf_map_batch *batch)
{
    int err = may_read(map) ? writer_enter(map) : -EPERM;
    if (err != 0)
        return err;
    err = check_batch(map, batch);
    return writer_leave(map, err != 0 ? err : run_lookup(map, batch, true));
}

int bpf_map_update_batch(struct bpf_map *map, struct bpf_map_batch *batch)
{
    uint64_t value_size = bpf_map_outer_value_size(map);
    uint32_t wanted = batch->count, done = 0;
    int err = writer_enter(map);
    if (err != 0)
        return err;
    err = check_batch(map, batch);
    if (err != 0 || wanted == 0)
        return writer_leave(map, err);
    for (; err == 0 && done < wanted; done += err == 0)
        err = update_value(map, nth(batch->keys, done, map->key_size),
                           nth(batch->values, done, value_size), batch->element_flags);
    batch->count = done;
    return writer_leave(map, err);
}

int bpf_map_delete_batch(struct bpf_map *map, struct bpf_map_batch *batch)
{
    uint32_t wanted = batch->count, done = 0;
    int err = writer_enter(map);
    if (err != 0)
        return err;
    err = is_array(map) ? -ENOTSUPP : check_batch(map, batch);
    if (err != 0 || wanted == 0)
        return writer_leave(map, err);
    for (; err == 0 && done < wanted; done += err == 0)
        err = bpf_map_delete(map, nth(batch->keys, done, map->key_size));
    batch->count = done;
    return writer_leave(map, err);
}
