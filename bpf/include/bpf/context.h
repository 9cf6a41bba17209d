/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Contexts: what a section name means. One row per kind of attach point: the layout of the context,
 * which slots may be written, what the return value does, what helpers the program may call, and
 * its budget.
 *
 * A context is `slot_count` slots of 8 bytes. A program may read 1, 2, 4 or 8 naturally aligned
 * bytes inside any slot (clang narrows loads), and write 8 bytes to a writable slot. Nothing in a
 * context is a pointer. */
#pragma once
#include <axiom/bpf.h>
#include <axiom/types.h>

enum bpf_attach_type {
    BPF_ATTACH_GPIO,
    BPF_ATTACH_IIO,
    BPF_ATTACH_TIMER,
    BPF_ATTACH_PWM,
    BPF_ATTACH_GUARD_GPIO,
    BPF_ATTACH_GUARD_PWM,
    BPF_ATTACH_TYPE_COUNT
};
#define BPF_ATTACH_ALL ((1u << BPF_ATTACH_TYPE_COUNT) - 1u)

enum bpf_return_rule {
    BPF_RESULT_IGNORED, /* an observer */
    BPF_RESULT_FILTER,  /* 0 drops, anything else keeps */
    BPF_RESULT_POLICY,  /* 0 allows, anything else refuses: bpf_result_errno() */
};

struct bpf_context_layout {
    const char *section_prefix; /* "gpio/": what follows names the target */
    const char *struct_name;    /* in axiom/bpf.h */
    enum bpf_attach_type attach_type;
    uint32_t slot_count;
    const char *slot_names[AXIOM_BPF_CONTEXT_SLOT_MAX];
    uint32_t writable_slots; /* bit mask */
    enum bpf_return_rule result;
    bool actuators_allowed;  /* false where a helper's actuator write would come back to this attach
                                point */
    uint32_t stack_limit;    /* bytes of one frame */
    uint64_t insn_budget;    /* worst-case instructions of one run, helpers not counted */
    uint64_t time_budget_ns; /* worst-case time of one run by the CPU model; 0: none */
};

extern const struct bpf_context_layout bpf_context_layouts[];
extern const uint32_t bpf_context_layout_count;

/* The row for a section ("gpio/chip0/line17/rising") or NULL; the longest prefix wins. */
const struct bpf_context_layout *bpf_context_by_section(const char *section);
const struct bpf_context_layout *bpf_context_by_attach_type(enum bpf_attach_type type);

static inline uint32_t bpf_context_size(const struct bpf_context_layout *layout)
{
    return layout->slot_count * 8u;
}

static inline bool bpf_context_may_read(const struct bpf_context_layout *layout, int64_t offset,
                                        uint32_t size_bytes)
{
    return offset >= 0 && offset + size_bytes <= bpf_context_size(layout) &&
           offset % size_bytes == 0;
}

static inline bool bpf_context_may_write(const struct bpf_context_layout *layout, int64_t offset,
                                         uint32_t size_bytes)
{
    return size_bytes == 8 && bpf_context_may_read(layout, offset, size_bytes) &&
           (layout->writable_slots >> (offset / 8) & 1u) != 0;
}

/* Programs return int: only the low 32 bits of R0 count, as in Linux, because compilers leave
 * anything above them.
 *
 * What R0 of a policy or guard means: 0, or the negative errno; -EPERM for what is neither. */
int bpf_result_errno(uint64_t r0);
/* What R0 of a filter means. */
static inline bool bpf_result_keeps(uint64_t r0)
{
    return (uint32_t)r0 != 0;
}
