/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A map that only Linux has: no kernel of Axiom takes it, and what it would be there can be asked at a desk. */
#include <axiom/bpf.h>

#define BPF_MAP_TYPE_ARENA 33
#define BPF_F_MMAPABLE     (1u << 10)

struct {
    __uint(type, BPF_MAP_TYPE_ARENA);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
} arena SEC(".maps");

uint32_t counter SEC(".addr_space.1") = 1;

SEC("tc")
int address(void *ctx)
{
    uint64_t at = (uint64_t)&counter;
    asm volatile("" : "+r"(at));
    return at == (uint64_t)&arena;
}

char gpl[] SEC("license") = "GPL";
