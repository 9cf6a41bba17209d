/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Each rising edge makes the pulse longer, each falling one moves an output: what a trace's edges do must come out on any
 * machine, whenever its code gets to it. */
#include <axiom/bpf.h>

#ifndef EDGE_THAT_DIFFERS
#define EDGE_THAT_DIFFERS 0 /* none: they count from 1 */
#endif

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint64_t);
} edges SEC(".maps");

SEC("gpio/chip0/line17/rising")
int longer(struct axiom_gpio_ctx *ctx)
{
    uint32_t key = 0;
    uint64_t *count = bpf_map_lookup_elem(&edges, &key);
    if (count == 0)
        return 0;
    *count += 1;
    bpf_pwm_set(0, 0, 100000, (*count * 7919) % 100000);
    return (int)*count + (*count == EDGE_THAT_DIFFERS);
}

SEC("gpio/chip0/line17/falling")
int across(struct axiom_gpio_ctx *ctx)
{
    uint32_t key = 0;
    uint64_t *count = bpf_map_lookup_elem(&edges, &key);
    if (count != 0)
        bpf_gpio_set(0, 16, *count & 1);
    return 0;
}
