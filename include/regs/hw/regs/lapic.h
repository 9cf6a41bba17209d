/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The local APIC of an x86 CPU. Source: Intel SDM volume 3 (325384), chapter 10, table 10-1. Registers
 * are 32 bits wide, 16 bytes apart; in x2APIC mode each is a model-specific register (10.12.1.2), the
 * two halves of the interrupt command are one of 64 bits, and its ID is not shifted. */
#pragma once
#include <axiom/bits.h>

#define LAPIC_SIZE          0x400u
#define LAPIC_ID            0x020u
#define LAPIC_VERSION       0x030u
#define LAPIC_TPR           0x080u
#define LAPIC_EOI           0x0b0u
#define LAPIC_SVR           0x0f0u
#define LAPIC_ICR_LOW       0x300u
#define LAPIC_ICR_HIGH      0x310u
#define LAPIC_LVT_TIMER     0x320u
#define LAPIC_LVT_LINT0     0x350u
#define LAPIC_LVT_LINT1     0x360u
#define LAPIC_LVT_ERROR     0x370u
#define LAPIC_TIMER_INITIAL 0x380u
#define LAPIC_TIMER_CURRENT 0x390u
#define LAPIC_TIMER_DIVIDE  0x3e0u

#define LAPIC_MSR(reg)  (0x800u + ((reg) >> 4))
#define LAPIC_MSR_ICR   LAPIC_MSR(LAPIC_ICR_LOW)
#define LAPIC_MSR_ID_AT 32u /* of the destination in it */

#define LAPIC_SVR_ENABLE  BIT(8)
#define LAPIC_LVT_MASKED  BIT(16)
#define LAPIC_DIVIDE_BY_1 0xbu /* 10.5.4, figure 10-10: 1011 */

#define LAPIC_ICR_NMI     (4u << 8) /* delivery modes */
#define LAPIC_ICR_INIT    (5u << 8)
#define LAPIC_ICR_STARTUP (6u << 8)
#define LAPIC_ICR_PENDING BIT(12)
#define LAPIC_ICR_ASSERT  BIT(14)

/* Where devices write messages (10.11.1). */
#define LAPIC_MESSAGE_ADDRESS 0xfee00000u
#define LAPIC_MESSAGE_ID_AT   12u
#define LAPIC_MESSAGE_ID_MAX  0xffu
