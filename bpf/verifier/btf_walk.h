/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What lies at an offset of a kernel object, by BTF. */
#pragma once
#include <bpf/btf.h>

struct btf_place {
    bool is_pointer;        /* to a struct or union, `type_id`; else a number */
    bool in_union;          /* and others lie at the same place */
    bool user, percpu, rcu; /* tags of the pointer */
    uint32_t type_id;
    const char *owner, *member; /* names of the struct and the member */
};

/* `size` bytes at `offset`; false if no member lies there, or it cannot be accessed so. */
bool btf_walk(const struct bpf_btf *btf, uint32_t type_id, uint64_t offset, uint32_t size,
              struct btf_place *out);
/* Is there, at `offset`, a struct of type `wanted`: the object itself or one that lies in it? */
bool btf_begins_with(const struct bpf_btf *btf, uint32_t type_id, uint64_t offset, uint32_t wanted);
/* Numbers only, or structs of them (Linux: __btf_type_is_scalar_struct()); `depth` 0. */
bool btf_is_plain(const struct bpf_btf *btf, uint32_t type_id, int depth);
