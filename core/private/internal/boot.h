/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the core's init functions need of the boot. */
#pragma once
#include <arch/entry.h>
#include <core/addon.h>
#include <core/interlock.h>

/* Of the boot under way; lives until kernel_main() returns. */
const struct boot_info *boot_info(void);

/* Rows of the init table in main.c; each sets up every static variable of its file. */
int log_init(void);
int mm_init(void);
void mm_exit(void);
int time_init(void);
void time_exit(void);
int irq_init(void);
void irq_exit(void);
int sched_init(void);
void sched_exit(void);
int work_init_system(void);
void work_exit_system(void);
int tree_init(void);
void tree_exit(void);
int device_init(void);
void device_exit(void);
int subsystems_init(void);
void subsystems_exit(void);
int smp_init(void);
void smp_exit(void);
int programs_init(void);
void programs_exit(void);

/* Tells the log of words on the command line that are in no table (option.c). */
void option_name_unknown(void);

/* What each step of the boot that worked left in use, for figures; NULL after the last. */
struct boot_step_pages {
    const char *step;
    uint64_t pages;
};
const struct boot_step_pages *boot_step_pages(uint32_t index);
