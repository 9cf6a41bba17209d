/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Uses a map value without asking whether it is there: what the verifier exists for. */
#include <axiom/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __type(key, uint32_t);
    __type(value, uint64_t);
} counts SEC(".maps");

SEC("gpio/chip0/line26/falling")
int unsafe(struct axiom_gpio_ctx *ctx)
{
    uint32_t key = (uint32_t)ctx->line;
    uint64_t *count = bpf_map_lookup_elem(&counts, &key);
    *count += 1;
    return 0;
}
