/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a board needs of a CPU and Unicorn's public interface does not give: to take an exception, to
 * raise the interrupt line, to see that the CPU waits.
 *
 * All of it reaches into the library's own structs. Known to hold for Unicorn 2.0.1 on x86-64 and
 * AArch64 hosts; unicorn_private_check() tries each of them on a small program and fails clearly on
 * another version. Everything else of tools/rpi5board uses unicorn/unicorn.h only. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <unicorn/unicorn.h>

/* Exceptions as UC_HOOK_INTR numbers them (QEMU's target/arm/cpu.h). */
enum unicorn_exception {
    UNICORN_EXCEPTION_SMC = 13,
};

/* False: this library is not the one that the rest was written for; reason says what differs. */
bool unicorn_private_check(char *reason, size_t size);

/* In UC_HOOK_INTR: the CPU takes the exception that it has met, as the architecture says. */
void unicorn_take_exception(uc_engine *uc);

/* The CPU's interrupt line. Any callback; a running CPU sees it after unicorn_interrupt(). */
void unicorn_irq_line(uc_engine *uc, bool active);

/* In UC_HOOK_BLOCK only, and only while PSTATE.I is clear: the line is looked at before this block's first
 * instruction. (While interrupts are masked the block would begin again and again.) */
void unicorn_interrupt(uc_engine *uc);

/* After uc_emu_start() has returned: the CPU stands behind a WFI. Forgets it. */
bool unicorn_waits(uc_engine *uc);

/* After PSTATE was written: what the translator knows of the exception level. */
void unicorn_level_changed(uc_engine *uc, unsigned level);

/* While the CPU does not run: what was translated from the first `size` bytes that were mapped, or what page tables said, is
 * looked at anew. */
void unicorn_forget_code(uc_engine *uc, uint64_t size);
void unicorn_forget_page_tables(uc_engine *uc);

/* One EL3 register says what is below: without these writes Unicorn has AArch32 there. Before the
 * first instruction. */
uc_err unicorn_set_up_el3(uc_engine *uc);
