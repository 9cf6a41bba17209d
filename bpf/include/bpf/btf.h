/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* BTF: the types that a compiler recorded (Linux: Documentation/bpf/btf.rst). Read from hostile
 * bytes: every access is checked, every walk along type references is bounded.
 *
 * Split BTF (a kernel module's) continues the ids and strings of its base: ids 1..N of the base are
 * seen through it as its own.
 *
 * Strings and types that were read stay valid as long as a reference on the BTF is held. */
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

/* A type record; what follows it is read with the functions below. */
struct bpf_btf_type {
    uint32_t id;
    enum bpf_btf_kind kind;
    const char *name;      /* "" if it has none */
    uint32_t member_count; /* vlen; of a FUNC: enum bpf_btf_linkage */
    uint32_t size_or_type; /* size in bytes, or the type referred to */
    bool kind_flag;       /* STRUCT, UNION: members may be bit fields; FWD: a union; ENUM: signed */
    uint64_t file_offset; /* in the section, for messages */
};

enum bpf_btf_linkage {
    BPF_BTF_STATIC = 0,
    BPF_BTF_GLOBAL = 1,
    BPF_BTF_EXTERN = 2,
};

struct bpf_btf_member {
    const char *name;
    uint32_t type;
    uint32_t bit_offset;    /* DATASEC: offset in bytes */
    uint32_t size_bytes;    /* DATASEC only */
    uint32_t bitfield_bits; /* 0: not a bit field */
};

struct bpf_btf_param {
    const char *name;
    uint32_t type; /* 0 as the last one: "..." */
};

struct bpf_btf_enumerator {
    const char *name;
    uint64_t value; /* sign-extended when the type is signed (kind_flag) */
};

#define BPF_BTF_INT_SIGNED 1u
#define BPF_BTF_INT_CHAR   2u
#define BPF_BTF_INT_BOOL   4u

struct bpf_btf_int {
    uint32_t encoding; /* BPF_BTF_INT_* */
    uint32_t bit_offset, bits;
};

/* Copies what it needs; release with bpf_btf_put(). */
int bpf_btf_parse(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                  struct bpf_btf **out, struct bpf_error *error);
/* Types that continue those of `base`, on which a reference is taken. */
int bpf_btf_parse_split(const struct bpf_env *env, struct bpf_btf *base, const void *bytes,
                        size_t size_bytes, struct bpf_btf **out, struct bpf_error *error);
struct bpf_btf *bpf_btf_get(struct bpf_btf *btf); /* NULL gives NULL */
void bpf_btf_put(struct bpf_btf *btf);            /* NULL does nothing */

uint32_t bpf_btf_type_count(const struct bpf_btf *btf); /* ids are 1..count, 0 is void */
/* The first id that is not its base's. */
uint32_t bpf_btf_first_id(const struct bpf_btf *btf);
/* Memory that it takes, without its base. */
size_t bpf_btf_memory(const struct bpf_btf *btf);
/* False for an id that is not there. */
bool bpf_btf_type_at(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out);
/* Members of STRUCT and UNION, variables of DATASEC. */
bool bpf_btf_member_at(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                       struct bpf_btf_member *out);
/* Parameters of a FUNC_PROTO; its result is type->size_or_type. */
bool bpf_btf_param_at(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t index,
                      struct bpf_btf_param *out);
/* Values of an ENUM or ENUM64. */
bool bpf_btf_enumerator_at(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                           uint32_t index, struct bpf_btf_enumerator *out);
bool bpf_btf_int(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                 struct bpf_btf_int *out);
/* enum bpf_btf_linkage of a VAR or FUNC. */
bool bpf_btf_linkage(const struct bpf_btf *btf, const struct bpf_btf_type *type, uint32_t *linkage);
/* Element count and element type of an ARRAY. */
bool bpf_btf_array(const struct bpf_btf *btf, const struct bpf_btf_type *type,
                   uint32_t *element_type, uint32_t *element_count);
/* Follows typedef, const, volatile, restrict and type tags. */
bool bpf_btf_resolve(const struct bpf_btf *btf, uint32_t id, struct bpf_btf_type *out);
/* Size in bytes of a type, or -EINVAL (functions, loops, overflow). */
int bpf_btf_size(const struct bpf_btf *btf, uint32_t id, uint32_t *size_bytes);
/* A string of its string section, or NULL. */
const char *bpf_btf_string(const struct bpf_btf *btf, uint32_t offset);

/* --- By name: through an index, not a search --- */

/* The first type of this name and kind (BPF_BTF_VOID: of any kind but DECL_TAG and TYPE_TAG), or 0. */
uint32_t bpf_btf_find(const struct bpf_btf *btf, const char *name, enum bpf_btf_kind kind);

/* "task_struct" of "task_struct___old": the length of the name without its flavor. */
size_t bpf_btf_essential_length(const char *name);
/* The next type after id `after` (0: the first) whose name without flavor is `name`'s first
 * `length` bytes, in order of ids; 0 at the end. `after` must be a result for the same name. */
uint32_t bpf_btf_next_flavor(const struct bpf_btf *btf, const char *name, size_t length,
                             uint32_t after);

/* --- Tags of declarations: __attribute__((btf_decl_tag("..."))) --- */

#define BPF_BTF_WHOLE (-1)

/* The text after `prefix` of the first tag on type `target` that begins with it, or NULL.
 * `component` is the index of a member or parameter, BPF_BTF_WHOLE for the declaration itself. */
const char *bpf_btf_decl_tag(const struct bpf_btf *btf, uint32_t target, int32_t component,
                             const char *prefix);
/* Type tags that lie on the way from `id` to what it means: whether `tag` is among them. */
bool bpf_btf_has_type_tag(const struct bpf_btf *btf, uint32_t id, const char *tag);

/* --- Printing --- */

/* One line, without newline; called in order. */
typedef void bpf_btf_line(void *user, const char *line);

/* All types that are not the base's, one record after another, in the form of `bpftool btf dump`. */
void bpf_btf_print(const struct bpf_btf *btf, bpf_btf_line *line, void *user);
