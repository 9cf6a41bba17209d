/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A machine that runs BPF programs and believes nothing: objects lie far apart in an address space
 * of its own, so that every access outside of one is seen; what is not set, and what is or was a
 * pointer, is known byte by byte; helpers do whatever their signature allows, by dice. The judge of
 * the verifier.
 *
 * What a program may do depends on its context's rules: where addresses are no secret and stack need
 * not be set (Linux's kinds of program), the machine lets it. */
#pragma once
#include <bpf/verifier.h>

#include <stdbool.h>

#define MACHINE_FRAME_MAX 8

struct machine_reg {
    uint64_t value;
    bool set;
    bool address; /* is, or was computed from, a pointer */
};

struct machine_object {
    uint64_t base;
    uint32_t size;
    uint32_t map; /* of map values and keys */
    uint8_t *bytes;
    uint8_t kind; /* enum machine_object_kind */
    uint8_t life; /* of tasks: enum machine_life */
    bool writable, live;
    /* Of the program's own: */
    uint8_t type;             /* enum generated_own */
    uint8_t references;       /* that the program has */
    uint64_t in_list, in_tree; /* of which list or tree it is; 0: none */
};

enum machine_object_kind {
    OBJECT_CONTEXT,
    OBJECT_FRAME,
    OBJECT_VALUE,
    OBJECT_KEY, /* what callbacks are shown of a map's key */
    OBJECT_RECORD,
    OBJECT_PACKET, /* metadata and data in one; dead once it was changed */
    OBJECT_SOCKET,
    OBJECT_ELEMENT, /* of an iterator: live as long as that is */
    OBJECT_TASK,
    OBJECT_OWN, /* of the program's own: bpf_obj_new() */
};

/* Until when a task is there: given up by the program, the end of the read section, unknown. */
enum machine_life { LIFE_OWNED, LIFE_SEEN, LIFE_ANY };

#define MACHINE_OBJECT_MAX 256

/* What the kernel keeps on the program's stack. */
struct machine_stack_object {
    uint8_t kind; /* enum machine_stack_kind; STACK_FREE: this entry is */
    bool drained;
    uint32_t frame, at, size; /* at: in the frame, from its lowest byte */
    /* An iterator: */
    uint8_t of; /* enum machine_iterator */
    bool stale; /* a read section has ended: its tasks may be gone */
    int32_t number, end;
    uint32_t element; /* the object; UINT32_MAX: none */
    /* A dynptr: */
    uint8_t shows, origin; /* enum machine_dynptr; origin: as it was made, had that not failed */
    bool read_only;
    uint32_t object, start, length; /* which bytes; of the packet that is when it is used */
    uint32_t reference;             /* of its record, and of its clones'; 0: none */
};

enum machine_stack_kind { STACK_FREE, STACK_ITERATOR, STACK_DYNPTR };

enum machine_iterator { ITERATES_NUMBERS, ITERATES_BITS, ITERATES_TASKS };

enum machine_dynptr {
    MACHINE_SHOWS_NOTHING,
    MACHINE_SHOWS_MEMORY,
    MACHINE_SHOWS_RECORD,
    MACHINE_SHOWS_SKB,
    MACHINE_SHOWS_XDP,
};

#define MACHINE_STACK_OBJECT_MAX 16
#define MACHINE_TIMER_MAX        4

/* How a frame was entered, and what happens when it is left. */
struct machine_frame {
    uint32_t return_to;
    uint32_t first; /* the frame where the verifier's walk of it begins: 0, or a global function's */
    uint32_t low;   /* bytes of its stack that were touched, from its top */
    uint32_t references; /* open when it was entered */
    /* Of a callback: */
    uint32_t callback; /* enum bpf_callback; BPF_CALLBACK_NONE: it is none */
    uint32_t function, map, round, round_count;
    struct machine_reg context;
    uint64_t root; /* the tree that an object is added to, BPF_CALLBACK_LESS */
    uint32_t added;
};

struct machine {
    const struct bpf_verify_request *request;
    uint64_t dice;
    uint32_t pc, frame_count;
    struct machine_reg regs[MACHINE_FRAME_MAX][BPF_REG_COUNT];
    struct machine_frame frames[MACHINE_FRAME_MAX];
    struct machine_object objects[MACHINE_OBJECT_MAX];
    uint32_t object_count;
    uint32_t memory_used;
    uint8_t frame_set[MACHINE_FRAME_MAX][512], frame_address[MACHINE_FRAME_MAX][512];
    struct machine_stack_object on_stack[MACHINE_STACK_OBJECT_MAX];
    uint32_t open_references, last_reference;
    uint64_t lock;      /* that is held: where it lies; 0: none */
    uint32_t rcu;       /* read sections entered */
    struct {
        uint64_t value; /* where the value begins that it lies in */
        uint32_t map, function;
    } timers[MACHINE_TIMER_MAX]; /* and work: that were given a function, which runs after the program */
    uint32_t timer_count;
    bool in_timer;
    uint32_t packet;    /* the object that it is now */
    uint32_t meta_size; /* of its metadata */
    uint64_t steps, calls;
    uint32_t stack_most, frames_most; /* in use at one time */
    bool jumped;                      /* the last conditional jump */
    /* For another object, for more steps of a timer: the run is given up as fine. */
    bool out_of_room;
    /* Called before each instruction; false ends the run as an escape. May be NULL. */
    bool (*before)(struct machine *m, void *user);
    void *user;
    uint8_t memory[64 << 10]; /* of all objects */
    char escape[300];         /* what the program did that no verified program may; "" if nothing */
};

#define MACHINE_CONTEXT_BASE  UINT64_C(0x100000000000)
#define MACHINE_MAP_BASE      UINT64_C(0x600000000000)
#define MACHINE_FUNCTION_BASE UINT64_C(0x700000000000) /* + 8 * its first instruction */

static inline uint64_t machine_frame_top(uint32_t frame)
{
    return UINT64_C(0x200000000000) + ((uint64_t)frame << 40) + 512;
}

static inline uint64_t machine_packet_data(const struct machine *m)
{
    return m->objects[m->packet].base + m->meta_size;
}

static inline uint64_t machine_packet_end(const struct machine *m)
{
    return m->objects[m->packet].base + m->objects[m->packet].size;
}

/* The object that all of these bytes lie in, or NULL. */
struct machine_object *machine_object_at(struct machine *m, uint64_t at, uint64_t size);

/* The stack object that has bytes of `frame` between at and at + size, or NULL. */
struct machine_stack_object *machine_on_stack(struct machine *m, uint32_t frame, uint32_t at,
                                              uint32_t size);

/* Runs the program to its end, at most `step_limit` instructions; a run that takes very long is
 * given up as fine. False: m->escape says what went wrong. */
bool machine_run(struct machine *m, const struct bpf_verify_request *request, uint64_t seed,
                 uint64_t step_limit);
