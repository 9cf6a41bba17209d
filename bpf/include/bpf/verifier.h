/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verifier: the only way from bytes to a struct bpf_prog.
 *
 * It may refuse a program that is safe, never accept one that is not: no access outside context,
 * stack, map values and records, no use of what was not set, no endless run, no lost record. A
 * refusal is an ordinary answer, with an errno for the caller, a code for programs and a text with
 * the source line for the person. */
#pragma once
#include <axiom/types.h>
#include <bpf/btf.h>
#include <bpf/context.h>
#include <bpf/env.h>
#include <bpf/prog.h>

/* Codes are ABI of --json: append only. */
enum bpf_reject {
    BPF_REJECT_NONE = 0,
    BPF_REJECT_NO_VERIFIER,  /* this build has none */
    BPF_REJECT_EMPTY,        /* no instructions, or too many */
    BPF_REJECT_BAD_INSN,     /* unknown opcode, reserved field set, bad register */
    BPF_REJECT_BAD_JUMP,     /* out of the function, into the middle of LDDW */
    BPF_REJECT_FALL_OFF,     /* the end of a function without exit */
    BPF_REJECT_UNREACHABLE,  /* code that no path reaches */
    BPF_REJECT_UNINIT,       /* a register or stack slot that was not set */
    BPF_REJECT_TYPE,         /* an operation that this kind of value does not have */
    BPF_REJECT_POINTER_LEAK, /* a pointer would get out: into a map, by R0, by a comparison */
    BPF_REJECT_POINTER_MATH, /* pointer arithmetic that is not allowed */
    BPF_REJECT_NULL,         /* a pointer that may be NULL is used */
    BPF_REJECT_OOB,          /* outside the memory it points to */
    BPF_REJECT_ALIGN,        /* access that is not naturally aligned where it must be */
    BPF_REJECT_READ_ONLY,    /* write to memory or a context slot that may only be read */
    BPF_REJECT_STACK,        /* too deep, or outside the frame */
    BPF_REJECT_CALL,         /* unknown function, recursion, too many frames */
    BPF_REJECT_HELPER,       /* unknown helper, or not allowed at this attach point */
    BPF_REJECT_ARGUMENT,     /* an argument of a helper is not what it must be */
    BPF_REJECT_MAP,          /* a map index that is not there, or a map of the wrong type */
    BPF_REJECT_REFERENCE,    /* a record is not submitted, or is used afterwards */
    BPF_REJECT_LOOP,         /* a loop whose end cannot be shown */
    BPF_REJECT_TOO_COMPLEX,  /* the walk exceeds insn_limit */
    BPF_REJECT_BUDGET,       /* worst case exceeds the attach point's budget */
    BPF_REJECT_MEMORY,       /* the verifier's own memory budget, or allocation failed */
    BPF_REJECT_UNSUPPORTED,  /* known, but not yet proved by this verifier */
    BPF_REJECT_RELOCATION,   /* what the program asks of the kernel is not there (CO-RE, externs) */
    BPF_REJECT_COUNT
};

/* "out of bounds", ... for --json and tests. */
const char *bpf_reject_name(enum bpf_reject reason);

enum bpf_verify_log {
    BPF_VERIFY_LOG_NONE,
    BPF_VERIFY_LOG_DECISIONS, /* one line for each decision on each path */
    BPF_VERIFY_LOG_INSNS,     /* and one for each instruction walked */
};

struct bpf_verify_request {
    const struct bpf_env *env;
    const char *name;
    /* Functions one after another, the main program first; local calls are relative; maps are
     * indexes into `maps` (BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE). */
    const struct bpf_insn *insns;
    uint32_t insn_count; /* slots */
    struct bpf_map *const *maps;
    uint32_t map_count;
    const struct bpf_context_layout *context;
    const struct bpf_debug_info *debug; /* may be NULL; copied into the program */
    struct bpf_btf *btf;                /* the program's own types, or NULL */
    struct bpf_btf *kernel_btf;         /* types of the kernel that it is meant for, or NULL */
    uint32_t attach_btf_id; /* in kernel_btf: the function, tracepoint's typedef, or struct_ops type
                               that it attaches to; 0: none */
    uint32_t attach_member; /* of a struct_ops type: which function pointer */
    const char *license;    /* "": none; NULL: whoever loads it answers for that */
    bool sleepable;
    bool check_only; /* the verdict is wanted, no program: it may call what only others have */
    bool strict_alignment; /* whatever the program's kind says */
    uint64_t insn_limit;   /* instructions to walk at most; 0: 1,000,000 */
    size_t memory_limit;   /* bytes that the verifier may allocate; 0: 1 MiB */
    bool ignore_budget;    /* the privileged override of the attach point's budget */
    enum bpf_verify_log log_level;
    void (*log)(void *user, const char *line); /* each line of the log, without newline */
    void *log_user;
};

#define BPF_VERIFY_TEXT_MAX     1024
#define BPF_VERIFY_PATH_MAX     8
#define BPF_VERIFY_REGISTER_MAX 6
#define BPF_VERIFY_HOT_MAX      3

/* A conditional jump that could have gone either way, and where it went. */
struct bpf_verify_decision {
    uint32_t insn_index, to_index;
    uint32_t times; /* in a row; 2047: at least */
};

/* What the instruction concerned reads. */
struct bpf_verify_register {
    uint32_t number;
    char value[96]; /* in words */
};

/* Where the verifier's work went. */
struct bpf_verify_hot {
    uint32_t insn_index; /* the first of the source line, or the instruction itself */
    uint32_t percent;    /* of all instructions walked, about */
};

struct bpf_verify_result {
    struct bpf_prog *prog; /* the caller owns it; NULL when refused */
    enum bpf_reject reason;
    /* All of the following members together: reason, place, path, registers, what usually mends it. */
    char text[BPF_VERIFY_TEXT_MAX];
    char what[320]; /* the reason alone; "" where only text says it */
    char mend[200]; /* what usually mends it, "" where nothing does */
    struct bpf_verify_decision path[BPF_VERIFY_PATH_MAX]; /* its last ones, the oldest first */
    uint32_t path_count, path_total;
    struct bpf_verify_register registers[BPF_VERIFY_REGISTER_MAX];
    uint32_t register_count;
    struct bpf_verify_hot hot[BPF_VERIFY_HOT_MAX]; /* of "too complex": the most first */
    uint32_t hot_count;
    uint32_t insn_index;       /* where; 0 if nowhere in particular */
    char source_file[128];     /* "" without line info */
    uint32_t source_line;
    char source_text[160];
    struct bpf_prog_bounds bounds;
    size_t memory_peak; /* bytes of the verifier in use; besides, up to 8 KiB of the limit are kept for reuse */
};

/* 0 with result->prog (NULL with check_only), or the negative errno: -EACCES unsafe, -EINVAL malformed, -E2BIG over a
 * limit, -ENOMEM, -ENOSYS. `result` is filled in either way. Does not keep the request or anything
 * it points to, except env and maps. */
int bpf_verify(const struct bpf_verify_request *request, struct bpf_verify_result *result);
