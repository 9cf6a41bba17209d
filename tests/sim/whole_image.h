/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The real kernel, drivers and models on the simulated Pi 5, driven by a made-up square wave. */
#pragma once
#include <sim/machine.h>

/* A digest of what the machine and the kernel put out, however many events it took. */
struct output_digest {
    struct event_sink sink;
    uint64_t all;     /* every event, with its number */
    uint64_t outputs; /* role OUTPUT without numbers and hashes of time: equal for all CPU counts */
    uint64_t output_count;
    uint64_t gpio_count;
};
void output_digest_init(struct output_digest *digest);

struct wave {
    uint32_t edges, next;
    uint64_t step_ns;
};

/* Fills a config for `edges` edges on two pins; false: no board file. The parts must live as long.
 */
bool whole_image_config(struct sim_config *config, struct wave *wave, uint32_t edges);
