/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inside of BTF: what its files share. */
#pragma once
#include <bpf/btf.h>

#define BTF_TYPE_SIZE 12u
/* typedef of const of typedef...: more than any source has. */
#define BTF_WALK_MAX 64

struct bpf_btf {
    const struct bpf_env *env;
    struct bpf_btf *base; /* NULL, or a reference */
    uint32_t reference_count;
    uint32_t first_id, last_id; /* its own ids */
    uint8_t *types;
    uint64_t types_offset; /* in the section, for messages */
    uint32_t types_size;
    const char *strings;
    uint32_t strings_first; /* offsets below are the base's */
    uint32_t strings_size;
    uint32_t *starts; /* of own types in `types`, by id - first_id */
    uint32_t *chain;  /* by id - first_id: the next own type with the same hash of its name, or 0 */
    uint32_t *buckets; /* first id of a chain, or 0 */
    uint32_t bucket_mask;
    uint32_t *decl_tags; /* ids, ascending */
    uint32_t decl_tag_count;
    size_t size_bytes;
};

/* The record of an id that is there and not 0. */
const uint8_t *btf_record(const struct bpf_btf *btf, uint32_t id);
/* index.c: fills chain and buckets, which are there and zeroed. */
void btf_build_index(struct bpf_btf *btf);
bool btf_is_modifier(enum bpf_btf_kind kind);
uint32_t btf_array_index_type(const struct bpf_btf *btf, const struct bpf_btf_type *array);
int32_t btf_decl_tag_component(const struct bpf_btf *btf, const struct bpf_btf_type *tag);
