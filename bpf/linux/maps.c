/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps that only Linux has (perf event arrays, stack traces, sockets, ...): stand-ins that have a
 * type and sizes, so that programs which name them can be checked at a desk, and no contents. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf_linux/maps.h>

#define STAND_IN(number, text, which)                                \
    {                                                                \
        .type = (number), .name = (text), .bit = BPF_MAP_BIT_##which \
    }

/* Numbers: Linux, include/uapi/linux/bpf.h, enum bpf_map_type. */
static const struct bpf_map_ops stand_ins[] = {
    STAND_IN(4, "perf event array", PERF_EVENT_ARRAY),
    STAND_IN(7, "stack trace", STACK_TRACE),
    STAND_IN(8, "cgroup array", CGROUP_ARRAY),
    STAND_IN(14, "devmap", DEVMAP),
    STAND_IN(15, "sockmap", SOCKMAP),
    STAND_IN(16, "cpumap", CPUMAP),
    STAND_IN(17, "xskmap", XSKMAP),
    STAND_IN(18, "sockhash", SOCKHASH),
    STAND_IN(19, "cgroup storage", CGROUP_STORAGE),
    STAND_IN(20, "reuseport sockarray", REUSEPORT),
    STAND_IN(21, "per-cpu cgroup storage", CGROUP_STORAGE),
    STAND_IN(24, "socket storage", SK_STORAGE),
    STAND_IN(25, "devmap hash", DEVMAP),
    STAND_IN(28, "inode storage", INODE_STORAGE),
    STAND_IN(29, "task storage", TASK_STORAGE),
    STAND_IN(31, "user ring buffer", USER_RINGBUF),
    STAND_IN(32, "cgroup storage", CGRP_STORAGE),
    STAND_IN(33, "arena", ARENA),
};

int bpf_linux_map_create(const struct bpf_env *env, const struct bpf_map_spec *spec,
                         struct bpf_map **out, struct bpf_error *error)
{
    const struct bpf_map_ops *ops = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(stand_ins); i++) {
        if (stand_ins[i].type == spec->type)
            ops = &stand_ins[i];
    }
    if (ops == NULL)
        return bpf_map_create(env, spec, out, error);
    struct bpf_map *map = bpf_env_alloc(env, sizeof *map);
    if (map == NULL)
        return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for map %s",
                             spec->name);
    map->ops = ops;
    map->env = env;
    map->key_size = spec->key_size;
    map->value_size = spec->value_size;
    map->max_entries = spec->max_entries;
    map->flags = spec->flags;
    /* What a lookup gives is a device's own number. */
    if (ops->bit == BPF_MAP_BIT_DEVMAP)
        map->flags |= BPF_F_RDONLY_PROG;
    map->size_bytes = sizeof *map;
    map->reference_count = 1;
    memcpy(map->name, spec->name, sizeof map->name);
    *out = map;
    return 0;
}
