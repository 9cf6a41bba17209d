/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* struct_ops: one value, a struct of functions that programs are (Linux:
 * kernel/bpf/bpf_struct_ops.c, whose states and errno these are).
 *
 *     INIT --update--> REGISTERING --> IN_USE --delete--> TO_BE_FREED    (or back to INIT: refused)
 *     INIT --update--> READY                           (BPF_F_LINK: a link registers it)
 *
 * The programs are set by member before the update; after it nothing changes any more. Bytes of the
 * value that are members of programs are zeros. */
#include <bpf/prog.h>
#include <bpf_internal/map.h>
#include <bpf_internal/object_map.h>

enum struct_ops_state { INIT, REGISTERING, IN_USE, TO_BE_FREED, READY };

struct struct_ops_map {
    struct bpf_map map;
    uint32_t lock;
    uint32_t state;          /* enum struct_ops_state; leaves INIT under the lock */
    struct bpf_prog **progs; /* value_size / 8 of them */
    uint8_t value[] __attribute__((aligned(16)));
};

static struct struct_ops_map *ops_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct struct_ops_map, map);
}

static int struct_ops_check(const struct bpf_map_spec *spec, uint32_t cpu_count,
                            uint64_t *size_bytes, struct bpf_error *error)
{
    (void)cpu_count;
    if (spec->key_size != 4 || spec->max_entries != 1)
        return map_refuse(spec, error, "a struct_ops has one entry with a 4-byte key");
    if (spec->value_size == 0 || spec->btf_vmlinux_value_type_id == 0)
        return map_refuse(spec, error, "the kernel has no struct_ops of that type");
    *size_bytes = align_up64(sizeof(struct struct_ops_map) + spec->value_size, 16) +
                  spec->value_size / 8 * sizeof(struct bpf_prog *);
    return 0;
}

static void struct_ops_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    uint64_t offset = align_up64(sizeof(struct struct_ops_map) + spec->value_size, 16);
    ops_of(map)->progs = (struct bpf_prog **)(void *)((uint8_t *)map + offset);
}

void struct_ops_drop(struct bpf_map *map)
{
    for (uint32_t i = 0; i < map->value_size / 8; i++) {
        struct bpf_prog *prog = ops_of(map)->progs[i];
        ops_of(map)->progs[i] = NULL;
        bpf_prog_put(prog);
    }
}

static bool is_set(const struct bpf_map *map)
{
    uint32_t state = __atomic_load_n(&ops_of(map)->state, __ATOMIC_ACQUIRE);
    return state != INIT && state != REGISTERING;
}

static bool is_member(const struct bpf_map *map, uint32_t offset)
{
    return map->ops == &bpf_struct_ops_ops && offset % 8 == 0 && offset < map->value_size / 8 * 8;
}

int bpf_struct_ops_set_prog(struct bpf_map *map, uint32_t offset, struct bpf_prog *prog)
{
    if (!is_member(map, offset))
        return -EINVAL;
    struct bpf_prog *old = prog == NULL ? NULL : bpf_prog_get(prog);
    uint64_t state = map_lock(map->env, &ops_of(map)->lock);
    int err = ops_of(map)->state == INIT ? 0 : -EBUSY;
    if (err == 0) {
        old = ops_of(map)->progs[offset / 8];
        ops_of(map)->progs[offset / 8] = prog;
    }
    map_unlock(map->env, &ops_of(map)->lock, state);
    bpf_prog_put(old);
    return err;
}

struct bpf_prog *bpf_struct_ops_prog(const struct bpf_map *map, uint32_t offset)
{
    return is_member(map, offset) ? ops_of(map)->progs[offset / 8] : NULL;
}

/* Registering may sleep and call back, so it is done without the lock: the state is taken first. */
static int struct_ops_update(struct bpf_map *map, const void *key, const void *value,
                             uint64_t flags)
{
    struct struct_ops_map *ops = ops_of(map);
    const struct bpf_env *env = map->env;
    bool by_link = (map->flags & BPF_F_LINK) != 0;
    if (flags != BPF_ANY)
        return -EINVAL;
    if (get_le32(key) != 0)
        return -E2BIG;
    if (!by_link && env->struct_ops_register == NULL)
        return -EOPNOTSUPP;
    uint64_t state = map_lock(env, &ops->lock);
    int err = ops->state == INIT ? 0 : -EBUSY;
    if (err == 0) {
        map_store(ops->value, value, map->value_size);
        __atomic_store_n(&ops->state, by_link ? READY : REGISTERING, __ATOMIC_RELEASE);
    }
    map_unlock(env, &ops->lock, state);
    if (err != 0 || by_link)
        return err;
    err = env->struct_ops_register(env->user, map);
    __atomic_store_n(&ops->state, err == 0 ? IN_USE : INIT, __ATOMIC_RELEASE);
    return err;
}

static int struct_ops_delete(struct bpf_map *map, const void *key)
{
    (void)key;
    uint32_t state = IN_USE;
    if ((map->flags & BPF_F_LINK) != 0)
        return -EOPNOTSUPP;
    if (!__atomic_compare_exchange_n(&ops_of(map)->state, &state, TO_BE_FREED, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return state == TO_BE_FREED ? -EINPROGRESS : -ENOENT;
    map->env->struct_ops_unregister(map->env->user, map);
    return 0;
}

static int struct_ops_copy(struct bpf_map *map, const void *key, void *value)
{
    if (get_le32(key) != 0)
        return -ENOENT;
    memset(value, 0, map->value_size);
    if (is_set(map))
        map_load(value, ops_of(map)->value, map->value_size);
    return 0;
}

static int struct_ops_next(struct bpf_map *map, const void *key, void *next_key)
{
    (void)map;
    if (key != NULL && get_le32(key) == 0)
        return -ENOENT;
    put_le32(next_key, 0);
    return 0;
}

static bool struct_ops_iterate(const struct bpf_map *map, uint64_t *cursor,
                               struct bpf_map_entry *out)
{
    if ((*cursor)++ != 0 || !is_set(map))
        return false;
    *out = (struct bpf_map_entry){ .key = &out->index,
                                   .key_size = 4,
                                   .value = ops_of(map)->value,
                                   .value_size = map->value_size,
                                   .value_count = 1 };
    return true;
}

const struct bpf_map_ops bpf_struct_ops_ops = {
    .type = BPF_MAP_TYPE_STRUCT_OPS,
    .name = "struct_ops",
    .bit = BPF_MAP_BIT_STRUCT_OPS,
    .flags = BPF_F_LINK,
    .check = struct_ops_check,
    .init = struct_ops_init,
    .destroy = struct_ops_drop,
    .copy = struct_ops_copy,
    .update = struct_ops_update,
    .delete = struct_ops_delete,
    .next = struct_ops_next,
    .iterate = struct_ops_iterate,
    .holds = object_map_holds,
};
