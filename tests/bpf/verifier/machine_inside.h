/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the machine's files offer each other: machine.c instructions and the run, machine_memory.c objects and
 * accesses, machine_call.c helpers, functions and callbacks, machine_object.c the kernel's objects, machine_dynptr.c
 * dynptrs, machine_special.c locks, timers and kernel pointers in
 * maps, machine_own.c the program's own objects, lists and trees. Functions that return bool give false after
 * escape() has said why. */
#pragma once
#include "machine.h"

#include "domain.h"
#include "generated_btf.h"

#include <bpf/helper.h>

bool escape(struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t roll(struct machine *m);
/* Often near the places where arithmetic breaks. */
uint64_t roll_number(struct machine *m);

static inline struct machine_reg *reg(struct machine *m, uint32_t number)
{
    return &m->regs[m->frame_count - 1][number];
}

static inline bool has(const struct machine *m, enum bpf_rule rule)
{
    return bpf_context_has_rule(m->request->context, rule);
}

bool need(struct machine *m, uint32_t number);

/* --- machine_memory.c --- */
void memory_set_up(struct machine *m);
struct machine_object *add_object(struct machine *m, enum machine_object_kind kind, uint64_t base,
                                  uint32_t size);
uint64_t value_base(uint32_t map, uint32_t index);
uint64_t key_base(uint32_t map);
/* Which frame's stack it is, and that it is one. */
bool frame_of(const struct machine_object *o, uint32_t *frame);
/* How many values of the map there are. */
uint32_t value_count(const struct machine *m, uint32_t map);
void enter_frame(struct machine *m);
void leave_frame(struct machine *m);
/* Another packet in place of the one there was. */
void new_packet(struct machine *m);
bool read_bytes(struct machine *m, uint64_t at, uint64_t size, void *to, bool *address);
bool write_bytes(struct machine *m, uint64_t at, uint64_t size, const void *from, bool address);
bool run_load(struct machine *m, const struct bpf_insn *insn);
bool run_store(struct machine *m, const struct bpf_insn *insn);
bool run_atomic(struct machine *m, const struct bpf_insn *insn);
bool run_lddw(struct machine *m, const struct bpf_insn *insn);

/* --- machine_object.c --- */
bool run_kfunc(struct machine *m, const struct bpf_insn *insn);
/* The program reads bytes of its stack, writes them, or the frame is left: those of a kernel's object cannot be read, and
 * it is gone once they were written. */
bool stack_object_read(struct machine *m, uint32_t frame, uint32_t at, uint32_t size);
void stack_object_written(struct machine *m, uint32_t frame, uint32_t at, uint32_t size);

/* `size` bytes of the stack that argument `number` points to. */
bool stack_place(struct machine *m, uint32_t number, uint32_t size, uint32_t *frame, uint32_t *at);
/* A new object there; what lay there is gone. NULL: there is no room. */
struct machine_stack_object *put_object(struct machine *m, enum machine_stack_kind kind, uint32_t frame,
                                        uint32_t at, uint32_t size);
/* It is there no more, nor what it gave. */
void forget_object(struct machine *m, struct machine_stack_object *o);
/* The whole object that argument `number` points to. */
bool need_object(struct machine *m, uint32_t number, enum machine_stack_kind kind,
                 struct machine_stack_object **out);
bool need_number(struct machine *m, uint32_t number);

/* --- machine_iterator.c --- */
bool run_iterator_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result);

/* --- machine_own.c --- */
/* These bytes of an own object are plain ones. */
bool own_is_plain(const struct machine_object *o, uint64_t at, uint64_t size);
/* It has a lock there. */
bool own_has_lock(const struct machine_object *o, uint64_t at);
/* A lock is given up: others may do what they like with what lies in lists and trees. */
void own_unlocked(struct machine *m);
/* An object of the program's goes into a map's value, and another comes out, or none. */
bool own_exchange(struct machine *m, struct machine_reg *result);
bool run_own_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result);
/* bpf_rbtree_add(), which calls back; sets m->pc. */
bool run_tree_add(struct machine *m);
/* The arguments of the function that compares. */
void own_compare(struct machine *m, const struct machine_frame *f);
/* After the last comparison. */
void own_added(struct machine *m, const struct machine_frame *f);

/* --- machine_dynptr.c --- */
bool run_dynptr_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result);
bool is_dynptr_helper(int32_t id);
bool run_dynptr_helper(struct machine *m, int32_t id);

/* --- machine_special.c --- */
/* include/uapi/linux/bpf.h */
enum {
    MACHINE_LOCK = 93,
    MACHINE_UNLOCK = 94,
    MACHINE_TIMER_INIT = 169,
    MACHINE_TIMER_SET_CALLBACK,
    MACHINE_TIMER_START,
    MACHINE_TIMER_CANCEL,
    MACHINE_EXCHANGE = 194,
};
/* These bytes of an object are plain ones. */
bool no_special(struct machine *m, const struct machine_object *o, uint64_t at, uint64_t size);
/* A load of a kernel pointer: *done if it was one. */
bool load_special(struct machine *m, const struct bpf_insn *insn, uint64_t at, bool *done);
/* With what is held now. */
bool may_call(struct machine *m, const struct bpf_insn *insn);
bool nothing_held(struct machine *m);
bool is_special_helper(int32_t id);
bool run_special_helper(struct machine *m, int32_t id);
bool run_special_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result);
bool run_work_kfunc(struct machine *m, enum generated_kfunc which, struct machine_reg *result);
/* A task that is there until the read section ends. */
struct machine_reg see_task(struct machine *m);
/* The field of the value or own object that begins there, if it is of this kind; NULL: none. */
const struct bpf_special_field *field_there(const struct machine *m, const struct machine_object *o, uint64_t at,
                                            uint32_t kind);

/* --- machine_call.c: these set m->pc --- */
/* The helper reads or fills the memory that argument `number` points to. */
bool read_argument(struct machine *m, uint32_t number, uint64_t size);
bool fill_argument(struct machine *m, uint32_t number, uint64_t size);
bool need_function(struct machine *m, uint32_t number);
/* Enters the callback that `kept` says, which comes back to it. */
void enter_callback(struct machine *m, const struct machine_frame *kept);
/* Where a result comes that is an address: an object like no other so far. */
uint64_t new_base(const struct machine *m);
void finish_call(struct machine *m, struct machine_reg result);
bool run_helper(struct machine *m, const struct bpf_insn *insn, bool *ends);
bool run_local_call(struct machine *m, const struct bpf_insn *insn);
bool run_exit(struct machine *m, bool *ends);
bool run_throw(struct machine *m, bool *ends);
/* A packet load of classic BPF, which ends the function where there is nothing. */
bool run_legacy_load(struct machine *m, bool *ends);
