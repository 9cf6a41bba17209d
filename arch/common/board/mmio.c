/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Device registers of a real board: loads and stores of mapped device memory, or what the port has
 * beside it (x86 ports). `handle` is the mapping. */
#include <arch_impl/io.h>
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <hw/dma.h>
#include <hw/mmio.h>
#include <port/kmap.h>

int mmio_map(struct phys_addr base, uint64_t size, enum mmio_kind kind, struct mmio *out)
{
    if (size == 0 || base.value + size < base.value || size > UINT64_C(1) << 32)
        return -EINVAL;
    if (kind == MMIO_PORT && !io_ports_contain(base.value, size))
        return -ENODEV;
    void *at = NULL;
    if (kind != MMIO_PORT) {
        uint64_t page = base.value & ~(uint64_t)(PAGE_SIZE - 1);
        uint64_t pages = (base.value + size - page + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
        at = kmap_map((struct phys_addr){ page }, pages, MMU_READ | MMU_WRITE | KMAP_DEVICE);
        if (at == NULL)
            return -ENOMEM;
        at = (char *)at + base.value % PAGE_SIZE;
    }
    *out = (struct mmio){ .base = base.value, .size = size, .kind = kind, .handle = at };
    return 0;
}

void mmio_unmap(struct mmio *region)
{
    if (region->handle != NULL) {
        uint64_t at = (uint64_t)region->handle & ~(uint64_t)(PAGE_SIZE - 1);
        uint64_t end = (uint64_t)region->handle + region->size;
        kmap_unmap((void *)at, (end - at + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1));
    }
    *region = (struct mmio){ 0 };
}

static inline void check(const struct mmio *region, uint32_t offset, uint32_t width)
{
    if (__builtin_expect(offset % width != 0 || offset + (uint64_t)width > region->size, 0))
        panic("access of %u bytes at 0x%x of the region at 0x%llx, %llu bytes", width, offset,
              (unsigned long long)region->base, (unsigned long long)region->size);
}

#define ACCESSORS(bits)                                                                     \
    uint##bits##_t mmio_read##bits(const struct mmio *region, uint32_t offset)              \
    {                                                                                       \
        check(region, offset, bits / 8);                                                    \
        return region->handle != NULL ? io_read##bits((char *)region->handle + offset)      \
                                      : io_port_read##bits(region->base + offset);          \
    }                                                                                       \
    void mmio_write##bits(const struct mmio *region, uint32_t offset, uint##bits##_t value) \
    {                                                                                       \
        check(region, offset, bits / 8);                                                    \
        if (region->handle != NULL)                                                         \
            io_write##bits((char *)region->handle + offset, value);                         \
        else                                                                                \
            io_port_write##bits(region->base + offset, value);                              \
    }

ACCESSORS(8)
ACCESSORS(16)
ACCESSORS(32)
ACCESSORS(64)

void dma_wmb(void)
{
    io_wmb();
}

void dma_rmb(void)
{
    io_rmb();
}
