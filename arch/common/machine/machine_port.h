/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of arch/common/machine share. */
#pragma once
#include <arch/entry.h>
#include <sim/machine.h>

/* port.c: memory for the machine and for what is around it: zeroed, aligned to 64 bytes, never given
 * back before the image ends. NULL: used up. */
void machine_memory_set(void *at, size_t size);
/* The kernel's boot: what it gets beside the machine's config. */
void machine_boot_info_set(const struct boot_info *info);

/* recording.c: a run out of a recording of `axiom run --record` or `axiom replay --record`. */
struct recording {
    struct sim_config config; /* modules, fdt, inputs, seed, end: as recorded */
    uint64_t start_ns;        /* programs are loaded then; 0: at once */
    uint64_t ignores_budget;  /* 1: programs may exceed their attach points' budgets */
    char command_line[96];    /* what of it is the kernel's */
    char board[64];
    char reason[SIM_REASON_MAX];
};
/* 0; -EINVAL, -ENOMEM, -EOPNOTSUPP with recording->reason. The bytes must stay. */
int recording_open(const void *bytes, size_t size, struct recording *out);

/* output.c: records the run into `size` bytes of RAM; says where, at the end. */
int output_begin(const struct recording *from, struct phys_addr at, uint64_t size,
                 struct event_sink **sink);
int output_end(const struct sim_result *result);
