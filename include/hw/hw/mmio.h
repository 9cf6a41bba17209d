/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Device registers. The cut between driver and hardware is here: what is linked behind these
 * functions is a CPU's loads and stores (arch/<port>/mmio.c) or the simulated machine's bus
 * (sim/bus.c).
 *
 * Offsets are in bytes from the region's start; accesses are naturally aligned. They reach the
 * device in program order; to order them with memory use hw/dma.h. An access outside the region is
 * a bug of the driver (panic). */
#pragma once
#include <axiom/types.h>

enum mmio_kind {
    MMIO_MEMORY,     /* physical address space */
    MMIO_PORT,       /* x86 I/O ports */
    MMIO_PCI_CONFIG, /* configuration space of one PCI function */
};

struct mmio {
    uint64_t base; /* physical address, port, or ECAM offset */
    uint64_t size; /* bytes */
    enum mmio_kind kind;
    void *handle; /* of who answers: a mapping or the machine's bus region; not for drivers */
};

/* Makes a region reachable. -ENODEV: nothing answers there; -EINVAL: size 0 or wraps; -ENOMEM.
 * Process context. */
int mmio_map(struct phys_addr base, uint64_t size, enum mmio_kind kind, struct mmio *out);
void mmio_unmap(struct mmio *region);

/* Any context. */
uint8_t mmio_read8(const struct mmio *region, uint32_t offset);
uint16_t mmio_read16(const struct mmio *region, uint32_t offset);
uint32_t mmio_read32(const struct mmio *region, uint32_t offset);
uint64_t mmio_read64(const struct mmio *region, uint32_t offset);
void mmio_write8(const struct mmio *region, uint32_t offset, uint8_t value);
void mmio_write16(const struct mmio *region, uint32_t offset, uint16_t value);
void mmio_write32(const struct mmio *region, uint32_t offset, uint32_t value);
void mmio_write64(const struct mmio *region, uint32_t offset, uint64_t value);
