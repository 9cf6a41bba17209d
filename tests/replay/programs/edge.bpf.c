/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The least that can be attached: its runs are what is looked for. */
#include <axiom/bpf.h>

SEC("gpio/chip0/line17/rising")
int edge(struct axiom_gpio_ctx *ctx)
{
    return (int)ctx->level;
}
