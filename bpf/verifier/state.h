/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The abstract machine: what the verifier knows at one point of one path.
 *
 * A register is nothing (unset), a number, or a pointer: what it points into and, as a number
 * again, its offset from there. A frame's stack is an array of 8-byte slots counted downwards from
 * R10; a slot knows which of its bytes are set, and the one value stored there last, if it was
 * stored as a whole (a spill).
 *
 * `deps` is precision tracking. A checkpoint (prune.h) covers a later state if everything *that
 * mattered* from there on is covered; which numbers mattered is found out afterwards. So each
 * number carries the set of places (registers and slots at the newest checkpoint of this path) that
 * it was computed from, hashed to 64 bits: two places with one bit only make both count. When a
 * number decides something, mark_precise() marks those places in that checkpoint, and the places
 * those were computed from in the one before. */
#pragma once
#include <axiom/string.h>
#include <bpf/insn.h>
#include <bpf/prog.h>

#include "scalar.h"

enum reg_type {
    REG_UNSET,
    REG_NUMBER,
    REG_CONTEXT,
    REG_STACK,
    REG_MAP,         /* the map itself, as LDDW loads it */
    REG_MAP_VALUE,   /* bytes of a map: one value, or with LDDW all of an array's */
    REG_RECORD,      /* a reserved ring buffer record; `id` is the reference to release */
    REG_MAP_KEY,     /* a key that a callback is given: `size` bytes to read */
    REG_MEM,         /* other memory of `size` bytes: a dynptr's slice, a function's argument */
    REG_BUFFER,      /* a writable tracepoint's buffer: checked when it is attached */
    REG_PACKET,      /* packet data; `size` bytes from base + n on are known to be there */
    REG_PACKET_META, /* the metadata before it */
    REG_PACKET_END,  /* data_end */
    REG_SOCKET,      /* a socket; `type_id` is enum socket_kind */
    REG_BTF,         /* a kernel object: its type is `type_id` in the BTF that `attr` says */
    REG_ARENA,       /* an address in an arena: any access is caught at run time */
    REG_FUNCTION,    /* a function of the program, as LDDW loads it; starts at `function` */
    REG_DYNPTR,      /* a dynptr itself, as callbacks are given it */
    /* What slots of the stack hold; never in a register. */
    REG_SLOT_DYNPTR,
    REG_SLOT_ITERATOR,
    REG_SLOT_IRQ_FLAGS,
    REG_TYPE_COUNT
};

/* REG_SOCKET: which of Linux's views of a socket. */
enum socket_kind {
    SOCKET_COMMON, /* struct bpf_sock_common's fields only */
    SOCKET_FULL,
    SOCKET_TCP,
    SOCKET_XDP,
};

/* reg.attr: what holds of this pointer. */
enum reg_attr {
    REG_READ_ONLY = 1u << 0,
    REG_TRUSTED = 1u << 1,   /* REG_BTF: alive, as long as its reference or the program runs */
    REG_RCU = 1u << 2,       /* alive until the RCU read section ends */
    REG_UNTRUSTED = 1u << 3, /* may be anything: loads are caught at run time */
    REG_PERCPU = 1u << 4,
    REG_OWN_TYPE = 1u << 5,   /* type_id is in the program's own BTF, not the kernel's */
    REG_ALLOCATED = 1u << 6,  /* made by bpf_obj_new(): the program may write it */
    REG_BORROWED = 1u << 7,   /* in a list or tree: until the lock is given up */
    REG_FIRST_SLOT = 1u << 8, /* REG_SLOT_*: the lowest of its object's slots */
    REG_USER = 1u << 9,       /* user space's memory */
    REG_INNER = 1u << 10,     /* REG_MAP*: of a map that lies in `map` */
    REG_DRAINED = 1u << 11,   /* REG_SLOT_ITERATOR: it has no more elements */
    REG_PACKET_SLICE = 1u << 12, /* REG_MEM: void when the packet changes */
    REG_FROM_CONTEXT = 1u << 13, /* REG_MEM: a field of the context points to it (flow keys) */
    REG_UNALIGNED = 1u << 14,    /* REG_MEM: begins at any byte (what a dynptr shows) */
    REG_SLICE = 1u << 15,        /* REG_MEM: of bpf_dynptr_slice(), not of bpf_dynptr_data() */
};

/* REG_DYNPTR, REG_SLOT_DYNPTR: what it shows. */
enum dynptr_kind {
    DYNPTR_LOCAL,
    DYNPTR_RINGBUF,
    DYNPTR_SKB,
    DYNPTR_XDP,
};

struct reg {
    uint8_t type;    /* enum reg_type */
    uint8_t precise; /* in a checkpoint: this number mattered */
    uint8_t may_be_null;
    uint8_t frame; /* REG_STACK, REG_MEM with a stack_offset: whose */
    union {
        uint32_t map;      /* REG_MAP, REG_MAP_VALUE, REG_MAP_KEY: index in the program's maps;
                              REG_MEM: the dynptr that it is a slice of, 0: none */
        uint32_t type_id;  /* REG_BTF, REG_SOCKET, REG_SLOT_*, REG_DYNPTR */
        uint32_t function; /* REG_FUNCTION */
        uint32_t given_up_at; /* REG_UNSET, for messages: 1 + the call that made it so, 0: none */
    };
    uint32_t size; /* REG_MAP_VALUE, REG_RECORD, ...: bytes from offset 0 */
    uint32_t id;   /* equal numbers, pointers from one lookup, one record have one id; 0: none */
    uint32_t ref;  /* the reference (or borrowed owner) that it lives by, 0: none; REG_RECORD: 0 */
    /* REG_PACKET, REG_PACKET_META: the offset is n + fixed, equal ids have equal n.
     * REG_NUMBER: likewise, what a constant added to the number that all of its id are (with id 0: 0).
     * REG_SLOT_ITERATOR: how many elements it has given on this path (progress.c). */
    int32_t fixed;
    uint16_t attr; /* enum reg_attr */
    /* REG_MEM: it may be (none of it or all) the bytes of `frame`'s stack from this offset on; 0: never. */
    int16_t stack_offset;
    /* A number or offset that a summarised loop changes (loop.c): which one, 0: none, and what was
     * added to it since the loop's head. */
    uint32_t origin;
    int64_t added_min, added_max;
    uint64_t deps;
    struct scalar n; /* the number, or the offset in bytes (REG_STACK: from R10, so 0 or less) */
};

struct slot {
    uint8_t set; /* bit b: byte b (the lowest address first) is set */
    uint8_t
        spill_start; /* bytes spill_start .. + spill_size - 1 hold `value`; spill_size 0: none */
    uint8_t spill_size;
    struct reg value;
};

enum frame_kind {
    FRAME_PROGRAM,  /* the program itself, or a function that it calls */
    FRAME_GLOBAL,   /* a global function, checked on its own */
    FRAME_CALLBACK, /* called by a call of the frame below: comes back to it (callback.c) */
    FRAME_ASYNC,    /* called later: a timer's callback */
    FRAME_EXCEPTION /* called by bpf_throw() */
};

struct frame {
    struct reg regs[BPF_REG_COUNT];
    uint32_t return_to; /* instruction to go on with in the caller */
    uint32_t slot_base, slot_count;
    uint32_t function; /* which of the program's (functions.c) */
    uint8_t kind;      /* enum frame_kind */
    /* What makes loops end that nothing else bounds (progress.c). */
    uint32_t invocation; /* this call of the function; 0: of the program itself */
    uint32_t passes;     /* of may_goto so far, by the way with the fewest */
    uint32_t rounds;     /* of the callback, while a call that calls back is not done */
};

#define REFERENCE_MAX 8u
struct reference {
    uint32_t id;
    uint32_t insn_index; /* the call that acquired it, for the message */
    uint8_t frame;       /* of the callback that did, 0: none: only the same may give it up */
};

/* Regions of code that a program enters and must leave. */
struct regions {
    uint32_t lock_map;       /* the lock that it holds: 1 + the map that it is in; 0: none */
    uint32_t lock_id;        /* and the id of the pointer to it */
    uint8_t rcu, no_preempt; /* how often entered */
};

/* The last decisions of the path, for the message. A word for each: the jump's index, whether it was taken, and how
 * often in a row, as far as that fits. */
#define DECISIONS_KEPT      8u
#define DECISION_TIMES_MAX  0x7ffu
#define DECISION(pc, taken) ((pc) * 2 + (taken))
#define DECISION_WHICH(d)   ((d) & 0x1fffffu)
#define DECISION_TIMES(d)   ((d) >> 21)
struct decisions {
    uint32_t count; /* all of the path; the last ones are kept, decision i at i % DECISIONS_KEPT */
    uint32_t last[DECISIONS_KEPT];
};
_Static_assert(BPF_PROG_INSN_MAX * 2 <= 0x1fffff, "a decision fits");

static inline void decisions_add(struct decisions *d, uint32_t which)
{
    uint32_t *last = &d->last[(d->count - 1) % DECISIONS_KEPT];
    if (d->count == 0 || DECISION_WHICH(*last) != which) {
        d->last[d->count++ % DECISIONS_KEPT] = which | 1u << 21;
        return;
    }
    if (DECISION_TIMES(*last) < DECISION_TIMES_MAX)
        *last += 1u << 21;
}

struct state {
    uint32_t pc;
    uint32_t frame_count;
    struct frame *frames; /* room for one, or for BPF_CALL_DEPTH_MAX if the program has functions */
    /* Frames' slots one after another; the array grows on demand. */
    struct slot *slots;
    uint32_t slot_count, slot_capacity;
    struct reference references[REFERENCE_MAX];
    uint32_t reference_count;
    struct regions regions;
    /* This path so far, by the longest way where several were merged. */
    uint64_t insns, ns, calls;
    struct decisions decisions;
};

#define BITS 64u

/* Offsets of pointers that are used stay within this, so that sums of them cannot overflow and no
 * pointer comes round to another object. Larger than any object. */
#define OFFSET_LIMIT (INT64_C(1) << 30)

static inline struct frame *state_top(struct state *s)
{
    return &s->frames[s->frame_count - 1];
}

static inline struct reg *state_reg(struct state *s, uint32_t number)
{
    return &state_top(s)->regs[number];
}

static inline bool reg_is_pointer(const struct reg *r)
{
    return r->type > REG_NUMBER;
}

static inline struct reg reg_unset(void)
{
    return (struct reg){ .type = REG_UNSET };
}

/* All but what is known of its number, which nobody asks of a register that is not set. */
static inline void reg_forget(struct reg *r)
{
    memset(r, 0, offsetof(struct reg, n));
}

static inline struct reg reg_const(uint64_t value)
{
    return (struct reg){ .type = REG_NUMBER, .n = scalar_const(value, BITS) };
}

static inline struct reg reg_any_number(void)
{
    return (struct reg){ .type = REG_NUMBER, .n = scalar_unknown(BITS) };
}

/* A pointer of this type with offset 0. */
static inline struct reg reg_pointer(enum reg_type type)
{
    return (struct reg){ .type = (uint8_t)type, .n = scalar_const(0, BITS) };
}

/* It equals nothing any more. */
static inline void reg_unlink(struct reg *number)
{
    number->id = 0;
    number->fixed = 0;
}

static inline bool reg_is_packet(const struct reg *r)
{
    return r->type == REG_PACKET || r->type == REG_PACKET_META;
}

/* Pointers from one base: their difference and order mean something. */
static inline bool reg_same_object(const struct reg *a, const struct reg *b)
{
    return a->type == b->type && reg_is_pointer(a) && a->type != REG_MAP && a->frame == b->frame &&
           a->map == b->map && a->id == b->id && a->size == b->size && a->ref == b->ref &&
           a->attr == b->attr;
}

/* Slot index and byte in the slot of a stack offset (negative, from R10). */
static inline uint32_t stack_slot_of(int64_t offset)
{
    return (uint32_t)((-offset - 1) / 8);
}

static inline uint32_t stack_byte_of(int64_t offset)
{
    return (uint32_t)((uint64_t)offset & 7);
}

/* Calls `visit` for every register and spilled value of the state. */
void state_each_value(struct state *s, void (*visit)(struct reg *r, void *user), void *user);

/* Everything with the id of a reference or of a NULL test becomes unset; see check_call.c and
 * check_jump.c. */
bool state_has_reference(const struct state *s, uint32_t id);
void state_drop_reference(struct state *s, uint32_t id);

/* Of some registers of some frames: their constants, as one number. */
struct constants {
    uint64_t which;  /* bit frame * 10 + register */
    uint64_t digest; /* CONSTANTS_NONE if one of them is no constant */
};
#define CONSTANTS_NONE   UINT64_C(0)
#define CONSTANTS_EMPTY  UINT64_C(1) /* of no registers */
#define CONSTANTS_FRAMES 6u

static inline uint64_t constants_add(uint64_t digest, uint64_t value)
{
    return ((digest ^ value) * UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

void state_constants(const struct state *s, uint64_t which, struct constants *out);

/* A digest of the top frame's registers in `live` and of all that is spilled; equal states have equal ones. */
uint32_t state_fingerprint(const struct state *s, uint16_t live);
