/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The platform-level interrupt controller (RISC-V PLIC specification 1.0.0, "Memory Map"). A context is a
 * hart in one mode; source 0 does not exist. Registers of 32 bits. */
#pragma once

#define PLIC_SOURCE_MAX  1024u
#define PLIC_CONTEXT_MAX 15872u

#define PLIC_PRIORITY(source) (4u * (source))
#define PLIC_PENDING(word)    (0x1000u + 4u * (word))
#define PLIC_ENABLE           0x2000u
#define PLIC_ENABLE_STRIDE    0x80u
#define PLIC_CONTEXT          0x200000u
#define PLIC_CONTEXT_STRIDE   0x1000u
#define PLIC_THRESHOLD        0u
#define PLIC_CLAIM            4u /* read: claim, 0 is none; write: complete */
