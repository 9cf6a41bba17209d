/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a program that watches the trace must find, computed from the physics: words and numbers,
 * one fact a line. */
#pragma once
#include "sensors.h"

#include <stdio.h>

/* What the sensors' samples added up to while they were made. */
struct tally {
    uint64_t imu_count, imu_over;
    uint64_t temperature_count;
    bool hot;
    uint32_t crossing_count;
    struct {
        uint64_t time_ns; /* of the first sample on the other side */
        bool rises;
    } crossing[32];
};

void tally_imu(struct tally *tally, const struct imu_sample *sample);
void tally_temperature(struct tally *tally, uint64_t time_ns, bool hot);

void oracle_write(FILE *file, const struct plan *plan, const struct path *path,
                  const struct tally *tally);
