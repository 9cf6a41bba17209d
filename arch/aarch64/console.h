/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which UART is the console. */
#pragma once
#include <axiom/types.h>

/* The tree's, if it names one that this kernel knows; the boot tables map it. */
void console_from_tree(const void *fdt);
/* There is no tree to ask: UARTs of known boards, if one answers. */
void console_search(void);
/* The kernel's tables stand: under an address of theirs. */
void console_move(void);
