/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "kernel_btf.h"

#include <bpf/btf.h>

#include <string.h>

static const char strings[] = "\0"
                              "u32\0"
                              "u64\0"
                              "xdp_md\0"
                              "bpf_dynptr\0"
                              "x\0"
                              "flags\0"
                              "ptr__uninit\0"
                              "offset\0"
                              "buffer__opt\0"
                              "buffer__szk\0"
                              "bpf_dynptr_from_xdp\0"
                              "bpf_dynptr_slice\0"
                              "bpf_dynptr_slice_rdwr\0";

static uint32_t name(const char *text)
{
    for (size_t at = 1; at < sizeof strings - 1; at += strlen(strings + at) + 1)
        if (strcmp(strings + at, text) == 0)
            return (uint32_t)at;
    return 0;
}

enum { U32 = 1, U64, CONTEXT, TO_CONTEXT, DYNPTR, TO_DYNPTR, MEMORY, MAKES, FROM_XDP, SLICES, SLICE, SLICE_RDWR };

/* Header and records: Linux, Documentation/bpf/btf.rst. */
size_t kernel_btf(uint8_t out[KERNEL_BTF_MAX])
{
    const uint32_t number = BPF_BTF_INT << 24, pointer = BPF_BTF_PTR << 24;
    const uint32_t structure = BPF_BTF_STRUCT << 24, proto = BPF_BTF_FUNC_PROTO << 24;
    const uint32_t func = BPF_BTF_FUNC << 24 | BPF_BTF_GLOBAL;
    const uint32_t types[] = {
        name("u32"), number, 4, 32,        /* U32 */
        name("u64"), number, 8, 64,        /* U64 */
        name("xdp_md"), structure, 24,     /* CONTEXT */
        0, pointer, CONTEXT,               /* TO_CONTEXT */
        name("bpf_dynptr"), structure, 16, /* DYNPTR */
        0, pointer, DYNPTR,                /* TO_DYNPTR */
        0, pointer, 0,                     /* MEMORY */
        0, proto | 3, U32, name("x"), TO_CONTEXT, name("flags"), U64, name("ptr__uninit"), TO_DYNPTR, /* MAKES */
        name("bpf_dynptr_from_xdp"), func, MAKES, /* FROM_XDP */
        0, proto | 4, MEMORY, name("x"), TO_DYNPTR, name("offset"), U32, name("buffer__opt"), MEMORY,
        name("buffer__szk"), U32,                    /* SLICES */
        name("bpf_dynptr_slice"), func, SLICES,      /* SLICE */
        name("bpf_dynptr_slice_rdwr"), func, SLICES, /* SLICE_RDWR */
    };
    const uint32_t header[] = { 0x0001eb9f, 24, 0, sizeof types, sizeof types, sizeof strings };
    _Static_assert(sizeof header + sizeof types + sizeof strings <= KERNEL_BTF_MAX, "it fits");
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, types, sizeof types);
    memcpy(out + sizeof header + sizeof types, strings, sizeof strings);
    return sizeof header + sizeof types + sizeof strings;
}

uint32_t kernel_btf_id(const char *text)
{
    return strcmp(text, "bpf_dynptr_from_xdp") == 0     ? FROM_XDP
           : strcmp(text, "bpf_dynptr_slice") == 0      ? SLICE
           : strcmp(text, "bpf_dynptr_slice_rdwr") == 0 ? SLICE_RDWR
                                                        : 0;
}
