/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BTF: a copy of the section, where each type record begins in it, and an index of names.
 *
 * Invariant after bpf_btf_parse(): every record and what follows it lies inside the copy, every
 * name is inside the string section, which ends with a zero. References between types are not
 * checked then, but where they are followed: they may point anywhere or in circles, so each walk is
 * bounded. Layout: Linux, include/uapi/linux/btf.h. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/btf.h>

#define BTF_MAGIC       0xeb9f
#define BTF_HEADER_SIZE 24u
#define TYPE_COUNT_MAX  1000000u
struct layout {
    uint32_t types_at, types_size, strings_at, strings_size;
};

static int read_header(const uint8_t *bytes, size_t size, bool is_split, struct layout *out,
                       struct bpf_error *error)
{
    if (size < BTF_HEADER_SIZE || get_le16(bytes) != BTF_MAGIC)
        return bpf_error_set(error, -EINVAL, 0, "this is not BTF: no header with the number 0x%x",
                             BTF_MAGIC);
    if (bytes[2] != 1)
        return bpf_error_set(error, -EINVAL, 2, "BTF version %u, known is 1", bytes[2]);
    uint64_t header_size = get_le32(bytes + 4);
    uint64_t types_at = header_size + get_le32(bytes + 8), types_size = get_le32(bytes + 12);
    uint64_t strings_at = header_size + get_le32(bytes + 16), strings_size = get_le32(bytes + 20);
    if (header_size < BTF_HEADER_SIZE || types_at + types_size > size)
        return bpf_error_set(error, -EINVAL, 8, "BTF's types lie outside of the section");
    if (strings_at + strings_size > size || (strings_size == 0 && !is_split))
        return bpf_error_set(error, -EINVAL, 16, "BTF's strings lie outside of the section");
    if (strings_size != 0 &&
        ((!is_split && bytes[strings_at] != 0) || bytes[strings_at + strings_size - 1] != 0))
        return bpf_error_set(error, -EINVAL, strings_at,
                             "BTF's strings must begin and end with a zero byte");
    *out = (struct layout){ (uint32_t)types_at, (uint32_t)types_size, (uint32_t)strings_at,
                            (uint32_t)strings_size };
    return 0;
}

/* Bytes after the 12 of the record itself. */
static bool extra_size(uint32_t kind, uint32_t member_count, uint32_t *size)
{
    switch (kind) {
    case BPF_BTF_INT:
    case BPF_BTF_VAR:
    case BPF_BTF_DECL_TAG:
        *size = 4;
        return true;
    case BPF_BTF_ARRAY:
        *size = 12;
        return true;
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
    case BPF_BTF_DATASEC:
    case BPF_BTF_ENUM64:
        *size = 12 * member_count;
        return true;
    case BPF_BTF_ENUM:
    case BPF_BTF_FUNC_PROTO:
        *size = 8 * member_count;
        return true;
    case BPF_BTF_PTR:
    case BPF_BTF_FWD:
    case BPF_BTF_TYPEDEF:
    case BPF_BTF_VOLATILE:
    case BPF_BTF_CONST:
    case BPF_BTF_RESTRICT:
    case BPF_BTF_FUNC:
    case BPF_BTF_FLOAT:
    case BPF_BTF_TYPE_TAG:
        *size = 0;
        return true;
    default:
        return false;
    }
}

/* info: bits 0-15 number of members, 24-28 kind, 31 a flag of the kind. */
static uint32_t kind_of(uint32_t info)
{
    return info >> 24 & 0x1f;
}

/* What the records are checked against, and where their starts are noted if there is where. */
struct scan {
    const uint8_t *types;
    struct layout layout;
    uint32_t first_id, strings_end;
    uint32_t *starts, *decl_tags;
    uint32_t count, decl_tag_count;
};

static int scan_types(struct scan *scan, struct bpf_error *error)
{
    uint32_t at = 0;
    scan->count = scan->decl_tag_count = 0;
    while (at < scan->layout.types_size) {
        uint64_t where = (uint64_t)scan->layout.types_at + at;
        uint32_t left = scan->layout.types_size - at, extra;
        if (left < BTF_TYPE_SIZE)
            return bpf_error_set(error, -EINVAL, where, "a BTF type record is cut off");
        uint32_t info = get_le32(scan->types + at + 4), kind = kind_of(info);
        if (!extra_size(kind, info & 0xffff, &extra))
            return bpf_error_set(error, -EINVAL, where, "BTF type of unknown kind %u", kind);
        if (left - BTF_TYPE_SIZE < extra)
            return bpf_error_set(error, -EINVAL, where, "the members of a BTF type are cut off");
        if (get_le32(scan->types + at) >= scan->strings_end)
            return bpf_error_set(error, -EINVAL, where,
                                 "the name of a BTF type lies outside of the strings");
        if (scan->first_id + scan->count > TYPE_COUNT_MAX)
            return bpf_error_set(error, -E2BIG, where, "more than %u BTF types", TYPE_COUNT_MAX);
        if (scan->starts != NULL)
            scan->starts[scan->count] = at;
        if (kind == BPF_BTF_DECL_TAG) {
            if (scan->decl_tags != NULL)
                scan->decl_tags[scan->decl_tag_count] = scan->first_id + scan->count;
            scan->decl_tag_count++;
        }
        scan->count++;
        at += BTF_TYPE_SIZE + extra;
    }
    return 0;
}

/* One allocation: the struct, the tables, the types, the strings. */
static struct bpf_btf *allocate(const struct bpf_env *env, const struct scan *scan,
                                struct bpf_error *error)
{
    uint32_t bucket_count = 16;
    while (bucket_count < scan->count)
        bucket_count *= 2;
    size_t tables = (size_t)scan->count * 2 + bucket_count + scan->decl_tag_count;
    size_t total = sizeof(struct bpf_btf) + tables * sizeof(uint32_t) + scan->layout.types_size +
                   scan->layout.strings_size;
    struct bpf_btf *btf = bpf_env_alloc(env, total);
    if (btf == NULL) {
        bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for %zu bytes of BTF", total);
        return NULL;
    }
    btf->env = env;
    btf->size_bytes = total;
    btf->starts = (uint32_t *)(btf + 1);
    btf->chain = btf->starts + scan->count;
    btf->buckets = btf->chain + scan->count;
    btf->bucket_mask = bucket_count - 1;
    btf->decl_tags = btf->buckets + bucket_count;
    btf->decl_tag_count = scan->decl_tag_count;
    btf->types = (uint8_t *)(btf->decl_tags + scan->decl_tag_count);
    return btf;
}

int bpf_btf_parse_split(const struct bpf_env *env, struct bpf_btf *base, const void *bytes,
                        size_t size_bytes, struct bpf_btf **out, struct bpf_error *error)
{
    struct scan scan = { .first_id = base == NULL ? 1 : base->last_id + 1 };
    uint32_t strings_first = base == NULL ? 0 : base->strings_first + base->strings_size;
    int err = read_header(bytes, size_bytes, base != NULL, &scan.layout, error);
    if (err)
        return err;
    if (strings_first > UINT32_MAX - scan.layout.strings_size)
        return bpf_error_set(error, -E2BIG, 16, "BTF's strings and those of its base are too long");
    scan.types = (const uint8_t *)bytes + scan.layout.types_at;
    scan.strings_end = strings_first + scan.layout.strings_size;
    err = scan_types(&scan, error);
    if (err)
        return err;
    struct bpf_btf *btf = allocate(env, &scan, error);
    if (btf == NULL)
        return -ENOMEM;
    btf->base = bpf_btf_get(base);
    btf->reference_count = 1;
    btf->first_id = scan.first_id;
    btf->last_id = scan.first_id + scan.count - 1;
    btf->types_offset = scan.layout.types_at;
    btf->types_size = scan.layout.types_size;
    btf->strings_first = strings_first;
    btf->strings_size = scan.layout.strings_size;
    char *strings = (char *)btf->types + btf->types_size;
    memcpy(btf->types, scan.types, btf->types_size);
    memcpy(strings, (const uint8_t *)bytes + scan.layout.strings_at, btf->strings_size);
    btf->strings = strings;
    scan.starts = btf->starts;
    scan.decl_tags = btf->decl_tags;
    scan_types(&scan, NULL);
    btf_build_index(btf);
    *out = btf;
    return 0;
}

int bpf_btf_parse(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                  struct bpf_btf **out, struct bpf_error *error)
{
    return bpf_btf_parse_split(env, NULL, bytes, size_bytes, out, error);
}

struct bpf_btf *bpf_btf_get(struct bpf_btf *btf)
{
    if (btf != NULL)
        __atomic_fetch_add(&btf->reference_count, 1, __ATOMIC_RELAXED);
    return btf;
}

void bpf_btf_put(struct bpf_btf *btf)
{
    while (btf != NULL && __atomic_sub_fetch(&btf->reference_count, 1, __ATOMIC_ACQ_REL) == 0) {
        struct bpf_btf *base = btf->base;
        bpf_env_free(btf->env, btf, btf->size_bytes);
        btf = base;
    }
}

uint32_t bpf_btf_type_count(const struct bpf_btf *btf)
{
    return btf->last_id;
}

uint32_t bpf_btf_first_id(const struct bpf_btf *btf)
{
    return btf->first_id;
}

size_t bpf_btf_memory(const struct bpf_btf *btf)
{
    return btf->size_bytes;
}

const char *bpf_btf_string(const struct bpf_btf *btf, uint32_t offset)
{
    while (offset < btf->strings_first)
        btf = btf->base;
    offset -= btf->strings_first;
    return offset < btf->strings_size ? btf->strings + offset : NULL;
}

const uint8_t *btf_record(const struct bpf_btf *btf, uint32_t id)
{
    while (id < btf->first_id)
        btf = btf->base;
    return btf->types + btf->starts[id - btf->first_id];
}

bool bpf_btf_type_at(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out)
{
    *out = (struct bpf_btf_type){ .id = id, .kind = BPF_BTF_VOID, .name = "" };
    if (id == 0)
        return true;
    if (id > btf->last_id)
        return false;
    while (id < btf->first_id)
        btf = btf->base;
    uint32_t start = btf->starts[id - btf->first_id];
    const uint8_t *record = btf->types + start;
    uint32_t info = get_le32(record + 4);
    out->kind = (enum bpf_btf_kind)kind_of(info);
    out->name = bpf_btf_string(btf, get_le32(record));
    out->member_count = info & 0xffff;
    out->size_or_type = get_le32(record + 8);
    out->kind_flag = info >> 31 != 0;
    out->file_offset = btf->types_offset + start;
    return true;
}

/* Where element `index` of what follows the record stands. */
static const uint8_t *element(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                              uint32_t index, uint32_t size)
{
    return btf_record(btf, type->id) + BTF_TYPE_SIZE + (size_t)index * size;
}

static bool datasec_member(const struct bpf_btf *btf, const uint8_t *at, struct bpf_btf_member *out)
{
    struct bpf_btf_type variable;
    uint32_t id = get_le32(at);
    if (!bpf_btf_type_at(btf, id, &variable))
        return false;
    *out = (struct bpf_btf_member){ variable.name, id, get_le32(at + 4), get_le32(at + 8), 0 };
    return true;
}

bool bpf_btf_member_at(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                       struct bpf_btf_member *out)
{
    bool has_members = type->kind == BPF_BTF_STRUCT || type->kind == BPF_BTF_UNION ||
                       type->kind == BPF_BTF_DATASEC;
    if (!has_members || index >= type->member_count)
        return false;
    const uint8_t *at = element(btf, type, index, 12);
    if (type->kind == BPF_BTF_DATASEC)
        return datasec_member(btf, at, out);
    const char *name = bpf_btf_string(btf, get_le32(at));
    if (name == NULL)
        return false;
    uint32_t offset = get_le32(at + 8);
    *out = (struct bpf_btf_member){ name, get_le32(at + 4), offset, 0, 0 };
    if (type->kind_flag) {
        out->bit_offset = offset & 0xffffff;
        out->bitfield_bits = offset >> 24;
    }
    return true;
}

bool bpf_btf_param_at(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                      struct bpf_btf_param *out)
{
    if (type->kind != BPF_BTF_FUNC_PROTO || index >= type->member_count)
        return false;
    const uint8_t *at = element(btf, type, index, 8);
    *out = (struct bpf_btf_param){ bpf_btf_string(btf, get_le32(at)), get_le32(at + 4) };
    return out->name != NULL;
}

bool bpf_btf_enumerator_at(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                           uint32_t index, struct bpf_btf_enumerator *out)
{
    bool is_64 = type->kind == BPF_BTF_ENUM64;
    if ((!is_64 && type->kind != BPF_BTF_ENUM) || index >= type->member_count)
        return false;
    const uint8_t *at = element(btf, type, index, is_64 ? 12 : 8);
    uint32_t low = get_le32(at + 4);
    if (is_64)
        out->value = low | (uint64_t)get_le32(at + 8) << 32;
    else
        out->value = type->kind_flag ? (uint64_t)(int64_t)(int32_t)low : low;
    out->name = bpf_btf_string(btf, get_le32(at));
    return out->name != NULL;
}

bool bpf_btf_int(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                 struct bpf_btf_int *out)
{
    if (type->kind != BPF_BTF_INT)
        return false;
    uint32_t data = get_le32(element(btf, type, 0, 4));
    *out = (struct bpf_btf_int){ data >> 24 & 0xf, data >> 16 & 0xff, data & 0xff };
    return true;
}

bool bpf_btf_linkage(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t *linkage)
{
    if (type->kind == BPF_BTF_FUNC)
        *linkage = type->member_count;
    else if (type->kind == BPF_BTF_VAR)
        *linkage = get_le32(element(btf, type, 0, 4));
    else
        return false;
    return true;
}

bool bpf_btf_array(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                   uint32_t *element_type, uint32_t *element_count)
{
    if (type->kind != BPF_BTF_ARRAY)
        return false;
    const uint8_t *array = element(btf, type, 0, 12);
    *element_type = get_le32(array);
    *element_count = get_le32(array + 8);
    return true;
}

uint32_t btf_array_index_type(const struct bpf_btf *btf, const struct bpf_btf_type *array)
{
    return get_le32(element(btf, array, 0, 12) + 4);
}

int32_t btf_decl_tag_component(const struct bpf_btf *btf, const struct bpf_btf_type *tag)
{
    return (int32_t)get_le32(element(btf, tag, 0, 4));
}

bool btf_is_modifier(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_TYPEDEF || kind == BPF_BTF_CONST || kind == BPF_BTF_VOLATILE ||
           kind == BPF_BTF_RESTRICT || kind == BPF_BTF_TYPE_TAG;
}

bool bpf_btf_resolve(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out)
{
    for (int i = 0; i < BTF_WALK_MAX; i++) {
        if (!bpf_btf_type_at(btf, id, out))
            return false;
        if (!btf_is_modifier(out->kind))
            return true;
        id = out->size_or_type;
    }
    return false;
}

int bpf_btf_size(const struct bpf_btf *btf, uint32_t id, uint32_t *size_bytes)
{
    uint64_t elements = 1;
    for (int i = 0; i < BTF_WALK_MAX; i++) {
        struct bpf_btf_type type;
        uint32_t count;
        if (!bpf_btf_resolve(btf, id, &type))
            return -EINVAL;
        switch (type.kind) {
        case BPF_BTF_INT:
        case BPF_BTF_STRUCT:
        case BPF_BTF_UNION:
        case BPF_BTF_ENUM:
        case BPF_BTF_ENUM64:
        case BPF_BTF_FLOAT:
        case BPF_BTF_PTR:
            elements *= type.kind == BPF_BTF_PTR ? 8 : type.size_or_type;
            if (elements > UINT32_MAX)
                return -EINVAL;
            *size_bytes = (uint32_t)elements;
            return 0;
        case BPF_BTF_VAR:
            id = type.size_or_type;
            break;
        case BPF_BTF_ARRAY:
            bpf_btf_array(btf, &type, &id, &count);
            elements *= count;
            if (elements > UINT32_MAX)
                return -EINVAL;
            break;
        default:
            return -EINVAL;
        }
    }
    return -EINVAL;
}
