/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Objects of the kernel that live on the stack: iterators, dynptrs. Each takes whole slots, which hold
 * REG_SLOT_* values and cannot be read; the one at the lowest address is the object's first slot. */
#pragma once
#include "call.h"

#define DYNPTR_BYTES 16u

/* Where a register points to on the stack: a constant offset, a multiple of 8, and `size_bytes` inside
 * the frame. False: it does not. */
bool stack_object_place(const struct verifier *v, const struct reg *r, uint32_t size_bytes,
                        int64_t *offset);
/* The first slot of the whole object of this kind that begins there; NULL: there is none. */
struct reg *stack_object_at(struct verifier *v, uint32_t frame, int64_t offset, enum reg_type type,
                            uint32_t size_bytes);
/* Are there slots of this kind among those bytes? */
bool stack_object_touches(struct verifier *v, uint32_t frame, int64_t offset, enum reg_type type,
                          uint32_t size_bytes);
/* Puts one there; what was there is overwritten as by a store. */
int stack_object_put(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size_bytes,
                     const struct reg *value);
/* Takes it away: the bytes are not set. */
void stack_object_take(struct verifier *v, uint32_t frame, int64_t offset, uint32_t size_bytes);
