/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "generated_btf.h"

#include <bpf/btf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Header and records: Linux, Documentation/bpf/btf.rst. */
enum {
    NUMBER = BPF_BTF_INT << 24,
    POINTER = BPF_BTF_PTR << 24,
    STRUCTURE = BPF_BTF_STRUCT << 24,
    PROTO = BPF_BTF_FUNC_PROTO << 24,
    FUNC = BPF_BTF_FUNC << 24,
    TAG = BPF_BTF_TYPE_TAG << 24,
};

static size_t put_sections(uint8_t *out, const uint32_t *types, uint32_t types_size,
                           const char *strings, uint32_t strings_size)
{
    const uint32_t header[] = { 0x0001eb9f, 24, 0, types_size, types_size, strings_size };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, types, types_size);
    memcpy(out + sizeof header + types_size, strings, strings_size);
    return sizeof header + types_size + strings_size;
}

size_t generated_btf(const char *context, uint8_t out[GENERATED_BTF_MAX])
{
    enum { U64 = 1, U32 = 5, A = 9, F = 11, S = 13, M = 15, TASK = 17, LOCK = 29, TIMER = 43, KPTR = 53,
           CONTEXT = 58 }; /* names */
    const uint32_t types[] = {
        U64, NUMBER, 8, 64,                   /* 1 */
        U32, NUMBER, 4, 32,                   /* 2 */
        0, POINTER, 2,                        /* 3: u32 * */
        CONTEXT, STRUCTURE, 1,                /* 4 */
        0, POINTER, 4,                        /* 5: to the context */
        0, PROTO | 3, 2, A, 1, A, 3, A, 5,    /* 6 */
        F, FUNC | BPF_BTF_GLOBAL, 6,          /* 7 */
        0, PROTO | 2, 2, A, 1, A, 3,          /* 8 */
        S, FUNC | BPF_BTF_STATIC, 8,          /* 9 */
        0, PROTO | 1, 2, A, 5,                /* 10 */
        M, FUNC | BPF_BTF_GLOBAL, 10,         /* 11 */
        TASK, STRUCTURE, 8,                   /* 12 */
        LOCK, STRUCTURE | 1, 4, A, 2, 0,      /* 13 */
        TIMER, STRUCTURE | 2, 16, A, 1, 0, F, 1, 64, /* 14 */
        KPTR, TAG, 12,                        /* 15 */
        0, POINTER, 15,                       /* 16 */
        S, STRUCTURE | 4, 64, A, 13, 0, F, 14, 64, S, 16, 192, M, 1, 256, /* 17 */
    };
    char strings[120] = "\0u64\0u32\0a\0f\0s\0m\0task_struct"
                       "\0bpf_spin_lock\0bpf_timer\0kptr";
    uint32_t strings_size =
        CONTEXT + (uint32_t)snprintf(strings + CONTEXT, sizeof strings - CONTEXT, "%s", context) + 1;
    return put_sections(out, types, sizeof types, strings, strings_size);
}

/* --- The kernel's
 * -------------------------------------------------------------------------------------------------------------- */

/* Its first types, by their ids. */
enum kernel_type {
    VOID,
    INT,
    U64_,
    ITER_NUM,
    INT_P,
    ITER_NUM_P,
    DYNPTR,
    DYNPTR_P,
    VOID_P,
    SKB,
    SKB_P,
    XDP,
    XDP_P,
    TASK,
    TASK_P,
    FIRST_PROTO
};

struct kernel_param {
    const char *name;
    enum kernel_type type;
};

#define PARAM_MAX 4
/* Protos and functions take turns, from FIRST_PROTO on. */
static const struct kernel_func {
    const char *name;
    enum kernel_type returns;
    struct kernel_param params[PARAM_MAX];
} kernel_funcs[GENERATED_KFUNC_COUNT] = {
    [GENERATED_KFUNC_iter_num_new] = { "bpf_iter_num_new", INT,
                                       { { "it", ITER_NUM_P }, { "start", INT }, { "end", INT } } },
    [GENERATED_KFUNC_iter_num_next] = { "bpf_iter_num_next", INT_P, { { "it", ITER_NUM_P } } },
    [GENERATED_KFUNC_iter_num_destroy] = { "bpf_iter_num_destroy", VOID, { { "it", ITER_NUM_P } } },
    [GENERATED_KFUNC_dynptr_from_skb] = { "bpf_dynptr_from_skb", INT,
                                          { { "s", SKB_P }, { "flags", U64_ }, { "ptr__uninit", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_from_xdp] = { "bpf_dynptr_from_xdp", INT,
                                          { { "x", XDP_P }, { "flags", U64_ }, { "ptr__uninit", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_clone] = { "bpf_dynptr_clone", INT,
                                       { { "p", DYNPTR_P }, { "clone__uninit", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_slice] = { "bpf_dynptr_slice", VOID_P,
                                       { { "p", DYNPTR_P }, { "offset", INT }, { "buffer__opt", VOID_P },
                                         { "buffer__szk", INT } } },
    [GENERATED_KFUNC_dynptr_slice_rdwr] = { "bpf_dynptr_slice_rdwr", VOID_P,
                                            { { "p", DYNPTR_P }, { "offset", INT }, { "buffer__opt", VOID_P },
                                              { "buffer__szk", INT } } },
    [GENERATED_KFUNC_dynptr_adjust] = { "bpf_dynptr_adjust", INT,
                                        { { "p", DYNPTR_P }, { "start", INT }, { "end", INT } } },
    [GENERATED_KFUNC_dynptr_size] = { "bpf_dynptr_size", INT, { { "p", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_is_null] = { "bpf_dynptr_is_null", INT, { { "p", DYNPTR_P } } },
    [GENERATED_KFUNC_dynptr_is_rdonly] = { "bpf_dynptr_is_rdonly", INT, { { "p", DYNPTR_P } } },
    [GENERATED_KFUNC_task_from_pid] = { "bpf_task_from_pid", TASK_P, { { "pid", INT } } },
    [GENERATED_KFUNC_task_acquire] = { "bpf_task_acquire", TASK_P, { { "p", TASK_P } } },
    [GENERATED_KFUNC_task_release] = { "bpf_task_release", VOID, { { "p", TASK_P } } },
    [GENERATED_KFUNC_rcu_read_lock] = { "bpf_rcu_read_lock", VOID, { { 0 } } },
    [GENERATED_KFUNC_rcu_read_unlock] = { "bpf_rcu_read_unlock", VOID, { { 0 } } },
};

int32_t generated_kfunc_id(enum generated_kfunc kfunc)
{
    return FIRST_PROTO + 2 * (int32_t)kfunc + 1;
}

enum generated_kfunc generated_kfunc_of(int32_t id)
{
    int32_t at = id - FIRST_PROTO;
    return at > 0 && at % 2 == 1 && at / 2 < GENERATED_KFUNC_COUNT ? (enum generated_kfunc)(at / 2)
                                                                   : GENERATED_KFUNC_COUNT;
}

struct writer {
    uint32_t types[500], type_count; /* words */
    char strings[1600];
    uint32_t strings_size;
};

static void put(struct writer *w, uint32_t word)
{
    if (w->type_count == sizeof w->types / sizeof w->types[0])
        abort();
    w->types[w->type_count++] = word;
}

static uint32_t name(struct writer *w, const char *text)
{
    uint32_t at = w->strings_size, size = (uint32_t)strlen(text) + 1;
    if (size == 1)
        return 0;
    if (at + size > sizeof w->strings)
        abort();
    memcpy(w->strings + at, text, size);
    w->strings_size += size;
    return at;
}

static void put_type(struct writer *w, const char *text, uint32_t info, uint32_t size_or_type)
{
    put(w, name(w, text));
    put(w, info);
    put(w, size_or_type);
}

static void put_number(struct writer *w, const char *text, uint32_t bytes)
{
    put_type(w, text, NUMBER, bytes);
    put(w, bytes * 8);
}

static void put_member(struct writer *w, const char *text, uint32_t type, uint32_t offset)
{
    put(w, name(w, text));
    put(w, type);
    put(w, offset * 8);
}

static void put_func(struct writer *w, const struct kernel_func *func)
{
    uint32_t count = 0;
    while (count < PARAM_MAX && func->params[count].name != NULL)
        count++;
    put_type(w, "", PROTO | count, func->returns);
    for (uint32_t i = 0; i < count; i++) {
        put(w, name(w, func->params[i].name));
        put(w, func->params[i].type);
    }
    uint32_t id = FIRST_PROTO + 2 * (uint32_t)(func - kernel_funcs);
    put_type(w, func->name, FUNC | BPF_BTF_STATIC, id);
}

size_t generated_kernel_btf(uint8_t out[GENERATED_KERNEL_BTF_MAX])
{
    struct writer w = { .strings_size = 1 };
    put_number(&w, "int", 4);
    put_number(&w, "u64", 8);
    put_type(&w, "bpf_iter_num", STRUCTURE | 1, 8);
    put_member(&w, "__opaque", U64_, 0);
    put_type(&w, "", POINTER, INT);
    put_type(&w, "", POINTER, ITER_NUM);
    put_type(&w, "bpf_dynptr", STRUCTURE | 2, 16);
    put_member(&w, "__opaque", U64_, 0);
    put_member(&w, "__more", U64_, 8);
    put_type(&w, "", POINTER, DYNPTR);
    put_type(&w, "", POINTER, VOID);
    put_type(&w, "__sk_buff", STRUCTURE, 192);
    put_type(&w, "", POINTER, SKB);
    put_type(&w, "xdp_md", STRUCTURE, 24);
    put_type(&w, "", POINTER, XDP);
    put_type(&w, "task_struct", STRUCTURE | 4, GENERATED_TASK_SIZE);
    put_member(&w, "pid", INT, 0);
    put_member(&w, "tgid", INT, 4);
    put_member(&w, "group_leader", TASK_P, GENERATED_TASK_LEADER);
    put_member(&w, "start_time", U64_, 16);
    put_type(&w, "", POINTER, TASK);
    for (uint32_t i = 0; i < GENERATED_KFUNC_COUNT; i++)
        put_func(&w, &kernel_funcs[i]);
    return put_sections(out, w.types, w.type_count * 4, w.strings, w.strings_size);
}
