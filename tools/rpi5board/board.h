/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The simulated Raspberry Pi 5: the port of the simulated machine (sim/port.h) whose CPUs are Unicorn's
 * and whose kernel is an image on an SD card. */
#pragma once
#include "sdcard.h"

#define BOARD_WINDOW_MAX 2u

/* What the next sim_run() boots; the card stays the caller's. memory: bytes of RAM. */
void board_insert(const struct sdcard *card, uint64_t memory);

/* The run ends with -EDEADLK when for so many instructions no CPU has touched a device or waited. */
void board_watchdog(uint64_t instructions);

/* Called when the run is over and what is in RAM is still there; look: NULL for nobody. */
void board_look_into_ram(void (*look)(void *context, const uint8_t *ram, uint64_t size),
                         void *context);

/* How the last run ended: the board was switched off (PSCI SYSTEM_OFF), or wants to boot again. */
enum board_end {
    BOARD_END_POWER, /* cut: the run's time was over, or it failed */
    BOARD_END_OFF,
    BOARD_END_RESET,
};
enum board_end board_ended(void);

/* Instructions of all CPUs in the last run. */
uint64_t board_instructions(void);

/* --- of the CPUs --- */

/* A device was touched, or a CPU waits. */
void board_progress(void);

/* An SMC with x0 to x3; what it returns in x0. */
int64_t board_firmware_call(uint32_t cpu, const uint64_t x[4]);
/* Cache and TLB maintenance of CPU `by` reaches the others: of code, or else of page tables. */
void board_forget(uint32_t by, bool code);
/* An access that no model answers; told once for each page. */
void board_no_device(uint64_t address, bool write);
