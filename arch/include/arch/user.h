/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* User space: entering it, and copying from and to it, whatever the pointers say. */
#pragma once
#include <arch/mmu.h>
#include <axiom/types.h>

struct arch_user_regs; /* the port defines it */

enum user_exit {
    USER_EXIT_SYSCALL,
    USER_EXIT_FAULT,
    USER_EXIT_INTERRUPT,
};

/* Runs user code with `regs` in `table` until it leaves user mode; how it left is in *out. -ENOSYS
 * on a port that cannot yet. Process context. */
int arch_user_enter(struct arch_user_regs *regs, struct arch_page_table *table,
                    enum user_exit *out);

/* Copies through the page table of the calling process; survives any fault. 0 or -EFAULT with the
 * count that was copied before the fault in *done. The kernel side must be valid. Process context.
 */
int arch_copy_from_user(struct arch_page_table *table, void *to, struct virt_addr from, size_t size,
                        size_t *done);
int arch_copy_to_user(struct arch_page_table *table, struct virt_addr to, const void *from,
                      size_t size, size_t *done);
