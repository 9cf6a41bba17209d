/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gic.h"

#include <axiom/errno.h>
#include <axiom/log.h>
#include <hw/regs/gic_v2.h>

#define CELL_TYPE_MASK 0xfu

int gic_take_cells(uint32_t irq_count, const uint32_t *cells, uint32_t count, uint32_t *hwirq,
                   enum irq_type *type)
{
    if (count < 3 || cells[0] > GIC_CELL_PPI) {
        log_err("gic: an interrupt specifier needs 3 cells and starts with 0 (SPI) or 1 (PPI)");
        return -EINVAL;
    }
    bool spi = cells[0] == GIC_CELL_SPI;
    uint32_t first = spi ? GIC_SPI_FIRST : GIC_PPI_FIRST;
    uint32_t limit = spi ? irq_count : GIC_SPI_FIRST;
    if (cells[1] >= limit - first) {
        log_err("gic: there is no %s %u", spi ? "SPI" : "PPI", cells[1]);
        return -EINVAL;
    }
    *hwirq = first + cells[1];
    *type = (enum irq_type)(cells[2] & CELL_TYPE_MASK);
    return 0;
}

/* IHI 0048B §4.3.13, IHI 0069G §12.9.9: two bits an interrupt, the upper one says edge. Only SPIs are configurable,
 * and only rising edges and high levels (IHI 0048B §1.4.3). */
int gic_spi_set_type(const struct mmio *distributor, uint32_t hwirq, enum irq_type type)
{
    if (hwirq < GIC_SPI_FIRST)
        return 0;
    if (type != IRQ_TYPE_EDGE_RISING && type != IRQ_TYPE_LEVEL_HIGH) {
        log_err("gic: SPI %u can be rising-edge or level-high, not type %d", hwirq - GIC_SPI_FIRST,
                (int)type);
        return -EINVAL;
    }
    uint32_t edge = UINT32_C(2) << (hwirq % 16 * 2);
    uint32_t config = mmio_read32(distributor, GICD_ICFGR + hwirq / 16 * 4);
    config = type == IRQ_TYPE_EDGE_RISING ? config | edge : config & ~edge;
    mmio_write32(distributor, GICD_ICFGR + hwirq / 16 * 4, config);
    return 0;
}
