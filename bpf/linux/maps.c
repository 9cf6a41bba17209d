/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps that only Linux has (perf event arrays, stack traces, sockets, ...): stand-ins that have a
 * type and sizes, so that programs which name them can be checked at a desk, and no contents. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/helper.h>
#include <bpf_linux/maps.h>

/* What Linux asks of a map's definition. 0 or its errno. */
typedef int check_spec(const struct bpf_map_spec *spec);

struct stand_in {
    struct bpf_map_ops ops;
    uint32_t flags; /* BPF_F_* that it may be created with */
    check_spec *check;
};

/* Flags that Axiom's own maps do not have. */
#define BPF_F_STACK_BUILD_ID (1u << 5)
#define BPF_F_CLONE          (1u << 9)
#define BPF_F_PRESERVE_ELEMS (1u << 11)
#define BPF_F_SEGV_ON_FAULT  (1u << 17)
#define BPF_F_NO_USER_CONV   (1u << 18)

#define OUTSIDE       (BPF_F_RDONLY | BPF_F_WRONLY)
#define NUMA          BPF_F_NUMA_NODE
#define PROGRAMS      (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)
#define STACK_DEPTH   127u   /* sysctl kernel.perf_event_max_stack */
#define LINUX_CPU_MAX 8192u  /* NR_CPUS of a distribution's kernel */
#define BUILD_ID      32u    /* struct bpf_stack_build_id */
#define KEY_MAX       512u   /* MAX_BPF_STACK */
#define PERCPU_MAX    32768u /* PCPU_MIN_UNIT_SIZE */
#define STORAGE_MAX   (UINT16_MAX - 128u)

static bool has_array_shape(const struct bpf_map_spec *spec)
{
    return spec->max_entries != 0 && spec->key_size == 4;
}

static bool is_4_or_8(uint32_t size)
{
    return size == 4 || size == 8;
}

/* Arrays of descriptors: kernel/bpf/arraymap.c, fd_array_map_alloc_check() */
static int check_fd_array(const struct bpf_map_spec *spec)
{
    return has_array_shape(spec) && spec->value_size == 4 ? 0 : -EINVAL;
}

/* kernel/bpf/reuseport_array.c, devmap.c */
static int check_pointer_array(const struct bpf_map_spec *spec)
{
    return has_array_shape(spec) && is_4_or_8(spec->value_size) ? 0 : -EINVAL;
}

/* kernel/bpf/stackmap.c */
static int check_stacks(const struct bpf_map_spec *spec)
{
    uint32_t unit = (spec->flags & BPF_F_STACK_BUILD_ID) != 0 ? BUILD_ID : 8;
    if (!has_array_shape(spec) || spec->value_size < 8 || spec->value_size % unit != 0 ||
        spec->value_size / unit > STACK_DEPTH)
        return -EINVAL;
    return spec->max_entries > 1u << 31 ? -E2BIG : 0;
}

/* kernel/bpf/cpumap.c */
static int check_cpus(const struct bpf_map_spec *spec)
{
    int err = check_pointer_array(spec);
    return err == 0 && spec->max_entries > LINUX_CPU_MAX ? -E2BIG : err;
}

/* net/core/sock_map.c */
static int check_sockmap(const struct bpf_map_spec *spec)
{
    return spec->max_entries > INT32_MAX ? -EINVAL : check_pointer_array(spec);
}

static int check_sockhash(const struct bpf_map_spec *spec)
{
    if (spec->max_entries == 0 || spec->key_size == 0 || !is_4_or_8(spec->value_size))
        return -EINVAL;
    return spec->key_size > KEY_MAX ? -E2BIG : 0;
}

/* kernel/bpf/local_storage.c */
static int check_cgroup(const struct bpf_map_spec *spec)
{
    uint32_t most = spec->type == 21 ? PERCPU_MAX : STORAGE_MAX;
    if ((spec->key_size != 16 && spec->key_size != 8) || spec->value_size == 0)
        return -EINVAL;
    if (spec->value_size > most)
        return -E2BIG;
    bool both = (spec->flags & PROGRAMS) == PROGRAMS;
    return spec->max_entries != 0 || both ? -EINVAL : 0;
}

/* kernel/bpf/bpf_local_storage.c */
static int check_storage(const struct bpf_map_spec *spec)
{
    if ((spec->flags & BPF_F_NO_PREALLOC) == 0 || spec->max_entries != 0 || spec->key_size != 4 ||
        spec->value_size == 0 || spec->btf_key_type_id == 0 || spec->btf_value_type_id == 0)
        return -EINVAL;
    return spec->value_size > STORAGE_MAX ? -E2BIG : 0;
}

/* kernel/bpf/ringbuf.c */
static int check_ring(const struct bpf_map_spec *spec)
{
    bool is_power = (spec->max_entries & (spec->max_entries - 1)) == 0;
    return spec->key_size == 0 && spec->value_size == 0 && spec->max_entries != 0 && is_power &&
                   spec->max_entries % BPF_PAGE_SIZE == 0
               ? 0
               : -EINVAL;
}

/* kernel/bpf/arena.c: map_extra is where user space wants it, 0: anywhere. Addresses in it differ in their lower
 * half only. */
static int check_arena(const struct bpf_map_spec *spec)
{
    uint64_t size = (uint64_t)spec->max_entries * BPF_PAGE_SIZE;
    if (spec->key_size != 0 || spec->value_size != 0 || size == 0 || (spec->flags & BPF_F_MMAPABLE) == 0 ||
        spec->map_extra % BPF_PAGE_SIZE != 0)
        return -EINVAL;
    if (size > UINT64_C(1) << 32)
        return -E2BIG;
    return spec->map_extra >> 32 == (spec->map_extra + size - 1) >> 32 ? 0 : -ERANGE;
}

#define ROW(number, text, which, with_flags, checked)                                           \
    {                                                                                           \
        { .type = (number), .name = (text), .bit = BPF_MAP_BIT_##which }, (with_flags), checked \
    }

/* Numbers: Linux, include/uapi/linux/bpf.h, enum bpf_map_type. */
static const struct stand_in stand_ins[] = {
    ROW(4, "perf event array", PERF_EVENT_ARRAY, NUMA | OUTSIDE | BPF_F_PRESERVE_ELEMS,
        check_fd_array),
    ROW(7, "stack trace", STACK_TRACE, NUMA | OUTSIDE | BPF_F_STACK_BUILD_ID, check_stacks),
    ROW(8, "cgroup array", CGROUP_ARRAY, NUMA | OUTSIDE, check_fd_array),
    ROW(14, "devmap", DEVMAP, NUMA | OUTSIDE, check_pointer_array),
    ROW(15, "sockmap", SOCKMAP, NUMA | OUTSIDE, check_sockmap),
    ROW(16, "cpumap", CPUMAP, NUMA, check_cpus),
    ROW(17, "xskmap", XSKMAP, NUMA | OUTSIDE, check_fd_array),
    ROW(18, "sockhash", SOCKHASH, NUMA | OUTSIDE, check_sockhash),
    ROW(19, "cgroup storage", CGROUP_STORAGE, NUMA | OUTSIDE | PROGRAMS, check_cgroup),
    ROW(20, "reuseport sockarray", REUSEPORT, NUMA | OUTSIDE | PROGRAMS, check_pointer_array),
    ROW(21, "per-cpu cgroup storage", CGROUP_STORAGE, NUMA | OUTSIDE | PROGRAMS, check_cgroup),
    ROW(24, "socket storage", SK_STORAGE, BPF_F_NO_PREALLOC | BPF_F_CLONE, check_storage),
    ROW(25, "devmap hash", DEVMAP, NUMA | OUTSIDE, check_pointer_array),
    ROW(28, "inode storage", INODE_STORAGE, BPF_F_NO_PREALLOC | BPF_F_CLONE, check_storage),
    ROW(29, "task storage", TASK_STORAGE, BPF_F_NO_PREALLOC | BPF_F_CLONE, check_storage),
    ROW(31, "user ring buffer", USER_RINGBUF, NUMA, check_ring),
    ROW(32, "cgroup storage", CGRP_STORAGE, BPF_F_NO_PREALLOC | BPF_F_CLONE, check_storage),
    ROW(33, "arena", ARENA, BPF_F_MMAPABLE | BPF_F_SEGV_ON_FAULT | BPF_F_NO_USER_CONV, check_arena),
};

static const struct stand_in *find_row(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_SIZE(stand_ins); i++) {
        if (stand_ins[i].ops.type == type)
            return &stand_ins[i];
    }
    return NULL;
}

int bpf_linux_map_create(const struct bpf_env *env, const struct bpf_map_spec *spec,
                         struct bpf_map **out, struct bpf_error *error)
{
    const struct stand_in *row = find_row(spec->type);
    if (row == NULL)
        return bpf_map_create(env, spec, out, error);
    int err = row->check(spec);
    /* All but cgroup storage look at the flags before they find something too big. */
    bool is_decided = err == -E2BIG && row->ops.bit == BPF_MAP_BIT_CGROUP_STORAGE;
    if (!is_decided && (spec->flags & ~row->flags) != 0)
        err = -EINVAL;
    if (err != 0)
        return bpf_error_set(
            error, err, BPF_ERROR_NO_OFFSET,
            "map %s: Linux makes no %s of %u entries with %u-byte keys and %u-byte "
            "values and flags 0x%x",
            spec->name, row->ops.name, spec->max_entries, spec->key_size, spec->value_size,
            spec->flags);
    if (spec->special_field_count > BPF_SPECIAL_FIELD_MAX)
        return bpf_error_set(error, -E2BIG, BPF_ERROR_NO_OFFSET,
                             "map %s: its value has more than %u locks, timers and kernel pointers",
                             spec->name, BPF_SPECIAL_FIELD_MAX);
    struct bpf_map *map = bpf_env_alloc(env, sizeof *map);
    if (map == NULL)
        return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for map %s",
                             spec->name);
    map->ops = &row->ops;
    map->env = env;
    map->key_size = spec->key_size;
    map->value_size = spec->value_size;
    map->max_entries = spec->max_entries;
    /* A lookup gives a pointer to the kernel's own number. */
    map->flags = spec->flags | (row->ops.bit == BPF_MAP_BIT_DEVMAP ? BPF_F_RDONLY_PROG : 0u);
    map->map_extra = spec->map_extra;
    map->btf_key_type_id = spec->btf_key_type_id;
    map->btf_value_type_id = spec->btf_value_type_id;
    map->special_field_count = spec->special_field_count;
    for (uint32_t i = 0; i < spec->special_field_count; i++)
        map->special_fields[i] = spec->special_fields[i];
    map->size_bytes = sizeof *map;
    map->reference_count = 1;
    memcpy(map->name, spec->name, sizeof map->name);
    *out = map;
    return 0;
}
