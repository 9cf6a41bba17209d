/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PCI functions, for the drivers of what is plugged in. Process context, unless said otherwise.
 *
 * What a function says of itself is not trusted: lists of capabilities end, addresses and sizes are
 * checked against each other before anything is mapped. */
#pragma once
#include <axiom/types.h>
#include <hw/device.h>
#include <hw/irq.h>
#include <hw/regs/pci.h>

#define PCI_VECTOR_MAX 2u /* MSI-X vectors that a driver can have */

struct pci_host;

struct pci_bar {
    uint64_t base, size; /* size 0: not there, or not usable */
    bool is_io;
};

struct pci_function {
    struct pci_host *host;
    struct pci_function *next; /* the host's list */
    char name[16];             /* "pci 00:03.0" */
    uint8_t bus, device, function;
    uint16_t vendor, id, subsystem;
    struct mmio config; /* ECAM, from config_at on; not mapped where there are only ports */
    uint32_t config_at;
    struct pci_bar bars[PCI_BAR_COUNT];
    uint32_t bars_given; /* a bit each: its place is ours, not the firmware's */
    const struct pci_driver *driver;
    void *driver_data;
    /* Interrupts: */
    struct irq *intx;
    uint32_t msix_at; /* capability; 0: MSI-X is off */
    struct mmio msix_table;
    struct irq *vectors[PCI_VECTOR_MAX];
    struct irq_domain *msi;
};

struct pci_driver {
    const char *name;
    bool (*knows)(const struct pci_function *function);
    /* Memory and bus mastering are on. Errors as in struct driver. */
    int (*probe)(struct pci_function *function);
    void (*remove)(struct pci_function *function);
};

extern const struct pci_driver virtio_pci_driver;

/* Configuration space, naturally aligned. Any context. */
uint32_t pci_config_read(struct pci_function *function, uint32_t offset, uint32_t size);
void pci_config_write(struct pci_function *function, uint32_t offset, uint32_t size,
                      uint32_t value);
/* Capability number `index` of this kind that has at least `size` bytes; 0: none. There are as many as fit,
 * also where the list loops. */
uint32_t pci_capability(struct pci_function *function, uint32_t kind, uint32_t size,
                        uint32_t index);
/* Part of a memory BAR. -ENODEV: no such BAR; -EINVAL: it is smaller. */
int pci_bar_map(struct pci_function *function, uint32_t bar, uint64_t offset, uint64_t size,
                struct mmio *out);

/* msix.c: the function sends messages from now on; -EOPNOTSUPP: it cannot, or nobody takes them
 * here. Entries are masked until requested. */
int pci_msix_enable(struct pci_function *function);
int pci_msix_request(struct pci_function *function, uint32_t entry, irq_handler *handler,
                     void *context);
/* Frees all entries, and switches MSI-X off. */
void pci_msix_disable(struct pci_function *function);
/* intx.c: its line interrupt, a level; shared lines are not served (-EBUSY). */
int pci_intx_request(struct pci_function *function, irq_handler *handler, void *context);
void pci_intx_free(struct pci_function *function);

/* Inside of drivers/pci. */
struct device *pci_host_device(const struct pci_host *host);
