/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inside of programs: for bpf/ itself and for axiom_bpf_unverified. Nobody else sees this
 * folder. */
#pragma once
#include <bpf/error.h>
#include <bpf/interp.h>
#include <bpf/op.h>
#include <bpf/prog.h>
#include <bpf/verifier.h>
#include <bpf_internal/interp_ops.h>

/* One decoded instruction. `handler` is where its code stands in the interpreter, counted from a
 * label there, so that dispatch is one load, one addition and one jump. */
struct bpf_code {
    int32_t handler;
    uint8_t dst, src;
    int16_t offset;
    union {
        int64_t
            imm; /* sign-extended; LDDW's constant, a map's or value's address, a helper's row */
        struct {
            int32_t small_imm;
            int32_t
                distance; /* of a jump or local call, in decoded instructions from the next one */
        };
    };
};
_Static_assert(sizeof(struct bpf_code) == 16, "two to a quarter of a cache line");

/* Where a decoded instruction came from. */
struct bpf_code_origin {
    uint32_t slot; /* index in insns */
    uint32_t op;   /* enum bpf_op */
};

/* What the verifier found out about an instruction that holds in every run, for the JITs. All zero:
 * nothing is known. Only bpf/verifier writes it. */
enum bpf_fact_flags {
    BPF_FACT_NEVER_RUN = 1u << 0,
    BPF_FACT_ALWAYS_JUMPS = 1u << 1, /* a conditional jump */
    BPF_FACT_NEVER_JUMPS = 1u << 2,
    BPF_FACT_DIVISOR_NOT_ZERO = 1u << 3,
    BPF_FACT_OPERANDS_32 = 1u << 4,        /* both operands of a 64-bit DIV or MOD are below 2^32 */
    BPF_FACT_SIGNED_NO_OVERFLOW = 1u << 5, /* SDIV, SMOD: not the most negative number by -1 */
    BPF_FACT_MAP = 1u << 6,                /* `map_index` is the map of a helper call */
    BPF_FACT_KEY = 1u << 7,                /* and its 32-bit key is `key` */
    BPF_FACT_STACK_RANGE =
        1u << 8, /* all of the stack that a memory access or a helper call (by any
                                       argument) may touch: own frame, [stack_low, stack_high) */
};
/* What the base of a memory access points to. */
enum bpf_fact_pointer {
    BPF_FACT_POINTER_UNKNOWN,
    BPF_FACT_POINTER_STACK, /* of the function's own frame */
    BPF_FACT_POINTER_OTHER, /* anything but a stack frame of this run */
};
struct bpf_insn_fact {
    uint16_t flags;  /* enum bpf_fact_flags */
    uint8_t pointer; /* enum bpf_fact_pointer */
    uint8_t unused;
    uint32_t map_index; /* in the program's table of maps */
    uint32_t key;
    int32_t stack_low, stack_high; /* from R10, negative; high is not included */
};

struct bpf_prog {
    const struct bpf_code *code; /* ends with FALL_OFF */
    uint32_t code_count;         /* FALL_OFF counted */
    uint32_t touched_count;
    struct bpf_map *const
        *touched; /* maps whose values it reaches without a lookup, and may write */
    const struct bpf_code_origin *origins;
    const struct bpf_env *env;
    const struct bpf_context_layout *context;
    const struct bpf_insn *insns;
    const struct bpf_insn_fact *facts; /* one per slot of insns, or NULL */
    uint32_t insn_count;
    uint32_t map_count;
    bool is_verified;
    const struct bpf_jit *jit; /* what tail calls to it run; jit.c */
    void (*destroy_jit)(struct bpf_prog *prog); /* NULL: `jit` is not the program's own */
    uint32_t frame_size; /* bytes from one frame's R10 to the next one's */
    struct bpf_map *const *maps;
    const char *name;
    uint32_t reference_count;
    struct bpf_debug_info debug;
    struct bpf_prog_bounds bounds;
    size_t size_bytes; /* of the one allocation that all of this lies in */
};

/* Copies instructions and debug info, takes references on the maps, decodes. Refuses only what
 * cannot be decoded
 * (-EINVAL), and -ENOMEM. The verifier calls this last, after it accepted the program. */
int bpf_prog_create(const struct bpf_verify_request *request, const struct bpf_prog_bounds *bounds,
                    struct bpf_prog **out, struct bpf_error *error);

/* decode.c: fills `code` and `origins` (slots + 1 entries each are enough) and `touched` (map_count
 * entries). */
int bpf_decode(const struct bpf_verify_request *request, struct bpf_prog *prog,
               struct bpf_code *code, struct bpf_code_origin *origins, struct bpf_map **touched,
               struct bpf_error *error);

/* The handler of an operation in the interpreter, as a distance. */
int32_t bpf_interp_handler(enum bpf_op op, enum interp_form form);
/* The handler of two operations in a row (interp_fused.h); false: there is none. */
bool bpf_interp_fused(enum bpf_op first, enum bpf_op second, enum interp_form form, int32_t *out);
/* interp_choose.c: the handlers of a decoded program's instructions. */
void bpf_interp_choose(struct bpf_code *code, const struct bpf_code_origin *origins,
                       uint32_t code_count);

/* What a run starts with; interp.c and the JITs' entries. On the path of every event, hence in place.
 * enter, frame_max, tail_result and jit are the engines'. */
static inline void bpf_run_begin(const struct bpf_prog *prog, struct bpf_run *run)
{
    run->prog = prog;
    run->insn_count = 0;
    run->helper_ns = 0;
    run->error = 0;
    run->engine.checker = NULL;
    run->engine.frame = (uint64_t)(uintptr_t)run->stack + prog->frame_size;
    run->engine.depth = 0;
    run->engine.tail_call_count = 0;
    run->engine.ended = 0;
    run->engine.lent = NULL;
}

/* Maps that the program may have written without a helper have changed. */
static inline void bpf_run_end(const struct bpf_prog *prog)
{
    for (uint32_t i = 0; i < prog->touched_count; i++)
        bpf_map_touch(prog->touched[i]);
}

/* Linux's MAX_TAIL_CALL_CNT: further tail calls of one run fail. */
#define BPF_TAIL_CALL_MAX 33u

/* The program from its beginning inside of a run that goes on: what a JIT does where a tail call leads
 * to a program that is not compiled. */
uint64_t bpf_interp_continue(const struct bpf_prog *prog, const uint64_t *r,
                             struct bpf_run *run);

/* bpf_jit_run() with R2. */
uint64_t bpf_jit_run_r2(const struct bpf_jit *jit, void *context, uint64_t r2, struct bpf_run *run);

/* bpf_prog_run() with R2. */
uint64_t bpf_interp_run(const struct bpf_prog *prog, void *context, uint64_t r2,
                        struct bpf_run *run);

/* What LDDW of a function leaves in a register: not an address, so that runs are equal everywhere.
 */
#define BPF_CODE_ADDRESS_TAG (UINT64_C(0xbf) << 56)
