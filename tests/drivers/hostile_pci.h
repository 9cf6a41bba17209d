/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The PCI host's model with bytes of its configuration space changed: each edit is {slot, offset, value}: slot's
 * low 3 bits are a function's number, the next 5 the device (8 is the virtio disk at 00:01.0). */
#pragma once
#include <axiom/types.h>

#define HOSTILE_PCI_EDIT 3u

/* Live until the next call. */
void hostile_pci_edits(const uint8_t *edits, size_t size);
