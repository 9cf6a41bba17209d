/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Types by name: a hash table over the names without their flavor, so that the same chains serve
 * an exact look-up and CO-RE's search for candidates. A chain is in the order of ids: what is found
 * first never depends on the hash. The base of a split BTF is asked first, as its ids are lower. */
#include <axiom/bits.h>
#include <axiom/string.h>
#include <bpf_internal/btf.h>

/* FNV-1a: short names, no adversary worth more than a slow look-up in his own file. */
static uint32_t hash_name(const char *name, size_t length)
{
    uint32_t hash = 0x811c9dc5u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x01000193u;
    return hash ^ hash >> 15;
}

/* A flavor begins with three underscores that have something else on either side (libbpf's
 * convention: BPF_CORE_READ documentation); the last such place counts. */
size_t bpf_btf_essential_length(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = length >= 5 ? length - 4 : 0; i-- > 0;) {
        const char *at = name + i;
        if (at[0] != '_' && at[1] == '_' && at[2] == '_' && at[3] == '_' && at[4] != '_')
            return i + 1;
    }
    return length;
}

void btf_build_index(struct bpf_btf *btf)
{
    for (uint32_t i = btf->last_id + 1 - btf->first_id; i-- > 0;) {
        const char *name = bpf_btf_string(btf, get_le32(btf->types + btf->starts[i]));
        if (name[0] == '\0')
            continue;
        uint32_t *bucket =
            &btf->buckets[hash_name(name, bpf_btf_essential_length(name)) & btf->bucket_mask];
        btf->chain[i] = *bucket;
        *bucket = btf->first_id + i;
    }
}

static bool is_flavor_of(const struct bpf_btf *btf, uint32_t id, const char *name, size_t length)
{
    const char *other = bpf_btf_string(btf, get_le32(btf_record(btf, id)));
    return strncmp(other, name, length) == 0 && bpf_btf_essential_length(other) == length;
}

/* In the chain of `own`, which is btf or one of its bases. */
static uint32_t next_in_chain(const struct bpf_btf *own, uint32_t id, const char *name,
                              size_t length)
{
    while (id != 0 && !is_flavor_of(own, id, name, length))
        id = own->chain[id - own->first_id];
    return id;
}

uint32_t bpf_btf_next_flavor(const struct bpf_btf *btf, const char *name, size_t length,
                             uint32_t after)
{
    uint32_t found = 0;
    if (btf->base != NULL && after < btf->first_id)
        found = bpf_btf_next_flavor(btf->base, name, length, after);
    if (found != 0)
        return found;
    bool is_inside = after >= btf->first_id;
    uint32_t id = is_inside ? btf->chain[after - btf->first_id]
                            : btf->buckets[hash_name(name, length) & btf->bucket_mask];
    return next_in_chain(btf, id, name, length);
}

uint32_t bpf_btf_find(const struct bpf_btf *btf, const char *name, enum bpf_btf_kind kind)
{
    size_t length = bpf_btf_essential_length(name);
    uint32_t id = 0;
    while ((id = bpf_btf_next_flavor(btf, name, length, id)) != 0) {
        struct bpf_btf_type type;
        bpf_btf_type_at(btf, id, &type);
        bool kind_fits = kind == BPF_BTF_VOID
                             ? type.kind != BPF_BTF_DECL_TAG && type.kind != BPF_BTF_TYPE_TAG
                             : type.kind == kind;
        if (kind_fits && strcmp(type.name, name) == 0)
            return id;
    }
    return 0;
}

const char *bpf_btf_decl_tag(const struct bpf_btf *btf, uint32_t target, int32_t component,
                             const char *prefix)
{
    for (const struct bpf_btf *own = btf; own != NULL; own = own->base) {
        for (uint32_t i = 0; i < own->decl_tag_count; i++) {
            const uint8_t *record = btf_record(own, own->decl_tags[i]);
            const char *text = bpf_btf_string(own, get_le32(record));
            if (get_le32(record + 8) == target &&
                (int32_t)get_le32(record + BTF_TYPE_SIZE) == component &&
                string_starts_with(text, prefix))
                return text + strlen(prefix);
        }
    }
    return NULL;
}

bool bpf_btf_has_type_tag(const struct bpf_btf *btf, uint32_t id, const char *tag)
{
    for (int i = 0; i < BTF_WALK_MAX; i++) {
        struct bpf_btf_type type;
        if (!bpf_btf_type_at(btf, id, &type) || !btf_is_modifier(type.kind))
            return false;
        if (type.kind == BPF_BTF_TYPE_TAG && strcmp(type.name, tag) == 0)
            return true;
        id = type.size_or_type;
    }
    return false;
}
