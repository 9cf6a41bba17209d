/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What lies at an offset of a kernel object, by BTF.
 *
 * Structs, unions and arrays are walked into until a number or a pointer is found. A union's members
 * lie over each other, so a pointer found in one may be none. BTF is hostile: members may lie
 * anywhere and types may refer to each other in circles, so the walk is bounded. */
#include <axiom/string.h>

#include "btf_walk.h"

#define DEPTH_MAX 32

static bool is_aggregate(const struct bpf_btf_type *type)
{
    return type->kind == BPF_BTF_STRUCT || type->kind == BPF_BTF_UNION;
}

/* Through dimensions of arrays to the element; its size, 0 if it has none. */
static bool element_of(const struct bpf_btf *btf, uint32_t type_id, struct bpf_btf_type *out,
                       uint32_t *size)
{
    for (int i = 0; i < DEPTH_MAX; i++) {
        uint32_t element, count;
        if (!bpf_btf_resolve(btf, type_id, out))
            return false;
        if (!bpf_btf_array(btf, out, &element, &count)) {
            *size = 0;
            return bpf_btf_size(btf, out->id, size) == 0;
        }
        type_id = element;
    }
    return false;
}

static bool found_pointer(const struct bpf_btf *btf, const struct bpf_btf_type *pointer,
                          struct btf_place *out)
{
    struct bpf_btf_type target;
    uint32_t to = pointer->size_or_type;
    if (!bpf_btf_resolve(btf, to, &target))
        return false;
    out->is_pointer = is_aggregate(&target);
    out->type_id = target.id;
    out->user = bpf_btf_has_type_tag(btf, to, "user");
    out->percpu = bpf_btf_has_type_tag(btf, to, "percpu");
    out->rcu = bpf_btf_has_type_tag(btf, to, "rcu");
    return true;
}

struct found {
    struct bpf_btf_type type; /* of the member, or of an array's element */
    uint64_t offset;          /* from there */
};

enum step { STEP_ON, STEP_INTO, STEP_NUMBER, STEP_POINTER, STEP_REFUSED };

/* The first member that lies at `offset` decides, also in a union. */
static enum step look_into(const struct bpf_btf *btf, const struct bpf_btf_member *member, bool in_union,
                           uint64_t offset, uint32_t size, struct found *found)
{
    uint64_t at = member->bit_offset / 8;
    uint32_t whole, element;
    if (offset + size <= at)
        return STEP_REFUSED;
    if (member->bitfield_bits != 0) {
        /* All of it (Linux: btf_struct_walk()). */
        uint64_t end = ((uint64_t)member->bit_offset + member->bitfield_bits + 7) / 8;
        return offset <= at && end <= offset + size ? STEP_NUMBER : STEP_ON;
    }
    if (offset < at || bpf_btf_size(btf, member->type, &whole) != 0)
        return STEP_REFUSED;
    if (offset >= at + whole)
        return STEP_ON;
    if (!element_of(btf, member->type, &found->type, &element) || element == 0)
        return STEP_REFUSED;
    found->offset = (offset - at) % element;
    if (is_aggregate(&found->type))
        return STEP_INTO;
    if (found->type.kind == BPF_BTF_PTR)
        return found->offset == 0 && size == element ? STEP_POINTER : STEP_REFUSED;
    /* An array of numbers is read across its elements, too; in a union Linux lets also the next member be. */
    return in_union || offset + size <= at + whole ? STEP_NUMBER : STEP_REFUSED;
}

/* Beyond the struct: an array of no length at its end has as many elements as it may. */
static enum step look_behind(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint64_t offset,
                             struct found *found)
{
    struct bpf_btf_member last;
    struct bpf_btf_type array;
    uint32_t element, count, size;
    if (type->member_count == 0 || !bpf_btf_member_at(btf, type, type->member_count - 1, &last) ||
        !bpf_btf_resolve(btf, last.type, &array) || !bpf_btf_array(btf, &array, &element, &count) || count != 0 ||
        offset < last.bit_offset / 8 || !bpf_btf_resolve(btf, element, &found->type))
        return STEP_REFUSED;
    if (found->type.kind == BPF_BTF_INT)
        return STEP_NUMBER;
    if (!is_aggregate(&found->type) || bpf_btf_size(btf, found->type.id, &size) != 0 || size == 0)
        return STEP_REFUSED;
    found->offset = (offset - last.bit_offset / 8) % size;
    return STEP_INTO;
}

bool btf_walk(const struct bpf_btf *btf, uint32_t type_id, uint64_t offset, uint32_t size,
              struct btf_place *out)
{
    *out = (struct btf_place){ 0 };
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        struct bpf_btf_type type;
        struct bpf_btf_member member = { .name = "" };
        struct found found;
        if (!bpf_btf_resolve(btf, type_id, &type) || !is_aggregate(&type))
            return false;
        /* Linux knows members by the struct that was pointed to. */
        if (depth == 0)
            out->owner = type.name;
        out->in_union |= type.kind == BPF_BTF_UNION && type.member_count != 1;
        bool is_beyond = offset + size > type.size_or_type;
        enum step step = is_beyond ? look_behind(btf, &type, offset, &found) : STEP_ON;
        for (uint32_t i = 0; step == STEP_ON && bpf_btf_member_at(btf, &type, i, &member); i++)
            step = look_into(btf, &member, out->in_union, offset, size, &found);
        out->member = member.name;
        if (step == STEP_NUMBER)
            return true;
        if (step == STEP_POINTER)
            return found_pointer(btf, &found.type, out);
        if (step != STEP_INTO)
            return false;
        type_id = found.type.id;
        offset = found.offset;
    }
    return false;
}

bool btf_begins_with(const struct bpf_btf *btf, uint32_t type_id, uint64_t offset, uint32_t wanted)
{
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        struct bpf_btf_type type;
        struct bpf_btf_member member;
        bool into = false;
        if (!bpf_btf_resolve(btf, type_id, &type) || !is_aggregate(&type))
            return false;
        if (offset == 0 && type.id == wanted)
            return true;
        for (uint32_t i = 0; !into && bpf_btf_member_at(btf, &type, i, &member); i++) {
            struct bpf_btf_type inner;
            uint32_t size, at = member.bit_offset / 8;
            if (member.bitfield_bits != 0 || offset < at ||
                !element_of(btf, member.type, &inner, &size) || !is_aggregate(&inner) ||
                offset - at >= size)
                continue;
            into = true;
            type_id = inner.id;
            offset -= at;
        }
        if (!into)
            return false;
    }
    return false;
}

static bool is_number_kind(enum bpf_btf_kind kind)
{
    return kind == BPF_BTF_INT || kind == BPF_BTF_ENUM || kind == BPF_BTF_ENUM64;
}

bool btf_is_plain(const struct bpf_btf *btf, uint32_t type_id, int depth)
{
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    uint32_t element, count;
    if (!bpf_btf_resolve(btf, type_id, &type))
        return false;
    if (is_number_kind(type.kind))
        return true;
    if (depth > 0 && bpf_btf_array(btf, &type, &element, &count))
        return count != 0 && bpf_btf_resolve(btf, element, &type) && is_number_kind(type.kind);
    if (type.kind != BPF_BTF_STRUCT || depth == 4)
        return false;
    for (uint32_t i = 0; bpf_btf_member_at(btf, &type, i, &member); i++)
        if (!btf_is_plain(btf, member.type, depth + 1))
            return false;
    return true;
}
