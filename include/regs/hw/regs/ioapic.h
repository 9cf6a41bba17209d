/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The I/O APIC. Source: Intel 82093AA datasheet (290566-001), section 3. Two registers reach the
 * others: an index and a window. */
#pragma once
#include <axiom/bits.h>

#define IOAPIC_SIZE   0x20u
#define IOAPIC_SELECT 0x00u
#define IOAPIC_WINDOW 0x10u

#define IOAPIC_VERSION             0x01u
#define IOAPIC_REDIRECT_LOW(pin)   (0x10u + 2u * (pin))
#define IOAPIC_REDIRECT_HIGH(pin)  (0x11u + 2u * (pin))
#define IOAPIC_VERSION_LAST_PIN(v) ((v) >> 16 & 0xffu)

#define IOAPIC_ACTIVE_LOW      BIT(13)
#define IOAPIC_LEVEL           BIT(15)
#define IOAPIC_MASKED          BIT(16)
#define IOAPIC_DESTINATION_AT  24u /* in the high half: a local APIC's number */
#define IOAPIC_DESTINATION_MAX 0xffu
