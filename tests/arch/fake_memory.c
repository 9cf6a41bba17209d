/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fake_memory.h"

#include <boot_record.h>

_Alignas(4096) uint8_t fake_memory[FAKE_MEMORY_SIZE];

/* In place of arch/x86_64/boot_record.c's, which goes through the direct map. */
const void *boot_bytes(uint64_t physical, uint64_t size)
{
    return physical != 0 && physical < FAKE_MEMORY_SIZE && size <= FAKE_MEMORY_SIZE - physical
               ? fake_memory + physical
               : NULL;
}
