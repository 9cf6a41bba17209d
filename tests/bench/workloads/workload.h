/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One source, compiled twice by the same clang -O2: for BPF and for the host. WORKLOAD names both.
 *
 * A workload is a function of `memory`: the bench fills `in` once, a run may change `work` and `out`, its result is what it
 * returns. Runs are equal one after another unless they carry state in `out`. Sizes are such that Linux's verifier,
 * which walks loops round by round, stays below its million instructions. */
#pragma once
#include <stdint.h>

#define IN_COUNT   1024u
#define WORK_COUNT 1024u

struct workload_memory {
    uint32_t in[IN_COUNT];
    uint32_t work[WORK_COUNT];
    uint64_t out[16];
};

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)

#ifdef __bpf__
struct workload_memory memory;
static const char license_text[] __attribute__((section("license"), used)) = "GPL";
#define RUN \
    __attribute__((section("timer/1hz"), used)) int workload(void *context __attribute__((unused)))
#elif defined WORKLOAD
#define memory JOIN(memory_, WORKLOAD)
struct workload_memory memory;
int JOIN(run_, WORKLOAD)(void *context);
#define RUN    int JOIN(run_, WORKLOAD)(void *context __attribute__((unused)))
#endif

#define NOINLINE static __attribute__((noinline))
