/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls of the firmware (RISC-V Supervisor Binary Interface 1.0; OpenSBI). All by hart number. */
#pragma once
#include <axiom/types.h>

/* Which extensions there are. Boot only. */
void sbi_init(void);
bool sbi_has_hsm(void); /* other harts can be started */
bool sbi_has_ipi(void);
bool sbi_has_rfence(void); /* and their caches of translations and instructions be flushed */

/* A byte on the firmware's console, in any state. */
void sbi_console_put(char byte);
/* The calling hart's timer interrupt comes at `ticks`; the one before it is forgotten. */
void sbi_set_timer(uint64_t ticks);
/* Harts base + n of the mask's bits n. */
void sbi_send_ipi(uint64_t mask, uint64_t base);
void sbi_remote_sfence(uint64_t mask, uint64_t base, uint64_t at, uint64_t size);
void sbi_remote_fence_i(uint64_t mask, uint64_t base);
/* 0 or SBI's error code: -6 is one that runs already. */
#define SBI_ALREADY_AVAILABLE (-6)
int64_t sbi_hart_start(uint64_t hart, uint64_t address, uint64_t opaque);
/* Do not return where the firmware can do them. */
void sbi_shutdown(bool failed);
void sbi_reboot(void);
