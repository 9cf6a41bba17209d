/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A struct bpf_env on a host: malloc, a clock that stands at a given time, a printed line that is
 * kept, actuators that remember. The nth allocation can be made to fail, and leaks are counted. */
#pragma once
#include <bpf/env.h>
#include <bpf/map.h>

struct host_env {
    struct bpf_env env;
    struct bpf_platform_ops ops;
    uint64_t now_ns;
    uint32_t allocation_count; /* made so far */
    uint32_t fail_at;          /* the allocation that fails, from 1; 0: none */
    int64_t live_bytes;
    char printed[256];
    uint32_t notify_count;
    uint32_t gpio_level[64];
    struct axiom_pwm_state pwm;
    uint64_t stop_reason;
};

/* The usual struct bpf_map_spec in one line. */
#define MAP_SPEC(named, of_type, key, value, entries, with_flags)                   \
    {                                                                               \
        .name = named, .type = (of_type), .key_size = (key), .value_size = (value), \
        .max_entries = (entries), .flags = (with_flags)                             \
    }

void host_env_init(struct host_env *host);
