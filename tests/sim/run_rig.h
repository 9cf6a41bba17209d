/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Runs of the fake image with inputs from an array, and what its kernel saw of them. */
#pragma once
#include "fake_image.h"

#include <tests/check_main.h>

#define MS 1000000u

struct script {
    const struct sim_input *inputs;
    uint32_t count, next;
    int end; /* what comes after the last */
};

/* Its inputs, for targets gpio/chip0/17, gpio/chip0/18 and iio/imu0, with this sink as the only one. */
struct sim_config config_with(struct script *script, struct fake_sink *sink,
                              struct event_sink **sinks);
struct sim_input line(uint64_t time_ns, uint32_t target, bool level);

/* A kernel that waits, and writes down what each interrupt brought. */
void idle_kernel(void);
/* Its parts: its main function, its interrupts' handler. */
int idle_main(const struct boot_info *info);
void see_irq(void);
#define SEEN_MAX 1024
extern struct seen {
    uint64_t time_ns, changed, level, value;
} seen[SEEN_MAX];
extern uint32_t seen_count;
extern uint64_t level_at_boot;
