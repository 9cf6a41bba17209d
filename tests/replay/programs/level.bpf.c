/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An attach point that there is not: refused with what there is. */
#include <axiom/bpf.h>

SEC("gpio/chip0/line17/high")
int level(struct axiom_gpio_ctx *ctx)
{
    return (int)ctx->level;
}
