/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Dynptrs: see dynptr.c. */
#pragma once
#include "stack_object.h"

/* Is the argument a dynptr that is set? Of `kind` only, if not -1; `changes`: what it shows is changed,
 * which those that are passed as they are (REG_DYNPTR) are not for. Into call->dynptr. */
int check_dynptr(struct verifier *v, struct call *call, uint32_t reg_number, int kind, bool changes);
/* 16 bytes of the stack that become one, after the call: is that possible? */
int check_dynptr_place(struct verifier *v, const struct call *call, uint32_t reg_number);
/* They become one; `ref` for DYNPTR_RINGBUF: the reference it lives by. */
int dynptr_make(struct verifier *v, uint32_t frame, int64_t offset, enum dynptr_kind kind,
                uint32_t ref);
/* A dynptr of the ring buffer is given up, with its copies and slices. */
int dynptr_release(struct verifier *v, const struct call *call);
/* Memory that call->dynptr shows. */
struct reg dynptr_slice(const struct verifier *v, const struct call *call, uint32_t size,
                        bool read_only);
/* The slice may be the buffer that register `reg_number` points to, which it must not outlive. */
int slice_may_be_buffer(struct verifier *v, const struct call *call, uint32_t reg_number, struct reg *slice);
/* An access to its bytes from..to, which are inside, is one to the stack that they may be. */
int slice_access(struct verifier *v, const struct reg *slice, int64_t from, int64_t to, enum access access);
/* The top frame was left: what may be its stack is void. */
void slices_leave(struct verifier *v);
/* A store over those bytes: the dynptrs there are none any more. Refuses those with a reference. */
int dynptr_overwrite(struct verifier *v, uint32_t frame, int64_t from, int64_t to);
/* A helper would fill bytes that are a dynptr. */
int dynptr_refuse_fill(struct verifier *v, const struct call *call, uint32_t reg_number, int64_t from,
                       int64_t to);
