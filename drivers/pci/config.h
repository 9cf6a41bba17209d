/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between config.c and host.c. */
#pragma once
#include <drivers/pci.h>

/* Fills function->bars. */
void pci_bars_read(struct pci_function *function);
/* Gives a memory BAR its place. */
void pci_bar_write(struct pci_function *function, uint32_t bar, uint64_t base);
