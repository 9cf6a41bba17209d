/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One boot with a device that does what the bytes say, and a user of it. Aborts where the kernel does not come
 * through: a hang, a leak, a panic. */
#pragma once
#include "driver_body.h"
#include "hostile_model.h"

#include <axiom/errno.h>
#include <core/block.h>
#include <core/console.h>
#include <core/time.h>
#include <stdlib.h>
#include <string.h>

static inline const char *hostile_body(void)
{
    static uint8_t bytes[20 * BLOCK_SECTOR_SIZE];
    struct block_device *disk = block_device_at(0);
    struct console_device *console = console_device_at(0);
    for (uint32_t i = 0; i < 6 && disk != NULL; i++) {
        (void)block_read(disk, i, 1 + i * 3, bytes);
        (void)block_write(disk, i * 2, 20 - i, bytes);
        (void)block_flush(disk);
    }
    for (uint32_t i = 0; i < 6 && console != NULL; i++) {
        (void)console_write(console, bytes, 100 * i + 1);
        (void)console_read(console, bytes, sizeof bytes, ktime_get_ns() + 20000);
    }
    return NULL;
}

static inline void hostile_run(const void *fdt, size_t fdt_size, const uint8_t *data, size_t size)
{
    struct driver_run run = { .fdt = fdt,
                              .fdt_size = fdt_size,
                              .cpus = 1 + (size > 1 ? data[1] % 2 : 0),
                              .seed = 1,
                              .body = hostile_body,
                              .verbose = getenv("VERBOSE") != NULL };
    hostile_bytes = data;
    hostile_size = size;
    (void)driver_run(&run);
    if (run.result.error != 0 || run.pages_left != 0 || run.result.leaked_stacks != 0)
        abort();
}
