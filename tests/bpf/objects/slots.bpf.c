/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Maps that are filled when the object is loaded, constants that are set before, and a field that the
 * kernel does not have. */
#include <axiom/bpf.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct numbers {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, uint32_t);
    __type(value, uint64_t);
} left SEC(".maps"), right SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __array(values, struct numbers);
} outer SEC(".maps") = { .values = { [0] = &left, [2] = &right } };

int second(struct axiom_timer_ctx *context);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 3);
    __uint(key_size, 4);
    __array(values, int(struct axiom_timer_ctx *));
} chain SEC(".maps") = { .values = { [1] = &second } };

const volatile uint32_t slot = 1;
const volatile uint32_t has_extras = 0;

struct core_struct {
    int no_such_field;
} __attribute__((preserve_access_index));

SEC("timer/1000hz")
int first(struct axiom_timer_ctx *context)
{
    uint32_t which = 2, index = 1;
    void *inner = bpf_map_lookup_elem(&outer, &which);
    uint64_t *value = inner == NULL ? NULL : bpf_map_lookup_elem(inner, &index);
    if (value != NULL)
        *value += 5;
    bpf_tail_call(context, &chain, slot);
    return 1;
}

SEC("timer/1hz")
int second(struct axiom_timer_ctx *context)
{
    (void)context;
    return 2;
}

/* Only with has_extras does it read beyond its context: as the constant is, that is never reached. */
SEC("timer/2hz")
int guarded(struct axiom_timer_ctx *context)
{
    if (has_extras != 0)
        return (int)*(volatile uint64_t *)((char *)context + 800);
    return 3;
}

/* CO-RE turns the load into a call to nowhere, behind a check that says so. */
SEC("timer/4hz")
int optional(struct axiom_timer_ctx *context)
{
    struct core_struct *in_kernel = (void *)context;
    if (__builtin_preserve_field_info(in_kernel->no_such_field, 2 /* exists */) != 0)
        return in_kernel->no_such_field;
    return 4;
}

/* Of another kind than those in the chain. */
SEC("gpio/chip0/line1/rising")
int stranger(struct axiom_gpio_ctx *context)
{
    bpf_tail_call(context, &chain, 1);
    return 5;
}
