/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Has a table of pointers, which would need addresses at load time. */
#include <axiom/bpf.h>

static int first = 1, second = 2;
int *const volatile table[2] = { &first, &second };

SEC("timer/10hz")
int program(struct axiom_timer_ctx *context)
{
    return *table[context->number & 1];
}
