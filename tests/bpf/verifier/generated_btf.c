/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "generated_btf.h"

#include <bpf/btf.h>

#include <stdio.h>
#include <string.h>

/* Header and records: Linux, Documentation/bpf/btf.rst. */
size_t generated_btf(const char *context, uint8_t out[GENERATED_BTF_MAX])
{
    const uint32_t number = BPF_BTF_INT << 24, pointer = BPF_BTF_PTR << 24;
    const uint32_t structure = BPF_BTF_STRUCT << 24, proto = BPF_BTF_FUNC_PROTO << 24;
    const uint32_t func = BPF_BTF_FUNC << 24;
    enum { U64 = 1, U32 = 5, A = 9, F = 11, S = 13, M = 15, CONTEXT = 17 }; /* names */
    const uint32_t types[] = {
        U64, number, 8, 64,                   /* 1 */
        U32, number, 4, 32,                   /* 2 */
        0, pointer, 2,                        /* 3: u32 * */
        CONTEXT, structure, 1,                /* 4 */
        0, pointer, 4,                        /* 5: to the context */
        0, proto | 3, 2, A, 1, A, 3, A, 5,    /* 6 */
        F, func | BPF_BTF_GLOBAL, 6,          /* 7 */
        0, proto | 2, 2, A, 1, A, 3,          /* 8 */
        S, func | BPF_BTF_STATIC, 8,          /* 9 */
        0, proto | 1, 2, A, 5,                /* 10 */
        M, func | BPF_BTF_GLOBAL, 10,         /* 11 */
    };
    char strings[80] = "\0u64\0u32\0a\0f\0s\0m";
    uint32_t strings_size =
        CONTEXT + (uint32_t)snprintf(strings + CONTEXT, sizeof strings - CONTEXT, "%s", context) + 1;
    const uint32_t header[] = { 0x0001eb9f, 24, 0, sizeof types, sizeof types, strings_size };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, types, sizeof types);
    memcpy(out + sizeof header + sizeof types, strings, strings_size);
    return sizeof header + sizeof types + strings_size;
}
