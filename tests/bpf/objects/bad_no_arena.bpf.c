/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A variable of an arena, and no arena. */
#include <axiom/bpf.h>

int counter SEC(".addr_space.1") = 1;

SEC("timer/10hz")
int program(struct axiom_timer_ctx *context)
{
    return (long)&counter > 0;
}
