/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CSV in both forms; the file's first byte chooses the options. */
#include "source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[][3] = {
        { "format=csv", "origin=zero", "rate=480" },
        { "format=csv", "origin=first", "unit:time=us" },
        { "format=csv", "origin=first", "unit:acc_x=mg" },
        { "format=csv", "origin=zero", "i2c:scl=a,sda=b" },
    };
    if (size == 0)
        return 0;
    unsigned choice = data[0] % 8;
    fuzz_source(data + 1, size - 1, words[choice % 4], choice < 4 ? 3 : 2);
    return 0;
}
