/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls a function that nobody defines. */
#include <axiom/bpf.h>

int missing_function(int value);

SEC("timer/10hz")
int program(struct axiom_timer_ctx *context)
{
    return missing_function((int)context->number);
}
