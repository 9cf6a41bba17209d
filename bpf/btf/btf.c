/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BTF: a copy of the section, and where each type record begins in it.
 *
 * Invariant after bpf_btf_parse(): every record and what follows it lies inside the copy, every
 * name is inside the string section, which ends with a zero. References between types are not
 * checked then, but where they are followed: they may point anywhere or in circles, so each walk is
 * bounded. Layout: Linux, include/uapi/linux/btf.h. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/btf.h>

#define BTF_MAGIC       0xeb9f
#define BTF_HEADER_SIZE 24u
#define TYPE_SIZE       12u
#define TYPE_COUNT_MAX  1000000u
/* typedef of const of typedef...: more than any source has. */
#define WALK_MAX 64

struct bpf_btf {
    const struct bpf_env *env;
    uint8_t *types;
    uint64_t types_offset; /* in the section, for messages */
    uint32_t types_size;
    const char *strings;
    uint32_t strings_size;
    uint32_t type_count;
    uint32_t *starts; /* of type id in types; [0] is not used */
    size_t size_bytes;
};

struct layout {
    uint32_t types_at, types_size, strings_at, strings_size;
};

static int read_header(const uint8_t *bytes, size_t size, struct layout *out,
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
    if (strings_at + strings_size > size || strings_size == 0)
        return bpf_error_set(error, -EINVAL, 16, "BTF's strings lie outside of the section");
    if (bytes[strings_at] != 0 || bytes[strings_at + strings_size - 1] != 0)
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

/* Walks the records; notes their starts if there is where. */
static int scan_types(const uint8_t *types, const struct layout *layout, uint32_t *starts,
                      uint32_t *count, struct bpf_error *error)
{
    uint32_t at = 0;
    *count = 0;
    while (at < layout->types_size) {
        uint64_t where = (uint64_t)layout->types_at + at;
        uint32_t left = layout->types_size - at, extra;
        if (left < TYPE_SIZE)
            return bpf_error_set(error, -EINVAL, where, "a BTF type record is cut off");
        uint32_t info = get_le32(types + at + 4);
        if (!extra_size(kind_of(info), info & 0xffff, &extra))
            return bpf_error_set(error, -EINVAL, where, "BTF type of unknown kind %u",
                                 kind_of(info));
        if (left - TYPE_SIZE < extra)
            return bpf_error_set(error, -EINVAL, where, "the members of a BTF type are cut off");
        if (get_le32(types + at) >= layout->strings_size)
            return bpf_error_set(error, -EINVAL, where,
                                 "the name of a BTF type lies outside of the strings");
        if (++*count > TYPE_COUNT_MAX)
            return bpf_error_set(error, -E2BIG, where, "more than %u BTF types", TYPE_COUNT_MAX);
        if (starts != NULL)
            starts[*count] = at;
        at += TYPE_SIZE + extra;
    }
    return 0;
}

int bpf_btf_parse(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                  struct bpf_btf **out, struct bpf_error *error)
{
    struct layout layout = { 0 };
    uint32_t count;
    int err = read_header(bytes, size_bytes, &layout, error);
    if (err)
        return err;
    const uint8_t *types = (const uint8_t *)bytes + layout.types_at;
    err = scan_types(types, &layout, NULL, &count, error);
    if (err)
        return err;
    size_t starts_size = (count + 1) * sizeof(uint32_t);
    size_t total = sizeof(struct bpf_btf) + starts_size + layout.types_size + layout.strings_size;
    struct bpf_btf *btf = bpf_env_alloc(env, total);
    if (btf == NULL)
        return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for %zu bytes of BTF",
                             total);
    btf->env = env;
    btf->size_bytes = total;
    btf->starts = (uint32_t *)(btf + 1);
    btf->types = (uint8_t *)btf->starts + starts_size;
    btf->types_offset = layout.types_at;
    btf->types_size = layout.types_size;
    btf->strings_size = layout.strings_size;
    char *strings = (char *)btf->types + layout.types_size;
    memcpy(btf->types, types, layout.types_size);
    memcpy(strings, (const uint8_t *)bytes + layout.strings_at, layout.strings_size);
    btf->strings = strings;
    scan_types(btf->types, &layout, btf->starts, &btf->type_count, NULL);
    *out = btf;
    return 0;
}

void bpf_btf_destroy(struct bpf_btf *btf)
{
    if (btf != NULL)
        bpf_env_free(btf->env, btf, btf->size_bytes);
}

uint32_t bpf_btf_type_count(const struct bpf_btf *btf)
{
    return btf->type_count;
}

const char *bpf_btf_string(const struct bpf_btf *btf, uint32_t offset)
{
    return offset < btf->strings_size ? btf->strings + offset : NULL;
}

bool bpf_btf_type_at(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out)
{
    *out = (struct bpf_btf_type){ .id = id, .kind = BPF_BTF_VOID, .name = "" };
    if (id == 0)
        return true;
    if (id > btf->type_count)
        return false;
    const uint8_t *record = btf->types + btf->starts[id];
    uint32_t info = get_le32(record + 4);
    out->kind = (enum bpf_btf_kind)kind_of(info);
    out->name = btf->strings + get_le32(record);
    out->member_count = info & 0xffff;
    out->size_or_type = get_le32(record + 8);
    out->file_offset = btf->types_offset + btf->starts[id];
    return true;
}

bool bpf_btf_member_at(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                       struct bpf_btf_member *out)
{
    bool has_members = type->kind == BPF_BTF_STRUCT || type->kind == BPF_BTF_UNION ||
                       type->kind == BPF_BTF_DATASEC;
    if (!has_members || index >= type->member_count)
        return false;
    const uint8_t *record = btf->types + btf->starts[type->id],
                  *member = record + TYPE_SIZE + 12 * (size_t)index;
    if (type->kind == BPF_BTF_DATASEC) {
        struct bpf_btf_type variable;
        uint32_t id = get_le32(member);
        if (!bpf_btf_type_at(btf, id, &variable))
            return false;
        *out = (struct bpf_btf_member){ variable.name, id, get_le32(member + 4),
                                        get_le32(member + 8) };
        return true;
    }
    const char *name = bpf_btf_string(btf, get_le32(member));
    if (name == NULL)
        return false;
    *out = (struct bpf_btf_member){ name, get_le32(member + 4), get_le32(member + 8), 0 };
    return true;
}

bool bpf_btf_array(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                   uint32_t *element_type, uint32_t *element_count)
{
    if (type->kind != BPF_BTF_ARRAY)
        return false;
    const uint8_t *array = btf->types + btf->starts[type->id] + TYPE_SIZE;
    *element_type = get_le32(array);
    *element_count = get_le32(array + 8);
    return true;
}

static bool is_modifier(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_TYPEDEF || kind == BPF_BTF_CONST || kind == BPF_BTF_VOLATILE ||
           kind == BPF_BTF_RESTRICT || kind == BPF_BTF_TYPE_TAG;
}

bool bpf_btf_resolve(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out)
{
    for (int i = 0; i < WALK_MAX; i++) {
        if (!bpf_btf_type_at(btf, id, out))
            return false;
        if (!is_modifier(out->kind))
            return true;
        id = out->size_or_type;
    }
    return false;
}

int bpf_btf_size(const struct bpf_btf *btf, uint32_t id, uint32_t *size_bytes)
{
    uint64_t elements = 1;
    for (int i = 0; i < WALK_MAX; i++) {
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
