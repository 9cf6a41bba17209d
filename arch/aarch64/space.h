/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Address spaces while the kernel boots: the tables that boot.S made, grown until the kernel's own
 * stand. */
#pragma once
#include <axiom/types.h>
#include <port/boot_tree.h>

#define PHYSICAL_END (UINT64_C(1) << 46) /* what the direct map has room for */

/* Where the image lies, the boot tables' root and their next free page; physical. */
void space_init(uint64_t image, uint64_t root, uint64_t next_page);
uint64_t space_image_phys(const void *at);
/* What lies behind the image until the boot is over: stack and tables. */
struct boot_memory space_extra(void);

/* Into the direct map; what of it is there already stays. -ENOMEM. */
int space_reach(uint64_t base, uint64_t size);
/* A page of device registers, under an address that lasts until space_replace(); NULL. */
void *space_device(uint64_t base);
/* Tables that map the boot code to itself, of pages from `map`: their root; 0: no memory. */
uint64_t space_idmap(struct memmap *map);
/* The kernel's tables take over. */
void space_replace(uint64_t root);
