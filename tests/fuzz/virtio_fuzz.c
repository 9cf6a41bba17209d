/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as what a virtio device does to its driver (tests/drivers/hostile_model.h). */
#include "virtio_hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const void *fdt;
    static size_t fdt_size;
    if (fdt == NULL)
        fdt = driver_board("virtio-hostile", &fdt_size);
    hostile_run(fdt, fdt_size, data, size);
    return 0;
}
