/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Externs: what an object asks of the kernel by name. */
#pragma once
#include <bpf_internal/object_ext.h>

enum extern_kind { EXTERN_KCONFIG, EXTERN_KSYM, EXTERN_KFUNC };

/* How a __kconfig value is written. */
enum extern_value {
    EXTERN_BAD,
    EXTERN_BOOL,
    EXTERN_TRISTATE,
    EXTERN_CHAR,
    EXTERN_SIGNED,
    EXTERN_UNSIGNED,
    EXTERN_STRING
};

/* The helper number that replaces a call of a weak kfunc that is missing: this plus its index. */
#define EXTERN_POISON_KFUNC 2002000000

struct object_extern {
    const char *name;
    enum extern_kind kind;
    bool is_weak;
    uint32_t type_id;        /* what the declaration is of, in the object's BTF */
    enum extern_value value; /* KCONFIG */
    uint32_t offset, size;   /* KCONFIG: in the map */
    uint32_t kernel_id;      /* KSYM, KFUNC: in the kernel's BTF; 0: not there */
    uint64_t address;        /* KSYM without type */
    const char *failure;     /* why programs that use it cannot be loaded, or NULL */
};

int object_read_externs(struct object_loader *loader);
const struct object_extern *object_extern_find(const struct object_loader *loader,
                                               const char *name);
/* `insn` is a call, or LDDW with its second slot. */
void object_relocate_extern(const struct object_loader *loader,
                            const struct object_extern *external, struct bpf_insn *insn);
