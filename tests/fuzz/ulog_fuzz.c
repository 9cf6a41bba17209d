/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PX4 ULog. */
#include "source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = { "format=ulog" };
    fuzz_source(data, size, words, 1);
    return 0;
}
