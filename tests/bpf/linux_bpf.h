/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The running Linux as a judge: bpf(2), where this process may call it. */
#pragma once
#include <bpf/insn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether BPF_PROG_LOAD works here; if not, *why says what is missing (static text). */
bool linux_bpf_available(const char **why);

/* Loads a socket filter, privileged. Its descriptor, or a negative errno with the end of the
 * verifier's log in `log`. */
int linux_bpf_load(const struct bpf_insn *insns, uint32_t insn_count, char *log, size_t log_size);

/* An array map with one entry, `value` in it: its descriptor, or a negative errno. */
int linux_bpf_array(uint32_t value_size, const void *value);

/* BPF_PROG_TEST_RUN, `repeat` times, over 64 zero bytes of packet: 0 with the low 32 bits of R0 and the mean duration, or
 * a negative errno. `duration_ns` may be NULL. */
int linux_bpf_run(int prog_fd, uint32_t repeat, uint32_t *r0, uint32_t *duration_ns);

/* Indexes of maps in the instructions become the descriptors of `fds`; what is not there becomes -1. */
void linux_bpf_put_maps(struct bpf_insn *insns, uint32_t insn_count, const int *fds,
                        uint32_t fd_count);

/* Of the verifier's log, which is cut for it: the last line but the summary, which says why. "" if there is none. */
void linux_bpf_last_line(char *log, char *why, size_t why_size);
