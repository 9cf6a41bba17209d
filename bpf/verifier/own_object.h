/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* own_object.c: objects that the program makes itself, lists and trees of them. */
#pragma once
#include "kfunc.h"

static inline bool kfunc_is_of_own_objects(const struct bpf_kfunc *row)
{
    return row->special >= BPF_KFUNC_OBJ_NEW && row->special <= BPF_KFUNC_RBTREE_FIRST;
}

/* Pointer arguments of these functions. */
int check_own_argument(struct verifier *v, struct kfunc_call *k, uint32_t reg_number);
/* After the arguments: what was put into a list or tree is owned by it. */
int own_object_put(struct verifier *v, const struct kfunc_call *k);
/* Their result, where it is an object. */
int give_own_object(struct verifier *v, const struct kfunc_call *k, struct reg *out);
