/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* sigrok sessions: the zip, its metadata, its samples, and the I2C decoder behind them. */
#include "source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const plain[] = { "format=sr", "limit=4000000" };
    static const char *const bus[] = { "format=sr", "limit=4000000", "i2c:scl=0,sda=1" };
    fuzz_source(data, size, plain, 2);
    fuzz_source(data, size, bus, 3);
    return 0;
}
