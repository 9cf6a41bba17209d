/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The list of block devices, and what holds for requests to any of them.
 *
 * Devices register while they are probed and leave when they are removed, both in the boot thread;
 * lookups need no lock. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/block.h>

static struct block_device *devices[BLOCK_DEVICE_MAX];
static const char *const names[BLOCK_DEVICE_MAX] = { "disk0", "disk1", "disk2", "disk3",
                                                     "disk4", "disk5", "disk6", "disk7" };

void block_init(void)
{
    for (uint32_t i = 0; i < BLOCK_DEVICE_MAX; i++)
        devices[i] = NULL;
}

void block_exit(void)
{
    block_init();
}

int block_device_register(struct block_device *device)
{
    for (uint32_t i = 0; i < BLOCK_DEVICE_MAX; i++) {
        if (devices[i] != NULL)
            continue;
        device->index = i;
        device->name = names[i];
        devices[i] = device;
        log_info("%s: %llu sectors of %u bytes%s", device->name,
                 (unsigned long long)device->sector_count, BLOCK_SECTOR_SIZE,
                 device->read_only ? ", read only" : "");
        return 0;
    }
    return -ENOSPC;
}

void block_device_unregister(struct block_device *device)
{
    devices[device->index] = NULL;
}

struct block_device *block_device_at(uint32_t index)
{
    return index < BLOCK_DEVICE_MAX ? devices[index] : NULL;
}

static bool inside(const struct block_device *device, uint64_t sector, uint32_t count)
{
    return count != 0 && count <= device->sector_count && sector <= device->sector_count - count;
}

int block_read(struct block_device *device, uint64_t sector, uint32_t count, void *to)
{
    return inside(device, sector, count) ? device->ops->read(device, sector, count, to) : -EINVAL;
}

int block_write(struct block_device *device, uint64_t sector, uint32_t count, const void *from)
{
    if (device->read_only)
        return -EROFS;
    return inside(device, sector, count) ? device->ops->write(device, sector, count, from)
                                         : -EINVAL;
}

int block_flush(struct block_device *device)
{
    return device->read_only ? 0 : device->ops->flush(device);
}
