/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Variables in an arena: section .addr_space.1, of libbpf 1.5. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "common.h"

#include "bpf_arena_common.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARENA);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 2);
    __ulong(map_extra, 1ull << 44);
} arena SEC(".maps");

int __arena counter;
static __u64 __arena table[100];
/* Names no place in the arena. */
__u64 outside;

/* A program has an arena by naming a variable of it. */
SEC("tc") ACCEPT int counted(struct __sk_buff *skb)
{
    counter += skb->len;
    return counter & 1;
}

SEC("tc") ACCEPT int index_is_not_looked_at(struct __sk_buff *skb)
{
    table[skb->len] = skb->len;
    return table[skb->hash] & 1;
}

SEC("tc") REFUSE int address_without_a_cast(struct __sk_buff *skb)
{
    __u64 *word = (__u64 *)(unsigned long)&table[1];
    barrier_var(word);
    return *word & 1;
}

SEC("tc") ACCEPT int variables_address_is_a_number(struct __sk_buff *skb)
{
    outside = (unsigned long)&table[2];
    return 0;
}

__noinline int read_table(int index)
{
    return table[index];
}

SEC("tc") ACCEPT int read_in_a_function(struct __sk_buff *skb)
{
    return read_table(skb->len) & 1;
}
