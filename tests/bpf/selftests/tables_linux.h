/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A case of Linux's tables, asked of the running kernel. */
#pragma once
#include <bpf/insn.h>
#include <bpf/map.h>

struct table_linux_program {
    const struct bpf_insn *insns; /* maps by index */
    uint32_t insn_count, prog_type, attach_type, attach_btf_id, flags;
    const uint32_t *functions; /* pairs of instruction and type */
    uint32_t function_count;
    const void *btf;
    size_t btf_size;
};

/* 0: accepted; -ENODEV: it could not be asked (bpf() is not allowed, no such kind of map or program); else the errno
 * with the last line of the log. */
int tables_linux_load(const struct table_linux_program *program, struct bpf_map *const *maps,
                      uint32_t map_count, char *log, size_t log_size);
