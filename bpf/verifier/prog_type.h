/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's kinds of programs that rules of its verifier name (include/uapi/linux/bpf.h, enum bpf_prog_type), as
 * bpf_context_layout.prog_type has them; and of ways to attach one (enum bpf_attach_type). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum prog_type {
    PROG_SOCKET_FILTER = 1,
    PROG_KPROBE = 2,
    PROG_SCHED_CLS = 3,
    PROG_SCHED_ACT = 4,
    PROG_TRACEPOINT = 5,
    PROG_XDP = 6,
    PROG_PERF_EVENT = 7,
    PROG_CGROUP_SKB = 8,
    PROG_LWT_IN = 10,
    PROG_LWT_OUT = 11,
    PROG_LWT_XMIT = 12,
    PROG_SOCK_OPS = 13,
    PROG_SK_SKB = 14,
    PROG_SK_MSG = 16,
    PROG_RAW_TRACEPOINT = 17,
    PROG_LWT_SEG6LOCAL = 19,
    PROG_SK_REUSEPORT = 21,
    PROG_FLOW_DISSECTOR = 22,
    PROG_RAW_TRACEPOINT_WRITABLE = 24,
    PROG_CGROUP_SOCKOPT = 25,
    PROG_TRACING = 26,
    PROG_STRUCT_OPS = 27,
    PROG_LSM = 29,
    PROG_SK_LOOKUP = 30,
    PROG_SYSCALL = 31,
};

/* Of PROG_TRACING. */
#define ATTACH_TRACE_RAW_TP 23
#define ATTACH_TRACE_ITER   28

/* One of a set of them; kinds from 32 on are in none. */
#define PROG_BIT(type) (UINT32_C(1) << (type))

static inline bool prog_type_in(uint8_t type, uint32_t set)
{
    return type < 32 && (set & PROG_BIT(type)) != 0;
}
