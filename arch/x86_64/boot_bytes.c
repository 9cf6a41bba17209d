/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Physical memory through the boot tables. */
#include <arch/mmu.h>

#include "boot_record.h"

const void *boot_bytes(uint64_t physical, uint64_t size)
{
    if (physical == 0 || physical >= LOADED_MAX || size > LOADED_MAX - physical)
        return NULL;
    return arch_phys_to_virt((struct phys_addr){ physical });
}
