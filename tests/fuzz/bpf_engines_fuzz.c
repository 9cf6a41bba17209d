/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Engines against each other: bytes become a program (tests/bpf/verifier/generator.c); if it is
 * accepted, interpreter and this CPU's compiled code must do the same (tests/bpf/jit/engines.c). */
#include "engines.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[30000];
    static struct engines_counts counts;
    static bool begun;
    if (!begun)
        engines_begin();
    begun = true;
    static struct generated program;
    generate_program(data, size, &program);
    if (!engines_check(&program, &counts, text, sizeof text)) {
        fprintf(stderr, "%s\n", text);
        abort();
    }
    return 0;
}
