/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What user.c needs of the page table. */
#pragma once
#include <axiom/types.h>

struct arch_page_table;

/* Where the byte at `address` is for the kernel, if the page grants all of `need`; NULL: an access
 * would fault. Valid to the end of the page. */
char *page_table_access(struct arch_page_table *table, uint64_t address, uint32_t need);
