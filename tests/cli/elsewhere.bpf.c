/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A good program for a chip that the board does not have. */
#include <axiom/bpf.h>

SEC("gpio/chip3/line1/rising")
int elsewhere(struct axiom_gpio_ctx *ctx)
{
    return (int)ctx->level;
}
