/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What each real port gives the files of arch/common, and what image flavours are.
 *
 * To add a port: write these functions, the bodies in include/arch_impl/, kernel.lds and the entry
 * code; docs/PORTING.md has the order. */
#pragma once
#include <arch/entry.h>
#include <arch/mmu.h>
#include <axiom/types.h>
#include <port/memmap.h>

/* Translations of [at, at + size) of the kernel's space are forgotten on every CPU when it returns.
 * Interrupts masked; may be called by several CPUs at once. */
void port_tlb_flush(uint64_t at, uint64_t size);
/* All translations of the calling CPU for user addresses. */
void port_tlb_flush_user(void);
/* Instruction fetches of all CPUs see what was written there. */
void port_icache_sync(const void *at, size_t size);

/* The registers at the last trap of this CPU, if it was one that ends in a panic: printed, and where
 * it was (pc, frame pointer). False: none. */
bool port_trap_print(uint64_t *pc, uint64_t *fp);
/* Stops the other CPUs for good; each prints its backtrace on the way (port_stopped()). */
void port_stop_others(void);
/* The calling CPU waits for ever with interrupts masked. */
_Noreturn void port_halt(void);

/* An image on the simulated machine: the machine's interrupt line is active, so the calling CPU takes
 * an interrupt, now or when it unmasks; it leads to machine_interrupt(). */
void port_line_raise(void);

/* How an image ends. */
enum port_exit {
    PORT_EXIT_OFF,    /* 0: kernel_main() returned 0 */
    PORT_EXIT_FAILED, /* kernel_main() returned an error, or tests failed */
    PORT_EXIT_PANIC,
    PORT_EXIT_REBOOT,
};
/* Where a test bench listens (a command line with `exit=debug`), it is told how. */
_Noreturn void port_exit(enum port_exit how);

/* image_*.c, one in each image: runs the kernel on the board, or the simulated machine around it.
 * What a flavour needs for itself it takes out of *map. Returns what kernel_main() did. Interrupts masked, on the boot stack. */
int image_run(struct boot_info *info, struct memmap *map);
/* machine/port.c: what port_line_raise() leads to. Interrupts masked. */
void machine_interrupt(void);
/* The name that the first line on the console has. */
extern const char image_name[];
