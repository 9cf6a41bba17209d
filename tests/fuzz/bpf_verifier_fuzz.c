/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verifier against execution: bytes become a program (tests/bpf/verifier/generator.c); if it is
 * accepted, it runs in a machine that sees every wrong step (machine.c), and must be what the
 * verifier claimed. */
#include "soundness.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[20000];
    static struct soundness_counts counts;
    static bool begun;
    if (!begun)
        soundness_begin();
    begun = true;
    if (!soundness_check(data, size, &counts, text, sizeof text)) {
        fprintf(stderr, "%s\n", text);
        abort();
    }
    return 0;
}
