/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One verification: the verifier's own data, and what its files offer each other.
 *
 *     verifier.c   bpf_verify(): the order of things, memory
 *     cfg.c        what can be seen without walking: encodings, functions, jumps, unreachable code,
 * live registers walk.c       the walk: one path after another, instruction by instruction
 *     check_*.c    one instruction: may it be done in this state, and what is the state afterwards
 *     functions.c  calls of the program's own functions; call.h: all other calls
 *     stack.c      stack slots
 *     prune.c      checkpoints: what was walked before need not be walked again
 *     snapshot.c   states as bytes
 *     explain.c    refusals in words
 *
 * Functions that return int give 0, or a negative errno after explain.c's refuse() has said why. */
#pragma once
#include <axiom/errno.h>
#include <axiom/list.h>
#include <bpf/helper.h>
#include <bpf/op.h>
#include <bpf/verifier.h>

#include "state.h"

struct insn_info {
    uint16_t row : 12;     /* in bpf_insn_table */
    uint16_t join : 1;     /* paths meet here: a place for checkpoints */
    uint16_t second : 1;   /* second half of LDDW */
    uint16_t reached : 1;  /* by some path of the control flow graph */
    uint16_t function : 1; /* a function starts here */
    uint16_t live; /* registers that may be read from here on before they are written, r0 = bit 0 */
};

/* A state before a conditional jump that waits until the paths before it are done. */
struct pending {
    struct pending *below;
    uint64_t insns, ns;
    struct decisions decisions;
    uint32_t newest; /* number of the checkpoint that its numbers refer to */
    uint32_t pc;
    uint32_t size_bytes; /* of this allocation */
    uint8_t snapshot[];
};

#define BUCKET_COUNT 64u

struct verifier;

/* One function of the program. */
struct function {
    uint32_t start;       /* its first instruction */
    uint32_t type_id;     /* of its FUNC in the program's BTF, 0: not known */
    uint32_t stack_bytes; /* what it was seen to use */
    uint32_t below;       /* bytes of the deepest chain of frames that calls it */
    uint32_t depth;       /* frames of the longest chain of calls up to it, 0: never called */
    uint8_t checked;      /* enum function_checked, of global functions */
    bool is_global;       /* checked on its own, by its types */
    bool is_async;        /* called later, on a stack of its own */
    bool has_tail_call;
    bool changes_packet; /* global: what its callers must assume */
    uint64_t insns, ns;  /* global: the most that one call takes */
};

enum function_checked {
    FUNCTION_UNCHECKED,
    FUNCTION_CHECKING,
    FUNCTION_CHECKED,
};

/* For tests: looks over the verifier's shoulder. */
struct probe {
    void *user;
    /* Before each instruction walked. A run that is at this instruction is in one of the states
     * seen there, if all_precise is set (else numbers that do not matter may differ). */
    void (*claim)(void *user, const struct verifier *v);
    bool all_precise; /* every number matters */
    bool never_prune;
    bool eager; /* a checkpoint wherever paths meet */
};

struct verifier {
    const struct bpf_verify_request *request;
    struct bpf_verify_result *result;
    const struct bpf_env *env;
    const struct bpf_context_layout *context;
    const struct bpf_insn *insns;
    uint32_t insn_count;
    const struct probe *probe; /* may be NULL */

    struct insn_info *info;     /* one per slot */
    struct function *functions; /* sorted by start */
    uint32_t function_count;
    uint32_t nested;     /* walks that wait for the one going on */
    bool packet_changed; /* by something on the walk going on */

    struct state state;
    struct pending *pending;
    uint32_t pending_count;
    struct list_head buckets[BUCKET_COUNT]; /* complete checkpoints by instruction */
    struct list_head complete;              /* checkpoints by age, those done with */
    struct list_head open;                  /* those on the current path */
    uint32_t checkpoint_count;              /* made so far */
    uint64_t newest_walked;                 /* `walked` when the newest was made */
    uint32_t next_id;
    uint64_t walked;
    uint64_t
        work; /* values packed, unpacked and compared: bounds the time that large states take */

    uint8_t *scratch; /* snapshots are made here */
    size_t scratch_size;

    size_t memory_used, memory_peak, memory_limit;
    uint32_t call_depth;
};

static inline bool has_rule(const struct verifier *v, enum bpf_rule rule)
{
    return bpf_context_has_rule(v->context, rule);
}

/* --- verifier.c
 * ----------------------------------------------------------------------------------------------------
 */
/* Zeroed memory within the budget, or NULL. Makes room by forgetting checkpoints. */
void *verifier_alloc(struct verifier *v, size_t size);
void verifier_free(struct verifier *v, void *at, size_t size);
int verifier_run(const struct bpf_verify_request *request, struct bpf_verify_result *result,
                 const struct probe *probe);

/* --- explain.c
 * -----------------------------------------------------------------------------------------------------
 */
/* Fills the result: what, the source line of the current instruction, what usually mends it ("" if
 * nothing does). Returns `error`. */
int refuse(struct verifier *v, int error, enum bpf_reject reason, const char *mend,
           const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Of -ENOMEM: the caller's budget or the machine's memory is used up. */
int refuse_memory(struct verifier *v);

#define DESCRIPTION_MAX 96
struct description {
    char text[DESCRIPTION_MAX];
};
/* "a number 0..100", "map value 'counts' (8 bytes) + 4". */
struct description describe(const struct verifier *v, const struct reg *r);
struct description describe_number(const struct scalar *n);

/* --- cfg.c
 * ---------------------------------------------------------------------------------------------------------
 */
int cfg_check(struct verifier *v);
static inline const struct bpf_insn_row *insn_row(const struct verifier *v, uint32_t pc)
{
    return &bpf_insn_table[v->info[pc].row];
}

/* --- walk.c
 * --------------------------------------------------------------------------------------------------------
 */
int walk(struct verifier *v);
/* Walks from another beginning, as if it were a program of its own: `set_up` makes v->state, which
 * is zero. The walk going on waits. */
int walk_nested(struct verifier *v, void (*set_up)(struct verifier *v, void *user), void *user,
                uint64_t *insns, uint64_t *ns);
/* Keeps the current state, before a conditional jump both ways of which are possible, for later. */
int walk_push(struct verifier *v);

/* --- check_*.c: one instruction; state.pc is it, and is moved on by walk.c unless said otherwise
 * ----------------------- */
int check_alu(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_alu_other(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_lddw(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_load(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_store(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_atomic(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_helper_call(struct verifier *v, const struct bpf_insn *insn);
/* Sets state.pc, or *path_ends when neither way is possible. Where both are, one is gone at once;
 * the state waits, and comes here again with `waited` to go the other. */
int check_jump(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op, bool waited,
               bool *path_ends);
/* --- functions.c
 * -------------------------------------------------------------------------------------------------------
 */
/* Finds them, after cfg_check(). */
int functions_find(struct verifier *v);
/* After the walk: do all chains of calls fit the stack? */
int functions_check_depth(struct verifier *v, uint32_t *stack_bytes);
/* Which one the instruction belongs to. */
uint32_t function_at(const struct verifier *v, uint32_t pc);
const char *function_name(const struct verifier *v, uint32_t function);
/* Enter and leave a function of the program: set state.pc. */
int check_local_call(struct verifier *v, const struct bpf_insn *insn);
int check_exit(struct verifier *v, bool *path_ends);

/* LD_ABS and LD_IND. */
int check_legacy_packet(struct verifier *v, const struct bpf_insn *insn);

/* Reading a register that is not set is refused. */
int check_set(struct verifier *v, uint32_t reg_number);

enum access {
    ACCESS_READ,
    ACCESS_WRITE,
};
/* May `size_bytes` bytes at the register's offset + `displacement` be accessed? Context pointers
 * are not for this. */
int check_region(struct verifier *v, uint32_t reg_number, int64_t displacement, uint64_t size_bytes,
                 enum access access);
/* check_context.c: through a pointer to the context; `out`, when it is read: what that gives. */
int check_context(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size,
                  bool write, bool sign_extends, struct reg *out);

/* The same through a pointer to a socket. */
int check_socket_access(struct verifier *v, uint32_t reg_number, int64_t displacement,
                        uint32_t size, bool write, struct reg *out);

/* --- check_packet.c
 * ----------------------------------------------------------------------------------------------------
 */
/* Is `size_bytes` at the packet pointer + displacement known to be there? */
int check_packet_region(struct verifier *v, uint32_t reg_number, int64_t displacement,
                        uint64_t size_bytes, enum access access);
/* dst = pointer + or - number. */
int packet_add(struct verifier *v, uint32_t dst, const struct reg *pointer,
               const struct reg *number, bool subtract);
/* After `a COND b` was found to hold (64 bits): how much of the packet is there. */
void packet_learn(struct verifier *v, enum jump_cond cond, const struct reg *a,
                  const struct reg *b);

/* --- btf_object.c
 * --------------------------------------------------------------------------------------------------- */
/* A context that is an array of arguments: what lies at `at`. `*out` is any number already. */
int check_btf_argument(struct verifier *v, int64_t at, uint32_t size, bool write, struct reg *out);
/* A load through a REG_BTF. `*out` likewise. */
int check_btf_load(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size,
                   struct reg *out);
/* Known to be alive, and not NULL unless the register says so. */
bool reg_is_trusted(const struct reg *r);

/* --- stack.c: offsets in bytes from the frame's R10, already known to lie inside the frame
 * ---------------------------- */
int stack_read(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size, struct reg *out);
int stack_write(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size,
                struct reg *value);
/* Bytes from..to-1 must be set and hold no pointer. */
int stack_check_set(struct verifier *v, uint32_t frame, int64_t from, int64_t to);
/* Bytes from..to-1 may have changed to other numbers; where `set`, they certainly are set
 * afterwards. */
int stack_clobber(struct verifier *v, uint32_t frame, int64_t from, int64_t to, bool set);

/* --- prune.c
 * -------------------------------------------------------------------------------------------------------
 */
struct checkpoint {
    struct list_head bucket; /* in verifier.buckets, once complete */
    struct list_head age; /* in verifier.open, from the program's start on, or verifier.complete */
    uint32_t pc;
    uint32_t number;            /* from 1, in the order of making */
    uint32_t pending_depth;     /* how many states waited when it was made */
    uint32_t fingerprint;       /* equal states have equal ones */
    bool gap;                   /* the one before it on the path was forgotten */
    struct constants constants; /* once complete: those that matter */
    /* From the program's start to here, and the most from here to the end. */
    uint64_t insns, ns, tail_insns, tail_ns;
    uint32_t snapshot_size;
    uint8_t snapshot[];
};

void prune_init(struct verifier *v);
/* At a join: *covered if the state need not be walked; else a checkpoint may be made of it. */
int prune_visit(struct verifier *v, bool *covered);
/* A path ended here. */
void prune_path_end(struct verifier *v);
/* The next path is `pending`th from below: checkpoints above it are complete. */
void prune_complete(struct verifier *v, uint32_t pending);
/* Forgets something to make room; false when there is nothing left. */
bool prune_forget(struct verifier *v);
void prune_destroy(struct verifier *v);
/* Forgets the open ones. */
void prune_destroy_open(struct verifier *v);
/* The last open one: the numbers of the state refer to its places. */
struct checkpoint *prune_newest(const struct verifier *v);
/* Numbers computed from these places decided something. */
void mark_precise(struct verifier *v, uint64_t deps);

/* --- snapshot.c
 * ----------------------------------------------------------------------------------------------------
 */
/* Makes a snapshot of the state in v->scratch: registers that may be read from `pc` on, slots,
 * references. */
int snapshot_encode(struct verifier *v, uint32_t pc, uint32_t *size);
/* Makes v->state of it, all but pc, path and checkpoint. */
void snapshot_decode(struct verifier *v, const uint8_t *snapshot);

enum coverage {
    COVERS_WHAT_MATTERS, /* everything the state can do was walked from the snapshot */
    COVERS_EXACTLY,      /* both stand for the same machine states */
};
/* `*deps`: what the places that mattered are computed from in the state. */
bool snapshot_covers(struct verifier *v, const uint8_t *snapshot, enum coverage how,
                     uint64_t *deps);
/* Sets `precise` where `deps` has the place's bit; returns what the newly marked were computed
 * from. */
uint64_t snapshot_mark(struct verifier *v, uint8_t *snapshot, uint64_t deps);
/* What constants of a complete checkpoint a state must have to be covered. */
void snapshot_constants(const uint8_t *snapshot, struct constants *out);
/* The checkpoint that the state's numbers refer to was forgotten: they may derive from anything. */
void snapshot_lose_deps(struct state *s);
/* After a checkpoint was made: numbers of the state now derive from its own places. */
void snapshot_restart_deps(struct state *s);
