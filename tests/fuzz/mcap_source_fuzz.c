/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* MCAP as a trace source: channels, their schemas, and the payloads of messages. */
#include "source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = { "format=mcap" };
    fuzz_source(data, size, words, 1);
    return 0;
}
