/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The benchmark's program: what a step counter does on each edge, and no more. */
#include <axiom/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, int64_t);
} position SEC(".maps");

SEC("gpio/chip0/line17/both")
int count(struct axiom_gpio_ctx *ctx)
{
    uint32_t zero = 0;
    int64_t *steps = bpf_map_lookup_elem(&position, &zero);
    if (steps != NULL)
        *steps += ctx->bank_level >> 27 & 1 ? -1 : 1;
    return 0;
}
