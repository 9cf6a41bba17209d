/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Betaflight blackbox; the first byte chooses the log. */
#include "source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words[] = { "format=blackbox", "log=2" };
    if (size > 0)
        fuzz_source(data + 1, size - 1, words, 1 + (data[0] & 1));
    return 0;
}
