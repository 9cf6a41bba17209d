/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A map's definition is the type of its variable in .maps, read from BTF: a member declared with
 * __uint(name, N) is a pointer to an array of N, one with __type(name, T) a pointer to T, and
 * __array(values, T) an array of pointers to T: what a map of maps holds, or programs. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

static int fail_member(struct object_loader *loader, const struct object_map *map,
                       const char *member, const char *what)
{
    return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET, "map %s: member %s %s", map->spec.name,
                       member, what);
}

/* N of int (*member)[N]. */
static bool read_uint(const struct bpf_btf *btf, uint32_t type_id, uint32_t *value)
{
    struct bpf_btf_type type;
    uint32_t element;
    if (!bpf_btf_resolve(btf, type_id, &type) || type.kind != BPF_BTF_PTR)
        return false;
    return bpf_btf_resolve(btf, type.size_or_type, &type) &&
           bpf_btf_array(btf, &type, &element, value);
}

/* T of T *member, and its size. */
static bool read_type(const struct bpf_btf *btf, uint32_t type_id, uint32_t *id,
                      uint32_t *size_bytes)
{
    struct bpf_btf_type type;
    if (!bpf_btf_resolve(btf, type_id, &type) || type.kind != BPF_BTF_PTR ||
        bpf_btf_size(btf, type.size_or_type, size_bytes) != 0)
        return false;
    *id = type.size_or_type;
    return true;
}

static int read_members(struct object_loader *loader, struct object_map *map, uint32_t type_id,
                        bool is_inner);

/* What __array(values, T) holds: maps (T is a definition) or programs (T is a function's type). */
static int read_values(struct object_loader *loader, struct object_map *map,
                       const struct bpf_btf_member *member, bool is_inner)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct bpf_btf_type type;
    uint32_t element, count;
    bool ok = !is_inner && bpf_btf_resolve(btf, member->type, &type) &&
              bpf_btf_array(btf, &type, &element, &count) && bpf_btf_resolve(btf, element, &type) &&
              type.kind == BPF_BTF_PTR && bpf_btf_resolve(btf, type.size_or_type, &type);
    if (!ok || (type.kind != BPF_BTF_STRUCT && type.kind != BPF_BTF_FUNC_PROTO))
        return fail_member(loader, map, member->name,
                           "must be an __array(...) of maps' definitions or of functions");
    map->has_values = true;
    map->values_at = member->bit_offset / 8;
    if (map->spec.key_size == 0)
        map->spec.key_size = 4;
    if (map->spec.value_size == 0)
        map->spec.value_size = 4;
    if (type.kind == BPF_BTF_FUNC_PROTO)
        return 0;
    struct object_map *inner = pool_alloc(&loader->object->pool, sizeof *inner);
    if (inner == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for map %s",
                           map->spec.name);
    string_copy(inner->spec.name, sizeof inner->spec.name, map->spec.name);
    map->spec.inner = &inner->spec;
    return read_members(loader, inner, type.id, true);
}

/* __ulong(name, value): an enumeration of one value, which may be wider than an array's length. */
static bool read_wide(const struct bpf_btf *btf, uint32_t type_id, uint64_t *out)
{
    struct bpf_btf_type type;
    struct bpf_btf_enumerator value;
    if (!bpf_btf_resolve(btf, type_id, &type) || type.member_count != 1 ||
        (type.kind != BPF_BTF_ENUM && type.kind != BPF_BTF_ENUM64) ||
        !bpf_btf_enumerator_at(btf, &type, 0, &value))
        return false;
    *out = value.value;
    return true;
}

static int read_number(struct object_loader *loader, struct object_map *map,
                       const struct bpf_btf_member *member, bool *known)
{
    struct bpf_map_spec *spec = &map->spec;
    uint32_t pinning = 0, extra = 0;
    const struct {
        const char *name;
        uint32_t *to;
    } numbers[] = {
        { "type", &spec->type },
        { "max_entries", &spec->max_entries },
        { "map_flags", &spec->flags },
        { "key_size", &spec->key_size },
        { "value_size", &spec->value_size },
        { "numa_node", &spec->numa_node },
        { "map_extra", &extra },
        { "pinning", &pinning },
    };
    *known = false;
    for (uint32_t i = 0; i < ARRAY_SIZE(numbers) && !*known; i++) {
        if (strcmp(numbers[i].name, member->name) != 0)
            continue;
        *known = true;
        if (numbers[i].to == &extra &&
            read_wide(loader->object->btf, member->type, &spec->map_extra))
            return 0;
        if (!read_uint(loader->object->btf, member->type, numbers[i].to))
            return fail_member(loader, map, member->name, "must be a __uint(...)");
    }
    if (pinning > 1)
        return fail_member(loader, map, member->name,
                           "is neither LIBBPF_PIN_NONE nor LIBBPF_PIN_BY_NAME");
    map->is_pinned |= pinning == 1;
    if (strcmp(member->name, "map_extra") == 0)
        spec->map_extra = extra;
    return 0;
}

static int read_member(struct object_loader *loader, struct object_map *map,
                       const struct bpf_btf_member *member, bool is_inner)
{
    struct bpf_map_spec *spec = &map->spec;
    bool is_key = strcmp(member->name, "key") == 0, known;
    if (is_key || strcmp(member->name, "value") == 0) {
        uint32_t id, size;
        if (!read_type(loader->object->btf, member->type, &id, &size))
            return fail_member(loader, map, member->name, "must be a __type(...) of known size");
        *(is_key ? &spec->key_size : &spec->value_size) = size;
        *(is_key ? &spec->btf_key_type_id : &spec->btf_value_type_id) = id;
        return 0;
    }
    if (strcmp(member->name, "values") == 0)
        return read_values(loader, map, member, is_inner);
    int err = read_number(loader, map, member, &known);
    if (err == 0 && !known)
        err = fail_member(loader, map, member->name,
                          "is not known: maps have type, max_entries, map_flags, map_extra, "
                          "numa_node, key, value, key_size, value_size, values, pinning");
    return err;
}

static int read_members(struct object_loader *loader, struct object_map *map, uint32_t type_id,
                        bool is_inner)
{
    const struct bpf_btf *btf = loader->object->btf;
    struct bpf_btf_type type;
    if (!bpf_btf_resolve(btf, type_id, &type) || type.kind != BPF_BTF_STRUCT)
        return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                           "map %s: its definition is not a struct", map->spec.name);
    for (uint32_t i = 0; i < type.member_count; i++) {
        struct bpf_btf_member member;
        if (!bpf_btf_member_at(btf, &type, i, &member))
            return loader_fail(loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "map %s: member %u of its definition is damaged", map->spec.name, i);
        int err = read_member(loader, map, &member, is_inner);
        if (err)
            return err;
    }
    return object_find_special_fields(loader, &map->spec);
}

/* As libbpf does: whole pages, a power of two of them. Axiom's own rings may be smaller. */
#define USER_RINGBUF     31u
#define PERF_EVENT_ARRAY 4u

static uint32_t round_ring(uint32_t size)
{
    uint32_t rounded = BPF_PAGE_SIZE;
    while (size != 0 && rounded < size)
        rounded *= 2;
    return size == 0 ? 0 : rounded;
}

int object_read_map_definition(struct object_loader *loader, struct object_map *map,
                               uint32_t type_id)
{
    int err = read_members(loader, map, type_id, false);
    /* libbpf asks for one a CPU where no number is given. */
    if (map->spec.type == PERF_EVENT_ARRAY && map->spec.max_entries == 0)
        map->spec.max_entries = CPU_MAX;
    if (map->spec.type == USER_RINGBUF && map->spec.max_entries <= 1u << 30)
        map->spec.max_entries = round_ring(map->spec.max_entries);
    return err;
}
