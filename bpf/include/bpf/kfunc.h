/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Functions of a kernel that programs may call by its BTF: their types are in the BTF, and here is
 * what BTF does not say (Linux: Documentation/bpf/kfuncs.rst §2.4). */
#pragma once
#include <axiom/types.h>

enum bpf_kfunc_flags {
    BPF_KFUNC_ACQUIRE = 1u << 0,  /* the result is a reference to release */
    BPF_KFUNC_RELEASE = 1u << 1,  /* takes the reference of its argument */
    BPF_KFUNC_RET_NULL = 1u << 2, /* the result may be NULL */
    BPF_KFUNC_TRUSTED_ARGS = 1u << 3,
    BPF_KFUNC_RCU = 1u << 4, /* arguments may also be under RCU */
    BPF_KFUNC_SLEEPABLE = 1u << 5,
    /* What they do to the program itself: */
    BPF_KFUNC_RCU_LOCK = 1u << 8,
    BPF_KFUNC_RCU_UNLOCK = 1u << 9,
    BPF_KFUNC_PREEMPT_OFF = 1u << 10,
    BPF_KFUNC_PREEMPT_ON = 1u << 11,
    BPF_KFUNC_CAST_CONTEXT = 1u << 12, /* the kernel's own struct of the context */
    /* Iterators: the first parameter is the iterator, on the stack; its type in the BTF says its size. */
    BPF_KFUNC_ITER_NEW = 1u << 13,
    BPF_KFUNC_ITER_NEXT = 1u << 14, /* NULL once there is no more, and from then on */
    BPF_KFUNC_ITER_DESTROY = 1u << 15,
    BPF_KFUNC_RCU_PROTECTED = 1u << 16, /* ITER_NEW: elements are there until the read section ends */
};

/* What the verifier knows of one function only. */
enum bpf_kfunc_special {
    BPF_KFUNC_ORDINARY,
    BPF_KFUNC_CAST_READ_ONLY, /* (object, id of a type): the object as that type, untrusted */
    BPF_KFUNC_DYNPTR_FROM_SKB,
    BPF_KFUNC_DYNPTR_FROM_XDP,
    BPF_KFUNC_DYNPTR_SLICE, /* memory of the constant size */
    BPF_KFUNC_DYNPTR_SLICE_WRITE,
    BPF_KFUNC_DYNPTR_CLONE,
    BPF_KFUNC_ITER_NUM_NEW,      /* (iterator, first, end) */
    BPF_KFUNC_ITER_CSS_TASK_NEW, /* not everywhere */
    BPF_KFUNC_THROW,             /* (number): the program ends with it */
    /* Objects that the program makes itself, lists and trees of them: */
    BPF_KFUNC_OBJ_NEW, /* (id of a struct of the program, ignored) */
    BPF_KFUNC_PERCPU_NEW,
    BPF_KFUNC_OBJ_DROP, /* (object, ignored) */
    BPF_KFUNC_PERCPU_DROP,
    BPF_KFUNC_REFCOUNT_ACQUIRE, /* (object, ignored) */
    BPF_KFUNC_LIST_PUSH,        /* (list, node, ignored, number) */
    BPF_KFUNC_LIST_POP,         /* (list) */
    BPF_KFUNC_RBTREE_ADD,       /* (tree, node, function that compares, ignored, number) */
    BPF_KFUNC_RBTREE_REMOVE,    /* (tree, node) */
    BPF_KFUNC_RBTREE_FIRST,     /* (tree) */
    BPF_KFUNC_WORK_INIT,        /* (work, its map, number) */
    BPF_KFUNC_WORK_CALLBACK,    /* (work, function, number, ignored) */
    BPF_KFUNC_WORK_START,       /* (work, number) */
};

struct bpf_kfunc {
    const char *name;
    uint32_t flags;      /* enum bpf_kfunc_flags */
    uint64_t prog_types; /* as bpf_helper.prog_types */
    uint8_t special;     /* enum bpf_kfunc_special */
};
