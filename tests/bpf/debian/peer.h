/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* libbpf and the running kernel as judges of one object. libbpf has its own insn, map and opcode
 * names, so it lives in a file that sees none of ours. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define PEER_PROGRAM_MAX 256

struct peer_program {
    char name[128];
    const uint64_t *insns; /* relocated: what was handed to the kernel */
    uint32_t insn_count;
    bool was_loaded;   /* the kernel was asked */
    int verdict;       /* 0 accepted, else its errno */
    char last_line[256]; /* of its log */
};

struct peer {
    struct peer_program programs[PEER_PROGRAM_MAX];
    uint32_t program_count;
    char problem[256]; /* why nothing was loaded, or "" */
    int map_fds[256];
    char map_names[256][64];
    uint32_t map_count;
};

/* Loads the object with libbpf. `btf_path`: NULL, or the types to relocate against in place of the
 * running kernel's. `ask_kernel` false: programs are not handed on, only relocated. One at a time;
 * valid until the next call. */
const struct peer *peer_load(const char *path, const char *btf_path, bool ask_kernel);
bool peer_can_ask(void); /* whether bpf() is allowed here */
