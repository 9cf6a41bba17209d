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

/* What an argument must be: one of these, and flags (BPF_ARG_OR_NULL, ...) added. SIZE and
 * SIZE_OR_ZERO speak of the memory in the argument just before. */
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
    BPF_ARG_ANYTHING,       /* anything initialised; a pointer only where its address may be told */
    BPF_ARG_MAP_VALUE_OUT,  /* writable memory of the map's value_size: the helper fills it */
    BPF_ARG_MEM_UPDATE,     /* readable and writable, initialised; the size is the next argument */
    BPF_ARG_FIXED_READ,     /* readable memory of the row's fixed_sizes[] bytes */
    BPF_ARG_FIXED_WRITE,    /* the helper fills fixed_sizes[] bytes, aligned to their number */
    BPF_ARG_FIXED_UPDATE,   /* reads and fills them */
    BPF_ARG_CONST_STRING,   /* a string in a read-only map whose contents do not change */
    BPF_ARG_ZERO,           /* the number 0, nothing else */
    BPF_ARG_STACK,          /* the program's stack, or NULL: what a callback is handed */
    BPF_ARG_CALLBACK,    /* a function of the program; bpf_helper.callback says how it is called */
    BPF_ARG_SPIN_LOCK,   /* a struct bpf_spin_lock in a map value or allocated object */
    BPF_ARG_TIMER,       /* a struct bpf_timer in a map value */
    BPF_ARG_KPTR,        /* a field of a map value that may hold a kernel pointer */
    BPF_ARG_BTF,         /* a kernel object of type bpf_helper.btf_name */
    BPF_ARG_BTF_PERCPU,  /* a per-CPU variable of the kernel */
    BPF_ARG_SOCK_COMMON, /* a socket of any kind, as struct bpf_sock shows it */
    BPF_ARG_SOCKET,      /* a full socket */
    BPF_ARG_ANY_SOCK,    /* a socket as the program or as the kernel sees it */
    BPF_ARG_DYNPTR,      /* a dynptr that is set */
    BPF_ARG_DYNPTR_OUT,  /* 16 bytes of stack that become a dynptr */

    BPF_ARG_BASE = 0x3f, /* mask of the above */
    /* Flags: */
    BPF_ARG_OR_NULL = 0x40, /* may be NULL */
    BPF_ARG_RELEASE = 0x80, /* must have a reference, which the helper takes */
};

enum bpf_return_type {
    BPF_RETURN_VOID, /* R0 is not readable afterwards */
    BPF_RETURN_SCALAR,
    BPF_RETURN_MAP_VALUE_OR_NULL,      /* of the BPF_ARG_MAP argument; read-only if
                                          bpf_map_values_read_only() */
    BPF_RETURN_RINGBUF_RECORD_OR_NULL, /* memory of the BPF_ARG_CONST_SIZE argument's bytes; a
                                          reference to release */
    BPF_RETURN_ERROR,                  /* 0 or a negative errno */
    BPF_RETURN_SIZE,                   /* a negative errno, or up to the size argument */
    BPF_RETURN_MAP_VALUE,              /* never NULL */
    BPF_RETURN_SOCKET_OR_NULL,         /* BPF_HELPER_ACQUIRES: with a reference to release; else it
                                          lives as long as the argument does */
    BPF_RETURN_SOCK_COMMON_OR_NULL,
    BPF_RETURN_TCP_SOCK_OR_NULL,
    BPF_RETURN_DYNPTR_MEM_OR_NULL, /* BPF_ARG_CONST_SIZE bytes of the BPF_ARG_DYNPTR argument */
    BPF_RETURN_BTF,                /* a kernel object of type bpf_helper.return_name, trusted */
    BPF_RETURN_BTF_OR_NULL,
    BPF_RETURN_PERCPU_MEM, /* what the BPF_ARG_BTF_PERCPU argument points to, for one CPU */
    BPF_RETURN_PERCPU_MEM_OR_NULL,
    BPF_RETURN_KPTR_OR_NULL, /* what the BPF_ARG_KPTR argument held */
};

/* How a helper calls the function in its BPF_ARG_CALLBACK argument. */
enum bpf_callback {
    BPF_CALLBACK_NONE,
    BPF_CALLBACK_LOOP,      /* (index, context), R1 of the call times at most */
    BPF_CALLBACK_MAP_ELEM,  /* (map, key, value, context), once for each entry at most */
    BPF_CALLBACK_VMA,       /* (task, vma, context), once at most */
    BPF_CALLBACK_USER_RING, /* (dynptr, context), for each record */
    BPF_CALLBACK_TIMER,     /* (map, key, value), later and on its own */
    BPF_CALLBACK_WORK,      /* likewise, of a kernel function; it may sleep */
    BPF_CALLBACK_LESS,      /* (node, node), of kernel functions: for each node of a tree */
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
    BPF_HELPER_MIGHT_SLEEP = 1u << 3,
    BPF_HELPER_ACQUIRES = 1u << 4, /* the result is a reference to release */
    /* Packet pointers are void afterwards. */
    BPF_HELPER_CHANGES_PACKET = 1u << 5,
    BPF_HELPER_PACKET_ARGUMENTS = 1u << 6, /* memory arguments may lie in the packet */
    /* The engine does it itself, the body is not called: goes on with program R3 of the map R2, or
     * comes back (tail_call). */
    BPF_HELPER_TAIL_CALL = 1u << 7,
    BPF_HELPER_LOCKS = 1u << 8,
    BPF_HELPER_UNLOCKS = 1u << 9,
    BPF_HELPER_KEEPS_REGISTERS = 1u << 10, /* of R1 to R5, those that it does not take are kept
                                              (bpf_fastcall) */
    /* Its body calls functions of the program: bpf_call_function(). */
    BPF_HELPER_CALLS_BACK = 1u << 11,
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
    uint64_t attach_types;  /* bit mask of 1 << enum bpf_attach_type that may call it */
    uint64_t prog_types;    /* for contexts of Linux: 1 << bpf_context_layout.prog_type; attach_types
                               are then 1 << expected_type, 0 for all */
    uint32_t cost_ns;       /* by the CPU model */
    uint32_t entry_cost_ns; /* more for each entry of the map argument (max_entries) */
    enum bpf_callback callback;
    uint8_t fixed_sizes[BPF_HELPER_ARG_MAX]; /* of BPF_ARG_FIXED_* arguments, in bytes */
    bool is_gpl;                             /* for programs whose license says so */
    const char *btf_name;                    /* struct of a BPF_ARG_BTF argument */
    const char *return_name;                 /* struct of a BPF_RETURN_BTF* result */
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
/* Of Linux only. */
#define BPF_MAP_BIT_PERF_EVENT_ARRAY (1u << 16)
#define BPF_MAP_BIT_STACK_TRACE      (1u << 17)
#define BPF_MAP_BIT_CGROUP_ARRAY     (1u << 18)
#define BPF_MAP_BIT_DEVMAP           (1u << 19) /* and DEVMAP_HASH */
#define BPF_MAP_BIT_CPUMAP           (1u << 20)
#define BPF_MAP_BIT_XSKMAP           (1u << 21)
#define BPF_MAP_BIT_SOCKMAP          (1u << 22)
#define BPF_MAP_BIT_SOCKHASH         (1u << 23)
#define BPF_MAP_BIT_REUSEPORT        (1u << 24)
#define BPF_MAP_BIT_SK_STORAGE       (1u << 25)
#define BPF_MAP_BIT_INODE_STORAGE    (1u << 26)
#define BPF_MAP_BIT_TASK_STORAGE     (1u << 27)
#define BPF_MAP_BIT_CGRP_STORAGE     (1u << 28)
#define BPF_MAP_BIT_CGROUP_STORAGE   (1u << 29) /* and per CPU */
#define BPF_MAP_BIT_USER_RINGBUF     (1u << 30)
#define BPF_MAP_BIT_ARENA            (1u << 31)

/* The library's own helpers (helper_table.c), sorted by id. */
extern const struct bpf_helper bpf_helpers[];
extern const uint32_t bpf_helper_count;

/* The row of the env's table, or NULL. Rows may share an id where its meaning depends on the kind
 * of program: then this is the first. */
const struct bpf_helper *bpf_helper_find(const struct bpf_env *env, uint32_t id);
/* The row that programs of this kind call by the id; if none may, the first one with it. */
const struct bpf_helper *bpf_helper_find_for(const struct bpf_env *env, uint32_t id,
                                             const struct bpf_context_layout *context);

/* Whether a program of this kind may call it. */
static inline bool bpf_helper_allowed(const struct bpf_helper *helper,
                                      const struct bpf_context_layout *context)
{
    if ((helper->flags & BPF_HELPER_ACTUATOR) != 0 && !context->actuators_allowed)
        return false;
    if (context->prog_type != 0)
        return (helper->prog_types >> context->prog_type & 1u) != 0 &&
               (helper->attach_types == 0 ||
                (helper->attach_types >> context->expected_type & 1u) != 0);
    return (helper->attach_types >> context->attach_type & 1u) != 0;
}
