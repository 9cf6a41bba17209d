/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the library is handed by the program that links it: memory, clock, log, actuators, and the
 * table of helpers.
 *
 * bpf/ calls nothing else of the outside. The kernel fills this once (core/bpf_glue), the `axiom`
 * command, tests and fuzzers each have their own. An env outlives every map and program made with
 * it and does not change meanwhile. */
#pragma once
#include <axiom/bpf.h>
#include <axiom/log.h>
#include <axiom/types.h>

struct bpf_env;
struct bpf_helper;
struct bpf_map;

/* What helpers do outside the library. A NULL member makes its helper return -EOPNOTSUPP (0 for
 * times). Called in whatever context the program runs in. Results: 0 or a negative errno unless
 * said otherwise. */
struct bpf_platform_ops {
    uint64_t (*clock_ns)(void *user);
    uint32_t (*cpu_index)(void *user);
    void (*trace_print)(void *user, const char *text);
    void (*ringbuf_notify)(void *user,
                           struct bpf_map *ringbuf); /* a record was committed: wake the reader */
    int (*gpio_get)(void *user, uint32_t chip, uint32_t line); /* 0, 1 or a negative errno */
    int (*gpio_set)(void *user, uint32_t chip, uint32_t line, uint32_t level);
    int (*pwm_get)(void *user, uint32_t chip, uint32_t channel, struct axiom_pwm_state *out);
    int (*pwm_set)(void *user, uint32_t chip, uint32_t channel, uint64_t period_ns,
                   uint64_t duty_ns);
    int (*emergency_stop)(void *user, uint64_t reason);
    uint64_t (*sensor_last_ns)(void *user, uint32_t device, uint32_t channel);
    /* Classic BPF's packet loads (RFC 9669 §5.5) for contexts that are packets: `size_bytes` bytes at
     * `offset` in network byte order, as a number. False ends the program with 0, as does NULL. */
    bool (*packet_load)(void *user, void *context, int32_t offset, uint32_t size_bytes,
                        uint32_t *out);
};

/* Executable memory: written, then sealed, then run; never writable and executable at once. */
struct bpf_exec_ops {
    /* Writable memory, not executable, aligned to 64 bytes, or NULL. */
    void *(*alloc)(void *user, size_t size_bytes);
    /* Makes it executable and no longer writable, and the instruction caches see it. 0, or a
       negative errno: it is still to be freed. */
    int (*seal)(void *user, void *at, size_t size_bytes);
    void (*free)(void *user, void *at, size_t size_bytes); /* sealed or not */
};

struct bpf_env {
    void *user; /* handed to every function of this env */

    /* Zeroed memory aligned to 16 bytes, or NULL. Never called while a program runs. */
    void *(*alloc)(void *user, size_t size_bytes);
    void (*free)(void *user, void *at, size_t size_bytes);

    /* A line of the log, without newline. May be NULL. */
    void (*log)(void *user, enum log_level level, const char *text);

    const struct bpf_platform_ops *platform;

    /* For JITs; NULL: programs are interpreted only. */
    const struct bpf_exec_ops *exec;

    /* The helpers that programs may call, sorted by id; usually bpf_helpers and bpf_helper_count
     * (helper.h). */
    const struct bpf_helper *helpers;
    uint32_t helper_count;

    /* The CPU model: what one instruction costs, in picoseconds; 0 when code takes no time. */
    uint32_t insn_cost_ps;
};

static inline void *bpf_env_alloc(const struct bpf_env *env, size_t size_bytes)
{
    return env->alloc(env->user, size_bytes);
}

static inline void bpf_env_free(const struct bpf_env *env, void *at, size_t size_bytes)
{
    if (at != NULL)
        env->free(env->user, at, size_bytes);
}
