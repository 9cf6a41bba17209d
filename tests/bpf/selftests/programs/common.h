/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the programs here begin with. Compiled by ../compile.sh beside Linux's own tests, whose bpf_misc.h marks verdicts. */
#pragma once
#include <vmlinux.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf_misc.h"

#define EPERM  1
#define ACCEPT __success
#define REFUSE __failure

char _license[] SEC("license") = "GPL";
