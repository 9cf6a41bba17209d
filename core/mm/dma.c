/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory for devices: whole pages of the direct map. There is no IOMMU and no bus offset yet, so a device's address is the CPU's. */
#include <arch/mmu.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <core/mm.h>
#include <hw/dma.h>

int dma_alloc(uint64_t size, struct dma_memory *out)
{
    if (size == 0 || size > KMALLOC_MAX)
        return -EINVAL;
    uint32_t order = page_order((size_t)size);
    void *at = page_alloc(order);
    if (at == NULL)
        return -ENOMEM;
    memset(at, 0, (size_t)PAGE_SIZE << order);
    *out = (struct dma_memory){ at, arch_virt_to_phys(at).value, order };
    return 0;
}

void dma_free(struct dma_memory *memory)
{
    if (memory->at != NULL)
        page_free(memory->at, memory->order);
    *memory = (struct dma_memory){ 0 };
}
