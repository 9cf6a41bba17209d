/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Contexts: what a section name means. One row per kind of attach point: the layout of the context,
 * which slots may be written, what the return value does, what helpers the program may call, and
 * its budget.
 *
 * An Axiom context is `slot_count` slots of 8 bytes. A program may read 1, 2, 4 or 8 naturally
 * aligned bytes inside any slot (clang narrows loads), and write 8 bytes to a writable slot. Nothing
 * in it is a pointer.
 *
 * Other systems' contexts are irregular and hold pointers: they are lists of fields instead. Linux's
 * rows are in bpf/linux/ (library axiom_bpf_linux), so that its programs can be checked at a desk;
 * no kernel image links them. */
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

/* What a load of a field gives. */
enum bpf_field_kind {
    BPF_FIELD_NUMBER,
    BPF_FIELD_PACKET,      /* a pointer to the packet's first byte */
    BPF_FIELD_PACKET_META, /* to the metadata before it, which ends where the packet begins */
    BPF_FIELD_PACKET_END,  /* to just behind its last directly readable byte */
    BPF_FIELD_SOCKET,      /* to a socket as programs see it (target_type) */
    BPF_FIELD_MEMORY,      /* to target_size bytes */
    BPF_FIELD_BUFFER,      /* to bytes of which the attachment checks the size */
    BPF_FIELD_BTF,         /* to a kernel object of the BTF type target_type */
};

/* Accesses are naturally aligned and lie inside the field. */
struct bpf_context_field {
    uint16_t offset, extent;         /* bytes; an array of numbers may be one field */
    uint8_t kind;                    /* enum bpf_field_kind */
    uint8_t read_sizes, write_sizes; /* sums of the sizes allowed: 1, 2, 4, 8 */
    bool may_be_null;                /* of a pointer */
    bool target_writable;
    uint16_t target_size;    /* BPF_FIELD_MEMORY: bytes */
    const char *target_type; /* BPF_FIELD_SOCKET, BPF_FIELD_BTF */
    const char *name;
};

/* What programs of a kind may do beyond Axiom's rules. Axiom's own attach points have none: no
 * address may influence what a run does, nor what it leaves behind. Linux's, judged as for a
 * privileged user, have them all. */
enum bpf_rule {
    BPF_RULE_POINTER_LEAKS = 1u << 0, /* addresses are numbers to whoever wants them */
    BPF_RULE_UNINIT_STACK = 1u << 1,  /* stack that was not set reads as any number */
    BPF_RULE_UNALIGNED = 1u << 2,     /* only context, stack and atomics must be aligned */
    BPF_RULE_PACKET_WRITE = 1u << 3,  /* the packet may be written */
    BPF_RULE_LEGACY_PACKET = 1u << 4, /* LD_ABS and LD_IND */
    BPF_RULE_BTF_ARGUMENTS = 1u << 5, /* the context is an array of arguments described by BTF */
    BPF_RULE_SLEEPABLE = 1u << 6,     /* it may sleep */
    BPF_RULE_LINUX = 1u << 7,         /* verdicts are to be those of Linux */
    BPF_RULE_RESULT_32 = 1u << 8,     /* only the low half of R0 counts for its range */
    BPF_RULE_HOOK_RESULT =
        1u << 9, /* the range holds where the function attached to returns something */
};

/* What is seen of a socket through a pointer to it, read only. */
struct bpf_socket_layout {
    const char *struct_name;
    const struct bpf_context_field *fields;
    uint32_t field_count;
};

struct bpf_context_layout {
    const char *section_prefix;       /* "gpio/": what follows names the target */
    const char *struct_name;          /* in axiom/bpf.h */
    enum bpf_attach_type attach_type; /* BPF_ATTACH_TYPE_COUNT: none of Axiom's */
    uint32_t slot_count;
    const char *slot_names[AXIOM_BPF_CONTEXT_SLOT_MAX];
    uint32_t writable_slots; /* bit mask */
    enum bpf_return_rule result;
    bool actuators_allowed;  /* false where a helper's actuator write would come back to this attach
                                point */
    uint32_t stack_limit;    /* bytes of one frame */
    uint64_t insn_budget;    /* worst-case instructions of one run, helpers not counted */
    uint64_t time_budget_ns; /* worst-case time of one run by the CPU model; 0: none */

    uint32_t rules; /* of enum bpf_rule */
    /* Where the context is no slots (slot_count 0): */
    const struct bpf_context_field *fields; /* sorted by offset */
    uint32_t field_count;
    uint32_t size_bytes;
    bool result_checked; /* R0 at the end must be within: */
    int32_t result_min, result_max;
    /* What pointers to sockets show of them, in the order common, full, TCP, XDP; NULL where there are none. */
    const struct bpf_socket_layout *sockets;
    uint8_t prog_type;     /* Linux's enum bpf_prog_type; 0: none of Linux's */
    uint8_t expected_type; /* Linux's enum bpf_attach_type */
};

extern const struct bpf_context_layout bpf_context_layouts[];
extern const uint32_t bpf_context_layout_count;

/* The field of a list that `size_bytes` bytes at `offset` may be read (written) of, or NULL. */
const struct bpf_context_field *bpf_field_at(const struct bpf_context_field *fields,
                                             uint32_t field_count, int64_t offset,
                                             uint32_t size_bytes, bool write);
/* The field that `size_bytes` bytes at `offset` may be read (written) of, or NULL. For layouts of
 * fields. */
const struct bpf_context_field *bpf_context_field_at(const struct bpf_context_layout *layout,
                                                     int64_t offset, uint32_t size_bytes,
                                                     bool write);

/* The row for a section ("gpio/chip0/line17/rising") or NULL; the longest prefix wins. */
const struct bpf_context_layout *bpf_context_by_section(const char *section);
const struct bpf_context_layout *bpf_context_by_attach_type(enum bpf_attach_type type);

static inline uint32_t bpf_context_size(const struct bpf_context_layout *layout)
{
    return layout->slot_count != 0 ? layout->slot_count * 8u : layout->size_bytes;
}

static inline bool bpf_context_has_rule(const struct bpf_context_layout *layout, enum bpf_rule rule)
{
    return (layout->rules & rule) != 0;
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
