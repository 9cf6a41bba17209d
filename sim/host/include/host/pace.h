/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Ties virtual time to the wall clock, for people who watch. Outside of the deterministic path: it
 * only ever sleeps. */
#pragma once
#include <axiom/types.h>

struct host_pace {
    uint64_t speed_milli; /* virtual time per real time in thousandths: 1000 is real time */
    uint64_t start_virtual_ns, start_real_ns;
    bool started;
};
void host_pace_init(struct host_pace *pace, uint64_t speed_milli);
/* As sim_config.pace, with a struct host_pace as context. */
void host_pace(void *context, uint64_t now_ns);
