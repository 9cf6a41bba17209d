/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The benchmark's other program: the way to a program and back, and nothing in between. */
#include <axiom/bpf.h>

SEC("gpio/chip0/line17/both")
int nothing(struct axiom_gpio_ctx *ctx)
{
    return 0;
}
