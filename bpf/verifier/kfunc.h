/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A call of a kernel function being checked.
 *
 *     kfunc.c       which function, what it does to the program, its result
 *     kfunc_args.c  arguments by the prototype in the kernel's BTF
 *     iterator.c    iterators */
#pragma once
#include <bpf/kfunc.h>
#include <bpf/map.h>

#include "dynptr.h"

struct kfunc_call {
    struct call call;
    const struct bpf_kfunc *row;
    struct bpf_btf_type proto;
    bool has_constant; /* of a parameter NAME__k or NAME__szk */
    uint64_t constant;
    bool result_read_only;
    uint64_t result_size; /* of parameters rdonly_buf_size, rdwr_buf_size; 0: none */
    bool makes_dynptr;
    uint32_t dynptr_frame; /* of the one that it makes */
    int64_t dynptr_offset;
    enum dynptr_kind dynptr_kind;
    uint32_t dynptr_ref;
    uint32_t buffer; /* the register of its argument NAME__opt, 0: none or NULL */
    uint32_t argument_ref; /* the reference of an argument: what the result lives by */
    struct bpf_special_field root; /* of the list or tree */
    uint32_t own_type;             /* BPF_KFUNC_REFCOUNT_ACQUIRE: of its argument */
    bool owned;                    /* and whether that has a reference itself */
    bool is_drained;       /* the iterator */
    uint32_t iterator_frame, iterator_bytes;
    int64_t iterator_offset;
};

/* special.c: pointer arguments of functions for work. */
static inline bool kfunc_is_of_work(const struct bpf_kfunc *row)
{
    return row->special >= BPF_KFUNC_WORK_INIT && row->special <= BPF_KFUNC_WORK_START;
}
int check_work_argument(struct verifier *v, struct kfunc_call *k, uint32_t reg_number);

/* Parameter `index`; *used is set to how many parameters it was. */
int check_kfunc_argument(struct verifier *v, struct kfunc_call *k, uint32_t index, uint32_t *used);

/* --- iterator.c
 * ------------------------------------------------------------------------------------------------------ */
int check_iterator(struct verifier *v, struct kfunc_call *k, uint32_t reg_number,
                   const struct bpf_btf_type *type);
/* After the arguments were checked. */
int iterator_new(struct verifier *v, struct kfunc_call *k, uint32_t type_id);
int iterator_destroy(struct verifier *v, struct kfunc_call *k);
/* One more element, or none and never again; the first is gone at once where it may be, and the state
 * waits for the other. *drained: this way has none. */
int iterator_next(struct verifier *v, const struct kfunc_call *k, bool waited, bool *drained);
/* What its elements are good for: REG_TRUSTED, or REG_RCU. */
uint16_t iterator_attr(struct verifier *v, const struct kfunc_call *k);
