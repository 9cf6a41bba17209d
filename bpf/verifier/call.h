/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One call being checked: what its arguments turned out to be, for what depends on them.
 *
 *     check_call.c     helper calls: the order of things, arguments by type, the result
 *     check_args.c     arguments that are memory, sizes, maps
 *     check_object.c   arguments that are typed pointers: records, sockets, kernel objects
 *     reference.c      references, locks and other regions
 *     functions.c      the program's own functions, and exit */
#pragma once
#include "prog_type.h"
#include "walk.h"

struct call {
    const char *name;                /* "bpf_map_lookup_elem" without the bpf_ */
    const struct bpf_helper *helper; /* NULL: a kernel function */
    const struct bpf_map *map;       /* of its map argument */
    uint32_t map_index;
    uint16_t map_attr;     /* REG_INNER, if it is one out of a map of maps */
    uint32_t map_id;       /* then: of the lookup */
    uint32_t release;      /* the reference that it takes, 0: none */
    uint32_t lives_by;     /* the reference of its object argument, 0: none */
    uint32_t record_size;  /* the BPF_ARG_CONST_SIZE argument */
    uint64_t size_most;    /* of the last size argument */
    uint32_t timer_map;    /* 1 + the map that its BPF_ARG_TIMER argument lies in */
    uint32_t callback;     /* its BPF_ARG_CALLBACK argument: the function's first instruction */
    uint8_t callback_kind; /* enum bpf_callback; 0: the helper's */
    struct reg node;       /* BPF_CALLBACK_LESS: what it is called with */
    bool packet_arguments; /* memory may lie in the packet */
    struct reg dynptr;     /* its BPF_ARG_DYNPTR argument: the first slot, or a REG_DYNPTR */
    uint32_t dynptr_frame; /* and where it lies */
    int64_t dynptr_offset;
    bool releases_dynptr;
    uint32_t kptr_type;    /* its BPF_ARG_KPTR argument: the type of the object */
    uint16_t kptr_attr;    /* and what such an object is: 0, or of the program's own */
    uint16_t percpu_attr;  /* its BPF_ARG_BTF_PERCPU argument, an object of the program's own: the result's */
    uint32_t percpu_type;
    uint32_t makes_dynptr; /* its BPF_ARG_DYNPTR_OUT argument, 0: none */
};

/* --- check_args.c
 * ----------------------------------------------------------------------------------------------------- */
int refuse_argument(struct verifier *v, const struct call *call, uint32_t reg_number,
                    const char *wants);
/* `least` to `most` bytes of memory are read, or all of at least `least` written. */
int check_memory(struct verifier *v, const struct call *call, uint32_t reg_number, uint64_t least,
                 uint64_t most, enum access access);
/* Read and then written. */
int check_memory_update(struct verifier *v, const struct call *call, uint32_t reg_number,
                        uint64_t most);
/* What depends on the kind of program: after the arguments. */
int check_map_use(struct verifier *v, const struct call *call);
int check_map_argument(struct verifier *v, struct call *call, uint32_t reg_number);
int check_map_element(struct verifier *v, struct call *call, uint32_t reg_number,
                      enum bpf_arg_type type);
/* The size in register `reg_number` of the memory in the one before, which is of type `memory`. */
int check_size(struct verifier *v, struct call *call, uint32_t reg_number, enum bpf_arg_type memory,
               bool zero_allowed);
int check_const_size(struct verifier *v, struct call *call, uint32_t reg_number);
int check_fixed(struct verifier *v, const struct call *call, uint32_t reg_number,
                enum bpf_arg_type type, uint32_t size);
int check_const_string(struct verifier *v, const struct call *call, uint32_t reg_number);

/* --- check_object.c
 * --------------------------------------------------------------------------------------------------- */
/* Is it the number 0? */
bool reg_is_null(const struct reg *r);
int check_object(struct verifier *v, struct call *call, uint32_t reg_number,
                 enum bpf_arg_type type);

/* --- btf_object.c
 * --------------------------------------------------------------------------------------------------- */
/* Does it point to a struct of this type of the kernel? */
bool reg_is_btf(const struct verifier *v, const struct reg *r, uint32_t type_id);
int check_btf_object(struct verifier *v, struct call *call, uint32_t reg_number, const char *name);
int give_btf_object(struct verifier *v, const struct call *call, const char *name, uint16_t attr,
                    bool or_null, struct reg *out);
/* Do objects under RCU stay alive here? */
bool in_rcu_section(const struct verifier *v);
/* May the program sleep at all? */
bool program_sleeps(const struct verifier *v);
/* Or nobody said what it is. */
bool license_is_gpl(const struct verifier *v);
/* Whether what the program attaches to is a function without result. */
bool attached_returns_nothing(const struct verifier *v);
/* Whether programs of the LSM hook that this one attaches to may sleep (lsm_hooks.c). */
bool lsm_hook_may_sleep(const struct verifier *v);

/* --- own_object.c
 * ------------------------------------------------------------------------------------------------ */
struct bpf_special_field;
/* A load or store of numbers in one. */
int check_own_access(struct verifier *v, const struct reg *base, uint32_t reg_number, int64_t displacement,
                     uint32_t size);
/* regions.lock_map of a lock that lies in an object of the program's own. */
#define LOCK_IN_OBJECT UINT32_MAX
uint32_t lock_place(const struct reg *r);
/* Does it point to the lock in an object that is the program's? */
bool is_object_with_lock(const struct verifier *v, const struct reg *r);
bool in_comparison(const struct verifier *v);
/* Not larger than can be looked through at each access. */
bool own_type_is_known(const struct verifier *v, uint32_t type_id);
/* Can such an object be in a list or tree? */
bool own_type_has_node(const struct verifier *v, uint32_t type_id);
/* Does it point to a kernel pointer in an object that is the program's? */
bool is_kptr_in_object(const struct verifier *v, const struct reg *r, struct bpf_special_field *out);
/* The lock is given up: what was borrowed under it is void. */
void borrowed_end(struct verifier *v);
/* A node of what the list or tree holds. */
struct reg graph_node(struct verifier *v, const struct bpf_special_field *root, bool borrowed);

/* --- reference.c
 * ------------------------------------------------------------------------------------------------------ */
/* A new reference of the current instruction. */
int reference_acquire(struct verifier *v, uint32_t *id);
/* The program gives it up: every pointer that lives by it is void. */
int reference_release(struct verifier *v, const char *by, uint32_t id);
/* The reference that the pointer lives by, or 0. */
static inline uint32_t reg_reference(const struct reg *r)
{
    return r->type == REG_RECORD ? r->id : r->ref;
}
/* What a register holds whose pointer is void now. */
struct reg void_pointer(const struct verifier *v);
/* Pointers into the packet are void; noted for the callers of a global function. */
void packet_changed(struct verifier *v);
static inline bool may_write_packet(const struct verifier *v)
{
    return has_rule(v, BPF_RULE_PACKET_WRITE);
}
/* At the end of a run or callback: what was acquired must have been given up, regions left. */
int check_nothing_held(struct verifier *v, const char *where);
/* --- callback.c: the function `call->callback`
 * ----------------------------------------------------------------------------------------------- */
/* Another round of it is entered, or the call is done; the first is gone at once, and the state waits
 * to go the other way (`waited`). */
int call_back(struct verifier *v, const struct call *call, bool waited, bool *entered);
/* It runs on its own, after the program. */
int call_later(struct verifier *v, const struct call *call);

/* --- special.c
 * ------------------------------------------------------------------------------------------------------ */
/* Takes or gives up the lock. */
int check_lock(struct verifier *v, struct call *call, uint32_t reg_number);
int check_timer(struct verifier *v, struct call *call, uint32_t reg_number);

/* --- kptr.c
 * ------------------------------------------------------------------------------------------------------ */
int check_kptr(struct verifier *v, struct call *call, uint32_t reg_number);
/* What goes into it. */
int check_kptr_value(struct verifier *v, struct call *call, uint32_t reg_number);
/* What came out of it. */
int give_kptr(struct verifier *v, const struct call *call, struct reg *out);
/* Is exactly such a field accessed? Then these are the access. */
bool kptr_is_there(const struct verifier *v, const struct reg *r, int64_t displacement,
                   uint32_t size);
int kptr_load(struct verifier *v, uint32_t reg_number, int64_t displacement, struct reg *out);
int kptr_store(struct verifier *v, uint32_t reg_number, int64_t displacement,
               const struct reg *value);
/* parameter.c: the kernel's struct of the name, whatever flavour the program's own copy has; or 0. */
uint32_t kernel_type(const struct verifier *v, const char *name);

/* --- functions.c
 * ------------------------------------------------------------------------------------------------------ */
/* The program's result. */
int check_result(struct verifier *v, const struct reg *r);
/* A frame on top whose registers are not set; state.pc is its first instruction. */
int push_frame(struct verifier *v, uint32_t target, enum frame_kind kind, uint32_t return_to);
/* What callers of a function with a tail call may use (Linux: check_max_stack_depth()). */
#define TAIL_CALL_STACK 256u

/* May the instruction call something that sleeps, or leave the program? */
int check_may_sleep(struct verifier *v, const char *name);
int check_may_call(struct verifier *v, const struct call *call);
