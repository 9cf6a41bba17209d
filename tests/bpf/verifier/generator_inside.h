/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the generator's files offer each other: generator.c the program and its statements, generator_number.c
 * arithmetic and jumps, generator_loop.c loops, generator_memory.c stack, values and packets, generator_call.c helpers
 * and functions, generator_object.c iterators, generator_dynptr.c, generator_special.c locks and
 * tasks, generator_own.c the program's own objects, generator_exception.c exceptions, work and other iterators. */
#pragma once
#include "generated_btf.h"
#include "generator.h"

#include <bpf/helper.h>

#include <string.h>

enum kind { K_UNSET, K_NUMBER, K_CONTEXT, K_STACK, K_VALUE, K_RECORD, K_PACKET, K_SOCKET };

#define PATCH_MAX 16

struct patch {
    uint32_t insn_index;
    uint32_t statements_left; /* the jump goes to where this many statements more have been made */
    enum kind kinds[BPF_REG_COUNT]; /* on the way where it is taken */
    uint32_t sizes[BPF_REG_COUNT];
};

/* Functions of the program, each made once if it is called. */
enum function {
    FUNCTION_FIRST,  /* of main */
    FUNCTION_GLOBAL, /* of main */
    FUNCTION_LOOP,   /* callback of bpf_loop() */
    FUNCTION_EACH,   /* callback of bpf_for_each_map_elem() */
    FUNCTION_TIMER,  /* of a timer in a map's value */
    FUNCTION_WORK,   /* likewise of work */
    FUNCTION_LESS,   /* compares nodes of a tree: GENERATED_TREE_ITEM */
    FUNCTION_LESS_COUNTED,
    FUNCTION_EXCEPTION, /* the exception callback, which nothing calls */
    FUNCTION_INNER,  /* of the others */
    FUNCTION_COUNT,
    FUNCTION_MAIN = FUNCTION_COUNT,
};

struct call_patch {
    uint32_t insn_index;
    enum function function;
};

struct generator {
    struct generated *out;
    const uint8_t *bytes;
    size_t left;
    uint32_t flags; /* enum generate_flags */
    bool careful; /* bounds that hold, mostly */
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT]; /* K_VALUE, K_RECORD, K_PACKET */
    enum kind held;                /* K_RECORD, K_SOCKET: in held_reg, to be given back */
    uint32_t held_reg;
    uint32_t depth; /* of loops */
    uint32_t iterator_depth;
    bool has_dynptr, has_special, has_own; /* statements are made while there is one */
    uint32_t open; /* iterators, dynptrs of records: to be given up */
    bool moves_6;   /* R6 is a pointer that a loop moves */
    struct patch patches[PATCH_MAX];
    uint32_t patch_count;
    enum function function; /* being made */
    struct call_patch calls[16];
    uint32_t call_count;
    bool slot_is_pointer; /* what callers leave for functions in their stack */
};

/* --- generator.c --- */
uint32_t take(struct generator *g);
uint32_t pick(struct generator *g, uint32_t count);
static inline bool one_in(struct generator *g, uint32_t count)
{
    return pick(g, count) == count - 1;
}
void emit(struct generator *g, uint32_t opcode, uint32_t dst, uint32_t src, int32_t offset,
          int64_t imm);
static inline void uses(struct generator *g, enum generated_feature feature)
{
    g->out->features[feature] = true;
}
static inline bool has_packets(const struct generator *g)
{
    return g->out->kind == GENERATED_XDP || g->out->kind == GENERATED_TC;
}
static inline bool has_context(const struct generator *g)
{
    return g->kinds[9] == K_CONTEXT;
}
/* In a function whose caller keeps a pointer on its stack, R6, and goes on with what is left there. */
static inline bool leaves_pointer(const struct generator *g)
{
    return g->kinds[6] == K_STACK && g->slot_is_pointer;
}
int64_t number(struct generator *g);
/* A register of R0 to R8 that holds this, or mostly. */
uint32_t reg_of(struct generator *g, enum kind kind);
/* One that may be written. */
uint32_t target_reg(struct generator *g);
static inline void set_number(struct generator *g, uint32_t r)
{
    g->kinds[r] = K_NUMBER;
}
void statements(struct generator *g, uint32_t count);

/* --- generator_number.c --- */
/* Any 64-bit number, of which nothing is known. */
void load_any(struct generator *g, uint32_t dst);
void load_context(struct generator *g);
void alu(struct generator *g);
void alu_other(struct generator *g);
void wide_number(struct generator *g);
void jump(struct generator *g);
void select_number(struct generator *g);
void half_known(struct generator *g);
void wide_bounded(struct generator *g);
/* Some bound on a number, mostly near `size`. */
void bound(struct generator *g, uint32_t r, uint32_t size);
/* if (r > limit) return 0: whatever is linked to r is bounded too. */
void bound_or_leave(struct generator *g, uint32_t r, uint32_t size);
/* A copy, or not quite one; what is tested is the copy. */
uint32_t copied(struct generator *g, uint32_t r, int32_t *plus);
void loop(struct generator *g);

/* --- generator_loop.c --- */
/* A pointer moved beside the counter of a loop. */
void loop_beside(struct generator *g);
/* A record reserved, used and given back, also in each round of a loop. */
void record_here(struct generator *g);

/* --- generator_memory.c --- */
uint32_t access_opcode(struct generator *g, uint32_t *bytes);
void access_object(struct generator *g);
void access_chosen(struct generator *g);
void access_stack(struct generator *g);
void access_packet(struct generator *g);
void access_caller(struct generator *g); /* R6 is a pointer to its stack */
void write_context(struct generator *g);

/* --- generator_object.c --- */
/* One of those that the flags ask for. */
void kernel_object(struct generator *g);
void call_kfunc(struct generator *g, enum generated_kfunc kfunc);
/* A jump that is not complete yet; and that it goes to what comes next. */
uint32_t jump_on(struct generator *g, uint32_t opcode, uint32_t r, int64_t value);
void lands_here(struct generator *g, uint32_t jump);
/* R6 and R7 are again what they were, if statements in between changed them. */
void same_as_before(struct generator *g, const enum kind kinds[], const uint32_t sizes[]);

/* --- generator_dynptr.c --- */
void dynptr(struct generator *g);

/* --- generator_special.c --- */
/* A lock, a timer, or a task and the map's pointer to one. */
void special(struct generator *g);

/* --- generator_own.c --- */
void own(struct generator *g);
void look_up_own(struct generator *g);
/* All of a function that compares two nodes. */
void compare(struct generator *g, enum generated_own type);

/* --- generator_exception.c --- */
void throw_here(struct generator *g);
/* What GENERATE_OWN asks for. */
void own_or_other(struct generator *g);
/* Of a timer, or of work: what comes first. */
void begin_timer(struct generator *g);
/* All of the exception callback. */
void on_exception(struct generator *g);

/* --- generator_call.c --- */
void call_helper(struct generator *g, int32_t id);
void move(struct generator *g, uint32_t dst, uint32_t src);
void set(struct generator *g, uint32_t dst, int64_t value);
/* r = what was spilled at the place, + plus. */
void reload(struct generator *g, uint32_t r, int32_t place, int32_t plus);
void stack_address(struct generator *g, uint32_t dst, int32_t offset);
/* The same of whoever called; in functions whose R6 points there. */
void caller_address(struct generator *g, uint32_t dst, int32_t offset);
void load_function(struct generator *g, uint32_t dst, enum function function);
void lookup(struct generator *g, uint32_t dst);
void direct_value(struct generator *g);
void helper(struct generator *g);
void change_packet(struct generator *g);
void reserve(struct generator *g);
void look_up_socket(struct generator *g);
void read_socket(struct generator *g);
void give_back(struct generator *g);
void local_call(struct generator *g);
/* A call of the global function with the memory at this register; false, and nothing, where there is none. */
bool pass_to_global(struct generator *g, uint32_t memory);
void call_with_callback(struct generator *g);
void tail_call(struct generator *g);
void legacy_load(struct generator *g);
void finish(struct generator *g);
void functions(struct generator *g);
