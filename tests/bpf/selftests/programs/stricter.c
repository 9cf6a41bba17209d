/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Programs that Linux up to 6.18 takes, and that are refused here, for they are not safe; beside each one that is. */
#include "common.h"

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *dynptr) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *dynptr, __u32 offset, void *buffer, __u32 size) __ksym;

struct word {
    __u64 value;
};

/* The packet may have moved when the function looks at the word. */
__noinline int read_after_change(struct __sk_buff *skb, struct word *word)
{
    if (word == NULL)
        return 0;
    bpf_skb_pull_data(skb, 64);
    return word->value & 1;
}

__noinline int read_only(struct __sk_buff *skb, struct word *word)
{
    return word != NULL ? word->value & skb->len : 0;
}

static struct word *first_of(struct __sk_buff *skb)
{
    struct word *word = (void *)(long)skb->data;
    return (void *)(word + 1) <= (void *)(long)skb->data_end ? word : NULL;
}

SEC("tc") REFUSE int packet_to_a_function_that_changes_it(struct __sk_buff *skb)
{
    struct word *word = first_of(skb);
    return word != NULL ? read_after_change(skb, word) : 0;
}

SEC("tc") ACCEPT int packet_to_a_function_that_reads_it(struct __sk_buff *skb)
{
    struct word *word = first_of(skb);
    return word != NULL ? read_only(skb, word) : 0;
}

SEC("tc") ACCEPT int own_memory_to_a_function_that_changes_the_packet(struct __sk_buff *skb)
{
    struct word word = { skb->len };
    return read_after_change(skb, &word);
}

SEC("tc") REFUSE int slice_to_a_function_that_changes_the_packet(struct __sk_buff *skb)
{
    struct bpf_dynptr packet;
    struct word buffer, *word;
    bpf_dynptr_from_skb(skb, 0, &packet);
    word = bpf_dynptr_slice_rdwr(&packet, 0, &buffer, sizeof buffer);
    return word != NULL ? read_after_change(skb, word) : 0;
}

SEC("tc") REFUSE int atomic_operation_at_any_byte(struct __sk_buff *skb)
{
    struct bpf_dynptr packet;
    struct word buffer, *word;
    bpf_dynptr_from_skb(skb, 0, &packet);
    word = bpf_dynptr_slice_rdwr(&packet, 3, &buffer, sizeof buffer);
    if (word != NULL)
        __sync_fetch_and_add(&word->value, 1);
    return 0;
}

/* Atomic operations want aligned words; a packet's are where they are. */
__noinline int count_in(struct word *word)
{
    if (word == NULL)
        return 0;
    __sync_fetch_and_add(&word->value, 1);
    return 0;
}

__noinline int count_by_another(struct word *word)
{
    return count_in(word);
}

SEC("tc") ACCEPT int own_memory_to_a_function_that_counts(struct __sk_buff *skb)
{
    struct word word = { skb->len };
    return count_by_another(&word);
}

SEC("tc") REFUSE int packet_to_a_function_that_counts(struct __sk_buff *skb)
{
    struct word *word = first_of(skb);
    return word != NULL ? count_in(word) : 0;
}

SEC("tc") REFUSE int packet_to_a_function_whose_function_counts(struct __sk_buff *skb)
{
    struct word *word = first_of(skb);
    return word != NULL ? count_by_another(word) : 0;
}
