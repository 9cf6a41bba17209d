/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of a struct that are no plain bytes, found by BTF. */
#pragma once
#include <bpf/btf.h>
#include <bpf/map.h>

#define SPECIAL_KIND(kind) (1u << BPF_SPECIAL_##kind)

/* What counts in values of maps, and in objects that programs make. */
#define SPECIAL_IN_MAPS                                                         \
    (SPECIAL_KIND(SPIN_LOCK) | SPECIAL_KIND(TIMER) | SPECIAL_KIND(KPTR) |       \
     SPECIAL_KIND(LIST_HEAD) | SPECIAL_KIND(RB_ROOT) | SPECIAL_KIND(REFCOUNT) | \
     SPECIAL_KIND(WORKQUEUE))
#define SPECIAL_IN_OBJECTS                                                      \
    (SPECIAL_KIND(SPIN_LOCK) | SPECIAL_KIND(KPTR) | SPECIAL_KIND(LIST_HEAD) |   \
     SPECIAL_KIND(RB_ROOT) | SPECIAL_KIND(REFCOUNT) | SPECIAL_KIND(LIST_NODE) | \
     SPECIAL_KIND(RB_NODE))

/* Those of the kinds (SPECIAL_KIND), sorted by offset. -E2BIG: there are more than `max`, or too many members. */
int btf_special_fields(const struct bpf_btf *btf, uint32_t type_id, uint32_t kinds,
                       struct bpf_special_field *fields, uint32_t max, uint32_t *count);
/* Those of a VAR that lies at `offset` of its section, added to the *count that there are; *work, 0 at first, bounds what
 * all of a section take. */
int btf_special_variable(const struct bpf_btf *btf, uint32_t variable_id, uint32_t offset,
                         uint32_t kinds, struct bpf_special_field *fields, uint32_t max,
                         uint32_t *count, uint32_t *work);
