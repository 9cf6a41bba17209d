/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How the vectors of a PC are divided. 0-31 are exceptions; the port keeps some from 0xf1 on. */
#pragma once

#define LAPIC_VECTOR_FIRST   0x30u /* of controllers behind the local APIC */
#define LAPIC_VECTOR_LAST    0xdfu
#define LAPIC_VECTOR_MESSAGE 0xc0u /* from here on: messages of devices */
#define LAPIC_VECTOR_IPI     0xe0u
#define LAPIC_VECTOR_TIMER   0xe1u
