/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs from bytes: whatever the bytes are, something comes out that is shaped like a program,
 * so that a good part of them gets past the verifier and what does not is refused for reasons worth
 * having. */
#pragma once
#include <bpf/insn.h>
#include <bpf/map.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GENERATED_INSN_MAX 500

/* The maps that generated programs know, by their index. */
enum generator_map {
    GENERATOR_ARRAY8,  /* value 8 */
    GENERATOR_ARRAY48, /* value 48 */
    GENERATOR_HASH16,  /* key 8, value 16 */
    GENERATOR_RING,
    GENERATOR_BSS,    /* value 64, reached directly */
    GENERATOR_RODATA, /* value 32, read-only, reached directly */
    GENERATOR_PROGS,  /* of programs */
    GENERATOR_MAP_COUNT,
    /* Only with GENERATE_SPECIAL: */
    GENERATOR_SPECIAL = GENERATOR_MAP_COUNT, /* value 64: a lock, a timer, a kernel pointer, plain bytes */
    GENERATOR_SPECIAL_BSS,                   /* the same, reached directly */
    /* Only with GENERATE_OWN: */
    GENERATOR_OWN, /* value 112: a lock, lists and trees, a pointer to an own object, work */
    GENERATOR_ALL_MAP_COUNT,
};
extern const struct bpf_map_spec generator_maps[GENERATOR_ALL_MAP_COUNT];

/* Where they lie in its value. */
#define GENERATOR_LOCK_AT  0
#define GENERATOR_TIMER_AT 8
#define GENERATOR_KPTR_AT  24
#define GENERATOR_PLAIN_AT 32

/* And in that of GENERATOR_OWN; its lock lies at GENERATOR_LOCK_AT. */
#define GENERATOR_ITEMS_AT        8
#define GENERATOR_COUNTED_AT      24
#define GENERATOR_TREE_AT         40
#define GENERATOR_COUNTED_TREE_AT 56
#define GENERATOR_OWN_KPTR_AT     72
#define GENERATOR_OWN_PLAIN_AT    80 /* 16 bytes */
#define GENERATOR_WORK_AT         96

/* For which attach points. */
enum generated_kind {
    GENERATED_AXIOM, /* gpio/ and pwm/ */
    GENERATED_RAW_TP,
    GENERATED_XDP,
    GENERATED_TC,
    GENERATED_KIND_COUNT
};

/* What is in a program, for statistics. */
#define GENERATED_FEATURES(X)                                                                      \
    X(alu) X(alu32) X(signed_division) X(movsx) X(byte_order) X(jump) X(jump32) X(loop)           \
    X(loop_beside) X(record_in_round)                                                              \
    X(may_goto) X(far_jump) X(linked) X(linked_plus_constant) X(value_variable)                   \
    X(stack_variable) X(spilled_pointer) X(atomic) X(ordered) X(helper_memory) X(record)          \
    X(record_or_null) X(function) X(function_nested) X(spill_across_frames) X(global_function)    \
    X(callback_loop) X(callback_map) X(tail_call) X(packet) X(packet_variable) X(packet_meta)     \
    X(packet_changed) X(packet_argument) X(socket) X(legacy_load) X(context_write)                 \
    X(iterator) X(iterator_nested) X(iterator_left) X(iterator_wrong)                  \
    X(dynptr_memory) X(dynptr_record) X(dynptr_packet) X(dynptr_slice) X(dynptr_slice_buffer)      \
    X(dynptr_wrong) X(lock) X(lock_other) X(lock_wrong) X(task) X(task_acquired) X(kptr_exchanged) \
    X(kptr_looked_at) X(kptr_after_section) X(task_wrong) X(timer)                                  \
    X(own) X(own_holder) X(own_exchanged) X(own_wrong) X(list) X(tree) X(refcount) X(work)         \
    X(throw) X(exception_callback) X(iterator_bits) X(iterator_tasks)
#define GENERATED_FEATURE(name) GENERATED_##name,
enum generated_feature { GENERATED_FEATURES(GENERATED_FEATURE) GENERATED_FEATURE_COUNT };
const char *generated_feature_name(enum generated_feature feature);

#define GENERATED_FUNCTION_MAX 12

/* What may be in a program besides; of the kernel's objects, where the kind has them. */
enum generate_flags {
    GENERATE_GLOBALS = 1u << 0,   /* global functions */
    GENERATE_ITERATORS = 1u << 1,
    GENERATE_DYNPTRS = 1u << 2,
    GENERATE_SPECIAL = 1u << 3, /* locks, timers, kernel pointers in map values; for XDP and TC */
    GENERATE_OWN = 1u << 4, /* objects of the program's own, lists, trees, exceptions, work, other iterators; likewise */
    GENERATE_OBJECTS = GENERATE_ITERATORS | GENERATE_DYNPTRS | GENERATE_SPECIAL
};

struct generated {
    struct bpf_insn insns[GENERATED_INSN_MAX];
    uint32_t insn_count;
    enum generated_kind kind;
    uint32_t flags;    /* enum generate_flags */
    bool has_callback; /* of exceptions: its function has the name "x" */
    bool features[GENERATED_FEATURE_COUNT]; /* enum generated_feature */
    struct {
        uint32_t start;
        bool is_global; /* int f(u64 number, u32 *memory, context *) */
        bool is_callback; /* of exceptions: int x(u64 number) */
    } functions[GENERATED_FUNCTION_MAX]; /* behind the program itself */
    uint32_t function_count;
};

/* The first so many it may use. */
static inline uint32_t generated_map_count(const struct generated *program)
{
    bool packets = program->kind == GENERATED_XDP || program->kind == GENERATED_TC;
    return !packets ? GENERATOR_MAP_COUNT : program->flags & GENERATE_OWN ? GENERATOR_ALL_MAP_COUNT : GENERATOR_OWN;
}

/* One for Axiom's attach points, without global functions. */
void generate_program(const uint8_t *bytes, size_t size, struct generated *out);
/* `flags`: enum generate_flags. */
void generate_program_of(enum generated_kind kind, uint32_t flags, const uint8_t *bytes, size_t size,
                         struct generated *out);
