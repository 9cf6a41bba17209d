/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Helpers: one row holds number, name, what the verifier checks, what it costs, where it may be
 * called, and its body. (Number, C prototype and name come from the same line of AXIOM_BPF_HELPERS
 * in the user's header.) */
#pragma once
#include <axiom/types.h>
#include <bpf/context.h>
#include <bpf/env.h>

struct bpf_run;

#define BPF_HELPER_ARG_MAX 5

/* What an argument must be. SIZE and SIZE_OR_ZERO speak of the memory in the argument just before.
 */
enum bpf_arg_type {
    BPF_ARG_NONE,         /* not an argument: the register need not be set */
    BPF_ARG_SCALAR,       /* any initialised number */
    BPF_ARG_MAP,          /* a pointer to a map (LDDW), of a type in the row's map_types */
    BPF_ARG_MAP_KEY,      /* readable, initialised memory of the map's key_size */
    BPF_ARG_MAP_VALUE,    /* readable, initialised memory of the map's value_size */
    BPF_ARG_MEM_READ,     /* readable, initialised memory; the size is the next argument */
    BPF_ARG_MEM_WRITE,    /* writable memory, need not be initialised: the helper fills all of it */
    BPF_ARG_SIZE,         /* number of bytes, 1 or more */
    BPF_ARG_SIZE_OR_ZERO, /* number of bytes; with 0 the memory argument may be anything readable */
    BPF_ARG_CONST_SIZE, /* number of bytes that the verifier must know exactly (ringbuf_reserve) */
    BPF_ARG_RINGBUF_RECORD, /* what ringbuf_reserve returned, not NULL; the helper releases it */
    BPF_ARG_CONTEXT,        /* the program's own context pointer */
};

enum bpf_return_type {
    BPF_RETURN_VOID, /* R0 is not readable afterwards */
    BPF_RETURN_SCALAR,
    BPF_RETURN_MAP_VALUE_OR_NULL,      /* of the BPF_ARG_MAP argument; read-only if
                                          bpf_map_values_read_only() */
    BPF_RETURN_RINGBUF_RECORD_OR_NULL, /* memory of the BPF_ARG_CONST_SIZE argument's bytes; a
                                          reference to release */
};

enum bpf_helper_flags {
    /* Moves an actuator through policy and guard: only where bpf_context_layout.actuators_allowed.
     */
    BPF_HELPER_ACTUATOR = 1u << 0,
    /* A result of 0 ends the program with 0 (helper 5 of bpf_conformance). No helper of the kernel
       has it. */
    BPF_HELPER_UNWIND = 1u << 1,
    /* Arguments 3 to 5 may be set or not, but what is set must be a number: a pointer would bring
     * an address into the output (trace_printk). Registers that are not set read as 0. */
    BPF_HELPER_VARIADIC = 1u << 2,
};

typedef uint64_t bpf_helper_body(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3,
                                 uint64_t r4, uint64_t r5);

struct bpf_helper {
    uint32_t id; /* enum bpf_func_id */
    const char *name;
    bpf_helper_body *body;
    enum bpf_return_type returns;
    enum bpf_arg_type args[BPF_HELPER_ARG_MAX];
    uint32_t flags;         /* enum bpf_helper_flags */
    uint32_t map_types;     /* BPF_MAP_BIT_*: what a BPF_ARG_MAP argument may be */
    uint32_t attach_types;  /* bit mask of 1 << enum bpf_attach_type that may call it */
    uint32_t cost_ns;       /* by the CPU model */
    uint32_t entry_cost_ns; /* more for each entry of the map argument (max_entries) */
};

/* bpf_helper.map_types: one bit per map type of this library (map.h). */
#define BPF_MAP_BIT_HASH            (1u << 0)
#define BPF_MAP_BIT_ARRAY           (1u << 1)
#define BPF_MAP_BIT_RINGBUF         (1u << 2)
#define BPF_MAP_BIT_TIMESERIES      (1u << 3)
#define BPF_MAP_BIT_PERCPU_HASH     (1u << 4)
#define BPF_MAP_BIT_PERCPU_ARRAY    (1u << 5)
#define BPF_MAP_BIT_LRU_HASH        (1u << 6)
#define BPF_MAP_BIT_LRU_PERCPU_HASH (1u << 7)
#define BPF_MAP_BIT_LPM_TRIE        (1u << 8)
#define BPF_MAP_BIT_QUEUE           (1u << 9)
#define BPF_MAP_BIT_STACK           (1u << 10)
#define BPF_MAP_BIT_BLOOM_FILTER    (1u << 11)
#define BPF_MAP_BIT_PROG_ARRAY      (1u << 12)
#define BPF_MAP_BIT_ARRAY_OF_MAPS   (1u << 13)
#define BPF_MAP_BIT_HASH_OF_MAPS    (1u << 14)
#define BPF_MAP_BIT_STRUCT_OPS      (1u << 15)

/* The library's own helpers (helper_table.c), sorted by id. */
extern const struct bpf_helper bpf_helpers[];
extern const uint32_t bpf_helper_count;

/* The row of the env's table, or NULL. */
const struct bpf_helper *bpf_helper_find(const struct bpf_env *env, uint32_t id);

/* Whether a program of this kind may call it. */
static inline bool bpf_helper_allowed(const struct bpf_helper *helper,
                                      const struct bpf_context_layout *context)
{
    if ((helper->flags & BPF_HELPER_ACTUATOR) != 0 && !context->actuators_allowed)
        return false;
    return (helper->attach_types >> context->attach_type & 1u) != 0;
}
