/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include <port/boot_tree.h>

/* Which CPUs there are; the one that runs, `hart`, is number 0. */
void smp_prepare(const struct boot_tree *tree, uint64_t hart);
/* The kernel's tables, which every CPU uses. */
void smp_tables_set(uint64_t satp);

/* The harts of the mask's CPUs (indices), as SBI wants them: calls `what` once or more. */
void smp_each_group(uint32_t cpus, void (*what)(uint64_t mask, uint64_t base, void *context),
                    void *context);
/* CPUs that run, without the calling one. */
uint32_t smp_others(void);
