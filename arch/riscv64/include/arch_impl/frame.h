/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For arch/common/backtrace.c: s0 is the stack pointer of the caller; below it lie {caller's s0, ra}
 * (RISC-V ELF psABI, "Frame Pointer Convention"). */
#pragma once

#define FRAME_RECORD(fp) ((fp)-16)
