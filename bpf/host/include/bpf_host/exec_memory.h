/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Executable memory of a host process, for commands and tests: whole pages of a program's own, writable
 * until sealed, then readable and executable only. */
#pragma once
#include <bpf/env.h>

extern const struct bpf_exec_ops bpf_host_exec;
