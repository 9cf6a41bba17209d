/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The second serial port's "transmitter is empty" (PC16550D, IER bit 1): active until IIR is read, which nobody
 * does. It is pin 3 of the first I/O APIC, has no driver, and is there if the one who started the machine
 * wanted it (tests/image/kernel_test.sh). */
#include "storm.h"

#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/ns16550.h>

#define COM2     0x2f8u
#define COM2_PIN 3u
#define IER_THRE 2u

static struct irq *irq;
static struct mmio uart;
static uint64_t count;

static void handle(struct irq *at, void *context)
{
    (void)at;
    (void)context;
    __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
}

bool storm_begin(void)
{
    int node = fdt_node_by_path("/ioapic@fec00000");
    struct device *ioapic = node >= 0 ? device_at_node(node) : NULL;
    struct irq_domain *domain = ioapic != NULL ? irq_domain_find(ioapic) : NULL;
    count = 0;
    if (domain == NULL || mmio_map((struct phys_addr){ COM2 }, 8, MMIO_PORT, &uart) != 0)
        return false;
    mmio_write8(&uart, NS16550_SCR, 0x5a);
    if (mmio_read8(&uart, NS16550_SCR) != 0x5a) {
        mmio_unmap(&uart);
        return false;
    }
    if (irq_domain_map(domain, COM2_PIN, IRQ_TYPE_LEVEL_HIGH, &irq) != 0 ||
        irq_request(irq, handle, NULL, "storm") != 0)
        return false;
    mmio_write8(&uart, NS16550_MCR, NS16550_MCR_OUT2); /* lets its interrupt out */
    mmio_write8(&uart, NS16550_IER, IER_THRE);
    return true;
}

uint64_t storm_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

void storm_end(void)
{
    mmio_write8(&uart, NS16550_IER, 0);
    irq_free(irq);
    mmio_unmap(&uart);
}
