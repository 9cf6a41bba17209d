/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BTF: the types that a compiler recorded (Linux: Documentation/bpf/btf.rst). Read from hostile
 * bytes: every access is checked, every walk along type references is bounded. */
#pragma once
#include <axiom/types.h>
#include <bpf/env.h>
#include <bpf/error.h>

struct bpf_btf;

enum bpf_btf_kind {
    BPF_BTF_VOID = 0,
    BPF_BTF_INT = 1,
    BPF_BTF_PTR = 2,
    BPF_BTF_ARRAY = 3,
    BPF_BTF_STRUCT = 4,
    BPF_BTF_UNION = 5,
    BPF_BTF_ENUM = 6,
    BPF_BTF_FWD = 7,
    BPF_BTF_TYPEDEF = 8,
    BPF_BTF_VOLATILE = 9,
    BPF_BTF_CONST = 10,
    BPF_BTF_RESTRICT = 11,
    BPF_BTF_FUNC = 12,
    BPF_BTF_FUNC_PROTO = 13,
    BPF_BTF_VAR = 14,
    BPF_BTF_DATASEC = 15,
    BPF_BTF_FLOAT = 16,
    BPF_BTF_DECL_TAG = 17,
    BPF_BTF_TYPE_TAG = 18,
    BPF_BTF_ENUM64 = 19,
    BPF_BTF_KIND_COUNT
};

/* A type record; members are read with the functions below. */
struct bpf_btf_type {
    uint32_t id;
    enum bpf_btf_kind kind;
    const char *name;      /* "" if it has none */
    uint32_t member_count; /* vlen */
    uint32_t size_or_type; /* size in bytes, or the type referred to */
    uint64_t file_offset;  /* in the section, for messages */
};

struct bpf_btf_member {
    const char *name;
    uint32_t type;
    uint32_t bit_offset; /* DATASEC: offset in bytes */
    uint32_t size_bytes; /* DATASEC only */
};

/* Copies what it needs; release with bpf_btf_destroy(). */
int bpf_btf_parse(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                  struct bpf_btf **out, struct bpf_error *error);
void bpf_btf_destroy(struct bpf_btf *btf);

uint32_t bpf_btf_type_count(const struct bpf_btf *btf); /* ids are 1..count, 0 is void */
/* False for an id that is not there. */
bool bpf_btf_type_at(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out);
/* Members of STRUCT and UNION, variables of DATASEC. */
bool bpf_btf_member_at(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                       struct bpf_btf_member *out);
/* Element count and element type of an ARRAY. */
bool bpf_btf_array(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                   uint32_t *element_type, uint32_t *element_count);
/* Follows typedef, const, volatile, restrict and type tags. */
bool bpf_btf_resolve(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out);
/* Size in bytes of a type, or -EINVAL (functions, loops, overflow). */
int bpf_btf_size(const struct bpf_btf *btf, uint32_t id, uint32_t *size_bytes);
/* A string of its string section, or NULL. */
const char *bpf_btf_string(const struct bpf_btf *btf, uint32_t offset);
