/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Right, but for what one event may cost at its attach point. */
#include <axiom/bpf.h>

SEC("gpio/chip0/line26/falling")
int greedy(struct axiom_gpio_ctx *ctx)
{
    volatile uint64_t sum = 0;
    if (ctx->level)
        return 0;
    for (uint32_t i = 0; i < 20000; i++)
        sum += ctx->line;
    return (int)sum;
}
