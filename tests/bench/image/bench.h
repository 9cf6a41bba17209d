/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The image that measures itself (`./tools/bench boot`): the kernel on its board, with a GPIO chip and an
 * interlock that are made of software, and an addon that prints figures as lines
 * "bench NAME VALUE...". Under QEMU's icount time is instructions. */
#pragma once
#include <axiom/types.h>

#define BENCH_CHIP_NODE  "bench-gpio"
#define BENCH_COMPATIBLE "axiom,bench-gpio"
#define BENCH_INPUT      26u
#define BENCH_ACTUATOR   16u
#define BENCH_ACTUATORS  8u /* lines from BENCH_ACTUATOR on, all under the interlock */

/* gpio.c. An edge of the input, as if from the chip's interrupt handler. Interrupt context. */
void bench_edge(void);
/* When the chip's driver was last asked to move a line, and to make one safe. */
extern uint64_t bench_set_ns, bench_safe_ns;
