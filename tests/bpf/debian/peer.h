/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* libbpf and the running kernel as judges of one object. libbpf's functions have the names of ours,
 * so it is a program of its own: bpf_object_peer OBJECT BTF|- kernel|alone writes a struct peer to
 * stdout, then each program's instructions. With PEER_ALL in the environment programs that are not loaded by
 * themselves (SEC("?...")) are loaded too, and each that can be is run once; with PEER_TIME each is loaded
 * five times more and timed. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define PEER_PROGRAM_MAX 256

struct peer_program {
    char name[128];
    uint64_t *insns; /* relocated: what was handed to the kernel; NULL: nothing was */
    uint32_t insn_count;
    bool was_loaded;     /* the kernel was asked */
    int verdict;         /* 0 accepted, else its errno */
    char last_line[256]; /* of its log */
    bool was_run;        /* with PEER_ALL: on 64 zero bytes */
    double load_us;      /* with PEER_TIME: processor time of the least of five loads, without a log */
    uint32_t r0;
};

struct peer {
    struct peer_program programs[PEER_PROGRAM_MAX];
    uint32_t program_count;
    char problem[256]; /* why nothing was loaded, or "" */
    int map_fds[256];
    char map_names[256][64];
    uint32_t map_count;
    bool can_ask; /* whether bpf() is allowed here */
};
