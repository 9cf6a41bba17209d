/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The shortest way from an edge to an actuator, and when it began. */
#include <axiom/bpf.h>

SEC("gpio/chip0/line26/rising")
int edge(struct axiom_gpio_ctx *ctx)
{
    (void)ctx;
    uint64_t first_ns = bpf_ktime_get_ns();
    bpf_gpio_set(0, 16, 1);
    bpf_printk("%llu", first_ns);
    return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
