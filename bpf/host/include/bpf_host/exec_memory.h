/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Executable memory of a process: pages of its own for each program, writable first, then readable
 * and executable, with the instruction caches made to see them. For bpf_env.exec; `user` is not
 * looked at. */
#pragma once
#include <bpf/env.h>

extern const struct bpf_exec_ops bpf_host_exec_ops;
