/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A map with a member that the loader does not know. */
#include <axiom/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint32_t);
    __uint(colour, 1);
} odd SEC(".maps");

SEC("timer/10hz")
int program(struct axiom_timer_ctx *context)
{
    uint32_t key = 0;
    return bpf_map_lookup_elem(&odd, &key) != NULL;
}
