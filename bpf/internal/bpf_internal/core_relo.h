/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CO-RE ("compile once, run everywhere"): an instruction that was compiled for the program's own
 * view of a type is changed to fit the type as the target has it.
 *
 * The compiler notes, beside the instruction, what was meant: a path ("0:1:2", members by index)
 * into a local type, and what about it is wanted (offset, size, existence, ...). The path is
 * followed in the local type, which gives names; the names are followed in each type of the target
 * with the same name (flavors, NAME___x, are the same name); all that fit must agree.
 * What the kinds mean: Linux, include/uapi/linux/bpf.h, enum bpf_core_relo_kind, and
 * Documentation/bpf/llvm_reloc.rst. */
#pragma once
#include <bpf/btf.h>
#include <bpf/insn.h>

enum core_kind {
    CORE_FIELD_BYTE_OFFSET = 0,
    CORE_FIELD_BYTE_SIZE = 1,
    CORE_FIELD_EXISTS = 2,
    CORE_FIELD_SIGNED = 3,
    CORE_FIELD_LSHIFT_U64 = 4,
    CORE_FIELD_RSHIFT_U64 = 5,
    CORE_TYPE_ID_LOCAL = 6,
    CORE_TYPE_ID_TARGET = 7,
    CORE_TYPE_EXISTS = 8,
    CORE_TYPE_SIZE = 9,
    CORE_ENUMVAL_EXISTS = 10,
    CORE_ENUMVAL_VALUE = 11,
    CORE_TYPE_MATCHES = 12,
    CORE_KIND_COUNT
};

struct core_relo {
    uint32_t type_id;   /* local */
    const char *access; /* "0:1:2" */
    enum core_kind kind;
};

#define CORE_PATH_MAX 64

struct core_step {
    const char *name; /* of a member; NULL: element `index` of an array */
    uint32_t type;    /* the struct that has the member, or the type of the element */
    uint32_t index;
};

struct core_path {
    uint32_t root; /* type id */
    uint32_t count;
    uint32_t depth; /* levels entered, anonymous members counted */
    uint64_t bit_offset;
    struct core_step steps[CORE_PATH_MAX];
};

/* Types of the target that a local type may mean; those found not to fit are dropped on the way. */
struct core_candidates {
    uint32_t count;
    uint32_t ids[];
};

/* While relocating an object: its types, the target's, room to work in. */
struct core_relocator {
    const struct bpf_btf *local, *target;
    uint64_t work_left; /* hostile types must not take for ever */
    struct core_path local_path, path;
};

struct core_result {
    bool poison;   /* there is nothing to put in: the instruction must not be reached */
    bool validate; /* the instruction must hold old_value now */
    bool bad_size; /* a load or store of this field cannot be changed to the target's size */
    uint64_t old_value, new_value;
    uint32_t old_size, new_size; /* of the field in memory; 0: not about memory */
};

/* What the call to nowhere that replaces a poisoned instruction calls ("bad relo", libbpf's). */
#define CORE_POISON_HELPER 0xbad2310

/* core_path.c: follows relo->access in the local type. */
int core_read_path(struct core_relocator *core, const struct core_relo *relo,
                   struct core_path *path);
/* core_match.c: 1 the candidate fits (and `path` is filled in), 0 it does not, or an errno. */
int core_match(struct core_relocator *core, const struct core_relo *relo, uint32_t candidate,
               struct core_path *path);
/* core_relo.c: -EINVAL for what cannot be understood or is ambiguous, with a reason. */
int core_relocate(struct core_relocator *core, const struct core_relo *relo,
                  struct core_candidates *candidates, struct core_result *result, char *reason,
                  size_t reason_size);
/* Changes the instruction (`slots_left` slots from it on to the end). */
int core_patch(struct bpf_insn *insn, uint32_t slots_left, const struct core_result *result,
               char *reason, size_t reason_size);
/* "task_struct.pid" into `to`. */
void core_describe(const struct core_relocator *core, const struct core_relo *relo, char *to,
                   size_t size);
const char *core_kind_name(enum core_kind kind);

bool core_is_field(enum core_kind kind);
bool core_is_type(enum core_kind kind);
/* A flexible array: without elements, the last member of its struct. */
bool core_is_flexible(const struct bpf_btf *btf, const struct core_step *member,
                      uint32_t element_count);
/* Pays for a step of work; false when there is nothing left. */
static inline bool core_work(struct core_relocator *core)
{
    return core->work_left != 0 && core->work_left-- != 0;
}
