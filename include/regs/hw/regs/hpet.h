/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The High Precision Event Timer. Source: Intel, IA-PC HPET Specification 1.0a, section 2.3. */
#pragma once
#include <axiom/bits.h>

#define HPET_SIZE         0x400u
#define HPET_CAPABILITIES 0x000u /* 64 bits */
#define HPET_CONFIG       0x010u
#define HPET_COUNTER      0x0f0u /* 64 bits */

#define HPET_CAP_64_BIT         BIT(13)
#define HPET_CAP_PERIOD_FS(cap) ((uint32_t)((cap) >> 32)) /* of a tick, femtoseconds */
#define HPET_PERIOD_FS_MAX      100000000u                /* 100 ns */
#define HPET_CONFIG_ENABLE      BIT(0)
