/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Offsets that the assembler sources know; cpu.h asserts each. */
#pragma once

#define CPU_SAVED         8  /* three registers */
#define CPU_STACK_BASE    32 /* and the size */
#define CPU_EMERGENCY_TOP 48
#define CPU_SATP          56 /* and the stack's top, and where to go */
#define CPU_PARKED        80
#define CPU_CLAIM         84
#define CPU_HART          88
#define CPU_SIZE          8336
#define CPU_COUNT         8

#define CLAIM_ASKED 1 /* for; or 0, the CPU shall not come any more */
#define CLAIM_COME  2

#define FRAME_SIZE 304
#define FRAME_SEPC 256 /* then sstatus, scause, stval, and the frame record */
