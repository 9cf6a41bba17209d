/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The BTF of generated programs: the types of their functions. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum generated_func {
    GENERATED_FUNC_GLOBAL = 7, /* u32 f(u64, u32 *, struct CONTEXT *) */
    GENERATED_FUNC_STATIC = 9, /* u32 s(u64, u32 *) */
    GENERATED_FUNC_MAIN = 11,  /* u32 m(struct CONTEXT *) */
};

#define GENERATED_BTF_MAX 400
/* `context`: the name of the struct that programs are given. Returns the size in bytes. */
size_t generated_btf(const char *context, uint8_t out[GENERATED_BTF_MAX]);
