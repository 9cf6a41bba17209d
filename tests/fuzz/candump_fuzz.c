/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* candump's log. */
#include "source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words[] = { "format=candump" };
    fuzz_source(data, size, words, 1);
    return 0;
}
