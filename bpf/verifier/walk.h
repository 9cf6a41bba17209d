/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One verification: the verifier's own data, and what its files offer each other.
 *
 *     verifier.c   bpf_verify(): the order of things, memory
 *     cfg.c        what can be seen without walking: encodings, functions, jumps, unreachable code,
 * live registers walk.c       the walk: one path after another, instruction by instruction
 *     check_*.c    one instruction: may it be done in this state, and what is the state afterwards
 *     functions.c  calls of the program's own functions; call.h: all other calls
 *     stack.c      stack slots
 *     arena.c      addresses in an arena
 *     prune.c      checkpoints: what was walked before need not be walked again
 *     loop.c       loops summarised: one round for all of them
 *     region.c     paths merged where they meet
 *     speculate.c  going back when a summary or a merged state was too much
 *     merge.c      one state for several
 *     snapshot.c   states as bytes (snapshot_value.c: their registers)
 *     snapshot_cover.c  what covers what
 *     snapshot_deps.c   what mattered
 *     explain.c    refusals in words
 *     log.c        the walk in words, for who asks
 *
 * Functions that return int give 0, or a negative errno after explain.c's refuse() has said why. */
#pragma once
#include <axiom/errno.h>
#include <axiom/list.h>
#include <bpf/helper.h>
#include <bpf/op.h>
#include <bpf/verifier.h>

#include "state.h"

/* What a way through the program takes; `insns` 0: there is no such way. */
struct cost {
    uint64_t insns, ns, calls;
};
/* Where loops nest they may become large; no more than "too much" is said then. */
#define COST_MAX (UINT64_MAX / 8)

struct insn_info {
    uint16_t row : 8;       /* in bpf_insn_table */
    uint16_t open : 1;      /* cfg.c: on the path of its search */
    uint16_t goes_back : 1; /* a way from here goes round a loop, to its head */
    uint16_t join : 1;      /* paths meet here: a place for checkpoints */
    uint16_t second : 1;    /* second half of LDDW */
    uint16_t reached : 1;   /* by some path of the control flow graph */
    uint16_t function : 1;  /* a function starts here */
    uint16_t run : 1; /* cfg.c: straight code that its search went through at once begins here */
    uint16_t
        live : 10; /* registers that may be read from here on before they are written, r0 first */
    uint16_t visits : 3;     /* different states seen here, as far as it counts */
    uint16_t loop_head : 1;  /* where a loop is entered: every round goes through here */
    uint16_t short_merge : 1; /* a jump: those in its region that go far leave it */
    uint16_t no_merge : 1;   /* a jump: paths from it must be kept apart */
    uint16_t no_summary : 1; /* a loop's head: its rounds must be walked */
    uint16_t fastcall : 1;   /* a spill or fill around a call (fastcall.c) */
    uint16_t meet : 9; /* a jump: its region is so long (region.c) */
};
#define MEET_UNKNOWN 0u
#define MEET_NOWHERE 511u

/* A state that waits until the paths before it are done. */
struct pending {
    struct pending *below;
    struct cost path;
    struct decisions decisions;
    uint32_t newest; /* number of the checkpoint that its numbers refer to */
    uint32_t pc, from;
    uint32_t size_bytes; /* of this allocation */
    bool at_jump;        /* it is before a conditional jump, one way of which was gone */
    bool taken_first;    /* that way was the jump's */
    uint8_t snapshot[];
};

#define VISITS_MAX 7u /* insn_info.visits counts up to here */

struct verifier;

/* One function of the program. */
struct function {
    uint32_t start;       /* its first instruction */
    uint32_t type_id;     /* of its FUNC in the program's BTF, 0: not known */
    uint32_t stack_bytes; /* what it was seen to use */
    uint32_t below;       /* bytes of the deepest chain of frames that calls it */
    uint32_t below_counted; /* the same as Linux counts */
    uint32_t fastcall_rest; /* bytes of its stack without what is spilled around calls (fastcall.c) */
    bool has_fastcall, keeps_spills;
    uint32_t depth;       /* frames of the longest chain of calls up to it, 0: never called */
    uint8_t checked;      /* enum function_checked, of global functions */
    bool is_global;       /* checked on its own, by its types */
    uint32_t async_map;   /* 1 + the map whose timer calls it: it was walked for that */
    bool is_async;        /* called later, on a stack of its own */
    bool has_tail_call;
    bool changes_packet; /* global: what its callers must assume */
    bool wants_aligned;
    bool throws;         /* global: it may end the program */
    struct cost most;    /* global: what one call takes */
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

/* The walk going on; one within it has its own. */
struct here {
    uint32_t number; /* of the walk */
    struct pending *pending;
    uint32_t pending_count;
    size_t pending_bytes;
    uint32_t from;                    /* the instruction before state.pc on this path */
    bool taken_first;                 /* the jump being decided: which way goes first, or went */
    struct region *region;            /* the innermost that the walk is in */
    struct loop *loop;                /* the innermost being summarised */
    struct speculation *speculations; /* the newest */
    size_t speculation_bytes;
    struct speculation *blamed; /* for the refusal on its way, if not the newest */
    uint64_t newest_walked;     /* `walked` when the newest checkpoint was made */
};

#define SAMPLE_PLACES 8u
/* Places where the walk was found most often: those with a larger share than 1/SAMPLE_PLACES are among them (Misra
 * and Gries, "Finding repeated elements", 1982). */
struct samples {
    uint32_t count;
    struct {
        uint32_t pc, hits;
    } places[SAMPLE_PLACES];
};

#define SPARE_STEP    32u
#define SPARE_CLASSES 32u

struct verifier {
    const struct bpf_verify_request *request;
    struct bpf_verify_result *result;
    const struct bpf_env *env;
    const struct bpf_context_layout *context;
    const struct bpf_insn *insns;
    uint32_t insn_count;
    const struct probe *probe; /* may be NULL */

    struct insn_info *info;      /* one per slot */
    struct bpf_insn_fact *facts; /* one per slot, or NULL */
    uint8_t *access_kinds;       /* one per slot: what a load or store there goes to (check_mem.c), or NULL;
                                    arithmetic: with addresses in an arena, or not (arena.c) */
    struct function *functions;  /* sorted by start */
    uint32_t function_count;
    uint32_t nested;     /* walks that wait for the one going on */
    bool has_fastcalls;  /* some function may do with less stack than it uses (fastcall.c) */
    bool slices_of_stack; /* some pointer had a stack_offset */
    bool packet_changed; /* by something on the walk going on */
    bool wants_aligned;  /* an atomic operation on memory whose beginning the walk does not know */
    bool throws;         /* something on the walk going on */
    uint32_t arena;      /* 1 + the arena among the program's maps, 0: none (arena.c) */
    bool work_sleeps;    /* the walk going on is of a function that may sleep, though the program may not */
    uint32_t exception_start; /* of the exception callback, 0: the program has none */
    bool cover_leads;    /* the checkpoint being compared leads to an open loop's head */
    const struct loop *returning; /* whose round is over: its head is being compared */

    struct state state;
    struct here here;
    uint32_t walk_count;
    bool ways_back_lost;       /* of speculations: some were forgotten */
    bool final;                /* the refusal is not for a speculation */
    uint32_t retreats;         /* speculations that failed */
    struct list_head *buckets; /* complete checkpoints by instruction */
    uint32_t bucket_shift;
    struct list_head complete; /* checkpoints by age, those done with */
    struct list_head open;     /* those on the current path */
    uint32_t checkpoint_count; /* made so far */
    uint32_t completed_count;  /* stamps given so far */
    uint32_t next_id;
    uint32_t tags_made; /* origins of registers: the next one */
    uint64_t walked;
    uint64_t
        work; /* values packed, unpacked and compared: bounds the time that large states take */

    struct samples samples;
    uint64_t worst_ns; /* the costliest way seen, and its decisions */
    struct decisions worst;

    uint8_t *scratch; /* snapshots are made here */
    size_t scratch_size;

    size_t memory_used, memory_peak, memory_limit;
    struct spare *spares[SPARE_CLASSES]; /* given back, by size (verifier.c) */
    size_t spare_bytes;
    uint32_t frame_capacity;
    uint32_t call_depth;
    bool jumps_back; /* some jump goes to a lower address */
    bool has_functions, has_kernel_calls;
    bool may_use_up; /* it has what progress.c counts */
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
/* Says also where the work went. */
int refuse_complex(struct verifier *v, int error, enum bpf_reject reason, const char *mend,
                   const char *what);
/* Of -ENOMEM: the caller's budget or the machine's memory is used up. */
int refuse_memory(struct verifier *v);

/* The refusal may be for merging only, and the way back was forgotten: it is one of memory. */
void explain_lost(struct verifier *v);
/* The refusal was not the last word. */
void explain_forget(struct verifier *v);

/* The costliest way through the program seen so far, for the message of the budget. */
void explain_note_worst(struct verifier *v, const struct cost *more);
/* The refusal to come is of that way. */
void explain_worst(struct verifier *v);
/* Now and then, at the instruction being walked. */
#define EXPLAIN_SAMPLE_EVERY 64u
void explain_sample(struct verifier *v);

/* --- log.c: what the caller's log gets
 * -----------------------------------------------------------------------------------------------------
 */
static inline bool logs(const struct verifier *v, enum bpf_verify_log level)
{
    return v->request->log_level >= level && v->request->log != NULL;
}
/* Before the instruction at state.pc is walked. */
void log_insn(struct verifier *v);
/* The jump at `pc` was decided: state.pc is where it went; `first`: the other way waits; `second`: that was it. */
void log_decision(struct verifier *v, uint32_t pc, bool first, bool second);
/* The path ends at state.pc, and why. */
void log_path_end(struct verifier *v, const char *why);

#define DESCRIPTION_MAX 136
struct description {
    char text[DESCRIPTION_MAX];
};
/* What the instruction at state.pc reads, at most BPF_VERIFY_REGISTER_MAX registers; how many. */
uint32_t registers_read(const struct verifier *v, uint32_t *numbers);
/* "a number 0..100", "map value 'counts' (8 bytes) + 4". */
struct description describe(const struct verifier *v, const struct reg *r);
struct description describe_number(const struct scalar *n);

/* --- cfg.c
 * ---------------------------------------------------------------------------------------------------------
 */
int cfg_check(struct verifier *v);
/* Instructions that may follow: at most two. */
uint32_t cfg_successors(const struct verifier *v, uint32_t pc, uint32_t next[2]);
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
                struct cost *most);
void walk_drop(struct verifier *v);
/* Keeps the current state, before a conditional jump both ways of which are possible, for later. */
int walk_push(struct verifier *v);
/* A pending of the current state; NULL after refuse(). The caller puts it into a list. */
struct pending *pending_make(struct verifier *v, bool at_jump);
struct pending *pending_copy(struct verifier *v, const struct pending *p);
void pending_put(struct verifier *v, struct pending *p);
/* It waits: the next to be taken up. */
void pending_push(struct verifier *v, struct pending *p);
/* Drops those above the first `count`. */
void pending_truncate(struct verifier *v, uint32_t count);
/* Makes v->state of it; it stays. */
void pending_restore(struct verifier *v, const struct pending *p);

/* --- check_*.c: one instruction; state.pc is it, and is moved on by walk.c unless said otherwise
 * ----------------------- */
int check_alu(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_alu_other(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_lddw(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_load(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_store(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
int check_atomic(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
/* Calls; where both "once more" and "done" are possible (a callback's next round, an iterator's next
 * element), one is gone at once and the state waits to come here again with `waited`. *entered:
 * state.pc was set. */
int check_helper_call(struct verifier *v, const struct bpf_insn *insn, bool waited, bool *entered);
int check_kfunc_call(struct verifier *v, const struct bpf_insn *insn, bool waited, bool *entered, bool *path_ends);
bool kfunc_calls_back(const struct verifier *v, const struct bpf_insn *insn);
/* callback.c: a callback returns to the call that called it. */
int check_callback_exit(struct verifier *v);
bool is_called_back(const struct bpf_helper *helper);
uint64_t callback_rounds(struct verifier *v);
/* special.c: bytes from..to-1 of a REG_MAP_VALUE are no lock, timer, ... */
int check_no_special(struct verifier *v, uint32_t reg_number, int64_t from, int64_t to);
/* Sets state.pc, or *path_ends when neither way is possible. Where both are, one is gone at once;
 * the state waits, and comes here again with `waited` to go the other. */
int check_jump(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op, bool waited,
               bool *path_ends);
/* --- functions.c
 * -------------------------------------------------------------------------------------------------------
 */
/* Before: sets exception_start, and marks it as a function. */
int find_exception_callback(struct verifier *v);
/* It is checked where the program ends or throws. */
int check_exception_callback(struct verifier *v);
/* Finds them, after cfg_check(). */
int functions_find(struct verifier *v);
/* After the walk: do all chains of calls fit the stack? */
int functions_check_depth(struct verifier *v, uint32_t *stack_bytes);
/* fastcall.c: before the walk; at each access to so many slots of a frame, if v->has_fastcalls; what of a function's
 * stack counts, afterwards. */
void fastcall_find(struct verifier *v);
void fastcall_note(struct verifier *v, uint32_t frame, uint32_t slots);
uint32_t fastcall_stack(const struct function *f);
/* Which one the instruction belongs to. */
uint32_t function_at(const struct verifier *v, uint32_t pc);
/* The path takes this much more: a function that is not walked in it. */
static inline void add_cost(struct state *s, const struct cost *more)
{
    s->insns += more->insns;
    s->ns += more->ns;
    s->calls += more->calls;
}
const char *function_name(const struct verifier *v, uint32_t function);
/* Enter and leave a function of the program: set state.pc. */
int check_local_call(struct verifier *v, const struct bpf_insn *insn);
int check_exit(struct verifier *v, bool *path_ends);

/* LD_ABS and LD_IND: as check_jump(), for the function may end there. */
int check_legacy_packet(struct verifier *v, const struct bpf_insn *insn, bool waited,
                        bool *path_ends);

/* Does the helper end the function that calls it, if it does what it is for: a tail call? The program's
 * own end is the other program's business. */
bool ends_function(const struct verifier *v, const struct bpf_insn *insn);
/* Both ways of such a call, as check_jump(): the other program ran, and any number is the function's
 * result; or there is none, and the function goes on. */
int check_tail_call(struct verifier *v, const struct bpf_insn *insn, bool waited, bool *path_ends);

/* Reading a register that is not set is refused. */
int refuse_unset(struct verifier *v, uint32_t reg_number);
static inline int check_set(struct verifier *v, uint32_t reg_number)
{
    return state_reg(&v->state, reg_number)->type != REG_UNSET ? 0 : refuse_unset(v, reg_number);
}

/* The map of a REG_MAP* register; for one out of a map of maps, what all of its maps are like. */
static inline const struct bpf_map *reg_map(const struct verifier *v, const struct reg *r)
{
    const struct bpf_map *map = v->request->maps[r->map];
    return (r->attr & REG_INNER) != 0 ? map->inner : map;
}

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
int check_map_load(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size, struct reg *out);
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
/* One of those bytes may have become 0: what is 0 stays so. */
int stack_clobber_with_zero(struct verifier *v, uint32_t frame, int64_t from, int64_t to);

/* --- prune.c
 * -------------------------------------------------------------------------------------------------------
 */
struct checkpoint {
    struct list_head bucket; /* in verifier.buckets, once complete */
    struct list_head age; /* in verifier.open, from the program's start on, or verifier.complete */
    uint32_t pc;
    uint32_t number;        /* from 1, in the order of making */
    uint32_t pending_depth; /* how many states waited when it was made */
    uint32_t fingerprint;   /* equal states have equal ones */
    uint32_t snapshot_size;
    uint32_t walk;      /* here.number */
    uint32_t completed; /* when it was, or was of use last */
    uint8_t frame_count;
    uint8_t rounds; /* visits of this loop head before it, one after the other */
    bool gap;       /* the one before it on the path was forgotten */
    bool pinned;    /* a summarised loop's head: not to be forgotten while open */
    bool passing;   /* not to be kept when complete */
    uint16_t tail_count;
    struct constants constants; /* once complete: those that matter */
    struct cost path;           /* from the program's start to here */
    /* The most from here to the end [0], and to the head of the open loop of each level; then the
     * snapshot. */
    struct cost tails[];
};

static inline uint8_t *checkpoint_snapshot(struct checkpoint *c)
{
    return (uint8_t *)&c->tails[c->tail_count];
}

int prune_init(struct verifier *v);
/* At a join: *covered if the state need not be walked; else a checkpoint may be made of it. */
int prune_visit(struct verifier *v, bool *covered);
/* A path ended here. */
void prune_path_end(struct verifier *v);
/* The next path is `pending`th from below: checkpoints above it are complete. Refuses when a
 * summarised loop then turns out not to end. */
int prune_complete(struct verifier *v, uint32_t pending);
/* Checkpoints with higher numbers are taken back. */
void prune_truncate(struct verifier *v, uint32_t number, uint32_t completed_count);
/* The state becomes an open checkpoint. */
int prune_make(struct verifier *v, uint32_t fingerprint, uint32_t rounds, bool pinned);
/* The summarised loop of that level, at `head`, is closed: its rounds together take `rounds`. */
void prune_close_loop(struct verifier *v, struct checkpoint *head, uint32_t level,
                      const struct cost *rounds);
/* The same when paths that leave it wait yet: what refers to its head is not kept. */
void prune_leave_loop(struct verifier *v, struct checkpoint *head, uint32_t level,
                      const struct cost *rounds);
/* What the state's numbers were computed from at `head`, which is open: for a state that waits until
 * all checkpoints after it are gone. Those are not to be relied on when complete. */
void prune_depend_on(struct verifier *v, const struct checkpoint *head);
struct checkpoint *prune_find_open(struct verifier *v, uint32_t number);
/* A way through the program goes on from the newest checkpoint by `more` after the path so far. */
void prune_note(struct verifier *v, uint32_t level, const struct cost *more);
/* Forgets something to make room; false when there is nothing left. */
bool prune_forget(struct verifier *v);
void prune_destroy(struct verifier *v);
/* Forgets the open ones. */
void prune_destroy_open(struct verifier *v);
/* The last open one: the numbers of the state refer to its places. */
struct checkpoint *prune_newest(const struct verifier *v);
/* Numbers computed from these places decided something. */
void mark_precise(struct verifier *v, uint64_t deps);

/* --- snapshot*.c
 * ----------------------------------------------------------------------------------------------------
 */
/* Makes a snapshot of the state in v->scratch: registers that may be read from `pc` on, slots,
 * references. */
int snapshot_encode(struct verifier *v, uint32_t pc, uint32_t *size);
/* Makes v->state of it, all but pc, path and checkpoint. */
void snapshot_decode(struct verifier *v, const uint8_t *snapshot);

enum coverage {
    COVERS_WHAT_MATTERS, /* everything the state can do was walked from the snapshot */
    COVERS_ALL,          /* every machine state of one is a state of the other */
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
/* The numbers of a state that derive from the snapshot's places now derive from what those do. */
void snapshot_trace_deps(struct state *s, const uint8_t *snapshot);
/* The checkpoint that the state's numbers refer to was forgotten: they may derive from anything. */
void snapshot_lose_deps(struct state *s);
/* After a checkpoint was made: numbers of the state now derive from its own places. */
void snapshot_restart_deps(struct state *s);
const uint8_t *snapshot_get_frame(const uint8_t *at, struct frame *frame);
const uint8_t *snapshot_get_slot(const uint8_t *at, struct slot *slot);
bool snapshot_same_rest(const uint8_t *at, const struct state *s);
const uint8_t *snapshot_get_number(const uint8_t *at, uint64_t *number);

/* --- merge.c: one state for several
 * ----------------------------------------------------------------------------------------------------
 */
enum merge_how {
    MERGE_HULL,  /* both states come from one checkpoint; numbers that differ get all between */
    MERGE_WIDEN, /* the snapshot is a loop's last round: what changed goes to the next threshold */
    MERGE_AGAIN, /* the snapshot is what MERGE_WIDEN gave, and was not wide enough */
};

#define THRESHOLD_MAX 32u
#define PLACE_ANY     UINT32_MAX
#define MERGE_ID_MAX  24u
#define TAG_MAX       8u
struct loop_tag;
struct merge {
    enum merge_how how;
    bool force;       /* what cannot be merged becomes unset */
    bool unlimited;   /* no thresholds any more */
    uint32_t attempt; /* how often it was widened before */
    struct threshold {
        uint64_t value;
        uint32_t place; /* the register that is compared with it, or PLACE_ANY */
    } thresholds[THRESHOLD_MAX];
    uint32_t threshold_count;
    uint32_t place;                /* the register being merged, or PLACE_ANY */
    uint32_t tag_first;            /* origins from this on go to what changed, at most TAG_MAX */
    uint32_t old_first, old_count; /* MERGE_AGAIN: those of the snapshot */
    const struct loop_tag *old_tags;
    uint32_t changed; /* places that differ */
    struct step {     /* of each tag: what the last round did to it */
        bool is_exact;    /* it added `by`, neither more nor less */
        bool is_compared; /* the loop compares it with a constant: it may be what ends it */
        bool may_count;   /* else, and `first` is what it was when the loop began */
        int64_t by;
        struct scalar first; /* before it was widened */
        struct scalar widened;
    } steps[TAG_MAX];
    uint32_t id_count;
    uint32_t old_ids[MERGE_ID_MAX], now_ids[MERGE_ID_MAX], new_ids[MERGE_ID_MAX];
};
/* Makes v->state cover itself and the snapshot; false (and v->state is garbage) when it cannot. */
bool state_merge(struct verifier *v, const uint8_t *snapshot, struct merge *m);
/* Values of the snapshot and of the same place in v->state. */
void state_each_pair(struct verifier *v, const uint8_t *snapshot,
                     void (*visit)(const struct reg *old, const struct reg *now, void *user),
                     void *user);

/* --- speculate.c: walking on with more than there is, and going back when that is refused
 * ----------------------------------------------------------------------------------------------------
 */
struct speculation {
    struct speculation *below;
    struct pending *state; /* what to go on with instead */
    uint32_t pending_count, checkpoint_count, completed_count;
    struct region *region;
    struct loop *loop;
    uint32_t exit_count; /* of that loop */
    bool of_loop;
    bool merged; /* of a loop: the ways out of it */
    bool dear;   /* of a region: its ways were too many */
};
/* From here on, with `state` to come back to; owns it, also on failure. */
int speculate(struct verifier *v, struct pending *state, uint32_t pending_count, bool of_loop);
/* Back to before the newest one, or before `s` if given; false if there is none. */
bool speculation_retreat(struct verifier *v, struct speculation *s);
/* No more of it, once all that there is was taken back. */
void speculation_give_up(struct verifier *v);
/* Is it worth trying? */
bool speculation_allowed(const struct verifier *v);
/* All paths of those begun with at least `pending` states waiting are walked. */
void speculation_commit(struct verifier *v, uint32_t pending);
/* Makes room; false when there is nothing to forget. */
bool speculation_forget(struct verifier *v);
void speculation_commit_above(struct verifier *v, const struct speculation *s);
/* Everything made since, pendings, checkpoints, regions and loops, is taken back. */
void speculation_undo(struct verifier *v, const struct speculation *s);
void speculation_destroy(struct verifier *v);

/* --- facts.c: for the JITs
 * ----------------------------------------------------------------------------------------------------
 */
void facts_begin(struct verifier *v);
void facts_note(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op);
void facts_note_jump(struct verifier *v, uint32_t pc, bool both, bool jumped);
void facts_finish(struct verifier *v);
void facts_destroy(struct verifier *v);

/* --- progress.c: what ends loops that no number ends
 * ----------------------------------------------------------------------------------------------------
 */
enum measure_kind {
    MEASURE_PASSES,   /* of may_goto in one call of a function */
    MEASURE_ROUNDS,   /* of a callback */
    MEASURE_ELEMENTS, /* of an iterator */
};

struct measure {
    uint8_t kind;   /* enum measure_kind */
    uint32_t id;    /* the frame's invocation, the iterator's reference */
    uint64_t least; /* used up on every way seen */
    uint64_t bound; /* of all */
};

#define MEASURE_MAX 8u
struct progress {
    uint32_t count;
    struct measure each[MEASURE_MAX];
};

/* What was used up on the path from the snapshot, which lies on it, to the state. */
void progress_since(struct verifier *v, const uint8_t *snapshot, struct progress *out);
/* What both ways use up. */
void progress_meet(struct progress *all, const struct progress *one);
/* So many rounds at most use it up; UINT64_MAX: none. */
uint64_t progress_rounds(const struct progress *p);

/* --- loop.c: loops summarised
 * ----------------------------------------------------------------------------------------------------
 */
#define LOOP_WINDOW 512u
struct loop {
    struct loop *outer;
    struct speculation *speculation;
    uint32_t pc;                     /* its head */
    uint32_t first, last;            /* its instructions lie between, as far as known */
    uint32_t body[LOOP_WINDOW / 32]; /* which are its own, from `first` on */
    uint32_t frame_count;
    uint32_t number;                         /* of the checkpoint at its head */
    uint32_t level;                          /* 1: the outermost */
    uint32_t pending_count, completed_count; /* when it was opened */
    uint32_t attempts;
    uint32_t tag_first, tag_count;
    struct loop_tag {
        uint64_t least; /* what each round adds at least */
        uint64_t span;  /* between its least and greatest value at the head */
        bool down;
        /* Not compared with anything, but what it is follows from how many rounds there were. */
        bool is_counted;
        int64_t step;        /* what each round adds */
        struct scalar first; /* its value when the loop began */
    } tags[TAG_MAX];
    uint64_t counted_rounds; /* as many at most; count_rounds() sees to that */
    struct pending *exits; /* states that left it, the newest first: they wait until it is closed */
    uint32_t exit_count;
    uint32_t alive; /* tags that every round so far brought on */
    struct progress progress; /* of every round so far */
    bool came_round;
};
#define LOOP_LEVEL_MAX 100u

/* At a loop's head, come back from inside; `before` is its last visit. *done: the path ends here.
 */
int loop_visit(struct verifier *v, struct checkpoint *before, bool *done);
/* dst + src or dst - src: what is known of the result's origin. */
void reg_added(struct reg *result, const struct reg *dst, const struct reg *src, bool subtract,
               bool half);
/* All paths from its head are walked: counts its rounds. */
int loop_close(struct verifier *v, struct checkpoint *head);
/* At the end of a round: is it a counted variable of that loop, and was its step added? */
bool loop_counted(const struct verifier *v, const struct reg *old, const struct reg *now);
/* Is this origin of a loop that is still open? */
bool loop_origin_is_open(const struct verifier *v, uint32_t origin);
/* The same, where states have left it: now they wait like any other. */
int loop_leave(struct verifier *v, struct checkpoint *head);
/* Has the path left the innermost loop? Then its state was set aside until that is closed. */
int loop_left(struct verifier *v, bool *left);
/* Forgets those that left the loop after the first `count`. */
void loop_truncate_exits(struct verifier *v, struct loop *l, uint32_t count);
void loop_drop(struct verifier *v, struct loop *until);
/* Is the state inside the innermost loop that is being summarised? */
bool loop_is_inside(const struct verifier *v);
/* Which way of the jump at state.pc goes first: the one that stays in the loop. */
bool loop_taken_first(const struct verifier *v);

/* --- region.c: paths merged where they meet
 * ----------------------------------------------------------------------------------------------------
 */
/* After the jump at `pc` was decided and one way waits: its paths may be merged. */
int region_enter(struct verifier *v, uint32_t pc);
/* Has the path left the region? Then its state was collected. */
int region_left(struct verifier *v, bool *left);
/* All paths through it are walked: the merged states wait. */
int region_finish(struct verifier *v);
/* Lets the states of the list, which all refer to the newest checkpoint, wait; `merge`: made one where
 * they can be; *merged: some were. Owns them. */
int region_let_wait(struct verifier *v, struct pending *list, bool merge, bool *merged);
void region_drop(struct verifier *v, struct region *until);
/* Is it of a region that the walk is in? */
bool region_needs(const struct verifier *v, const struct speculation *s);
bool region_finished(const struct verifier *v);
