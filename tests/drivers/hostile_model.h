/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A virtio device that does what bytes say: registers that lie, used rings with wrong numbers and lengths,
 * descriptors overwritten under the driver's hands, interrupts for nothing. It writes only to memory
 * that the driver gave it, and not after a reset: against more there is no defence without an IOMMU. The
 * first byte's first bit: console, else disk. */
#pragma once
#include <axiom/types.h>

extern const uint8_t *hostile_bytes;
extern size_t hostile_size;
