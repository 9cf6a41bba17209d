/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Block devices: sectors of 512 bytes by number. A request is made and waited for in one call; the
 * driver copies, so a buffer may be any memory of the kernel's. */
#pragma once
#include <axiom/types.h>

#define BLOCK_DEVICE_MAX  8u
#define BLOCK_SECTOR_SIZE 512u

struct block_device;

struct block_device_ops {
    /* Inside of the device, for certain. -EIO: the device says so, or is gone. Process context. */
    int (*read)(struct block_device *device, uint64_t sector, uint32_t count, void *to);
    int (*write)(struct block_device *device, uint64_t sector, uint32_t count, const void *from);
    /* What was written before survives a loss of power. */
    int (*flush)(struct block_device *device);
};

struct block_device {
    const char *name; /* "disk0": the core's */
    uint32_t index;   /* given by block_device_register() */
    uint64_t sector_count;
    bool read_only;
    const struct block_device_ops *ops;
    void *driver_data;
};

/* Drivers, from probe and remove. -ENOSPC: BLOCK_DEVICE_MAX. */
int block_device_register(struct block_device *device);
/* Nobody is inside of a call. */
void block_device_unregister(struct block_device *device);
/* NULL: none. It stays until devices are removed at the end of the boot. */
struct block_device *block_device_at(uint32_t index);

/* -EINVAL: beyond the device's end, or nothing; -EROFS; -EIO. Process context. */
int block_read(struct block_device *device, uint64_t sector, uint32_t count, void *to);
int block_write(struct block_device *device, uint64_t sector, uint32_t count, const void *from);
int block_flush(struct block_device *device);

/* Boot, before devices; and after the last one is gone. */
void block_init(void);
void block_exit(void);
