/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program that another one takes the place of: each counts the edges that it saw. */
#include <axiom/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, uint32_t);
    __type(value, uint64_t);
} seen_one SEC(".maps");

static void see(uint32_t at)
{
    uint64_t *count = bpf_map_lookup_elem(&seen_one, &at);
    if (count != NULL)
        __sync_fetch_and_add(count, 1);
}

SEC("gpio/chip0/line17/both")
int count(struct axiom_gpio_ctx *ctx)
{
    see(0);
    return 1;
}

SEC("timer/500hz")
int tick(struct axiom_timer_ctx *ctx)
{
    see(1);
    return 1;
}
