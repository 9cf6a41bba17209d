/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Any bytes as changes to the configuration space of a PCI host (tests/drivers/hostile_pci.h); the kernel boots on it. */
#include "driver_body.h"
#include "hostile_pci.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct driver_run run = { .cpus = 1, .seed = 1 };
    if (run.fdt == NULL)
        run.fdt = driver_board("virtio-pci", &run.fdt_size);
    hostile_pci_edits(data, size);
    if (driver_run(&run) != 0 || run.pages_left != 0)
        abort();
    return 0;
}
