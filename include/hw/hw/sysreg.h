/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a CPU reaches by system registers rather than by addresses: the generic timer, later the
 * GICv3 interface. Linked like hw/mmio.h: the CPU's own instructions, or the simulated machine.
 * Acts on the calling CPU's bank. The names (enum sysreg) are in hw/regs, which models see too. */
#pragma once
#include <axiom/types.h>
#include <hw/regs/sysreg.h>

/* Any context. A register that nothing answers reads 0 and ignores writes. */
uint64_t sysreg_read(enum sysreg reg);
void sysreg_write(enum sysreg reg, uint64_t value);
