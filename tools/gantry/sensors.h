/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the IMU on the head and the sensor on the motor measure.
 *
 * Where an oracle counts samples on one side of a threshold, no sample lies within a band around
 * it, so that a sensor's rounding to its LSB cannot move one across. */
#pragma once
#include "lines.h"
#include <axiom/event.h>

#define IMU_RATE_MILLIHERTZ        208728u /* nominally 208 Hz; the IMU's own clock is 0.35% fast */
#define VIBRATION_THRESHOLD_NANO   INT64_C(2500000000) /* of |accel_z - g| */
#define VIBRATION_BAND_NANO        INT64_C(40000000)
#define GRAVITY_NANO               INT64_C(9806650000)
#define TEMPERATURE_PERIOD_NS      UINT64_C(100000000)
#define TEMPERATURE_THRESHOLD_NANO INT64_C(45000000000)
#define TEMPERATURE_BAND_NANO      INT64_C(80000000)

struct imu_sample {
    uint64_t time_ns;
    int64_t nano[6]; /* accel_x, y, z, anglvel_x, y, z */
    bool over;       /* the vibration threshold */
};

struct imu {
    const struct path *path;
    struct fixed_random random;
    uint64_t index;
    uint64_t shock_ns;    /* the latest blow: a switch closed; TIME_NEVER: none yet */
    uint64_t blow_ns[64]; /* all blows to come, in time order */
    uint32_t blow_count, blow_next;
};

void imu_init(struct imu *imu, const struct path *path, uint64_t seed);
/* Time of the next sample. */
uint64_t imu_next_ns(const struct imu *imu);
void imu_take(struct imu *imu, struct imu_sample *sample);

struct temperature {
    const struct path *path;
    struct fixed_random random;
    uint64_t index;
    uint64_t model_ms;  /* how far the model has been stepped */
    int64_t motor_nano; /* degree Celsius */
};

void temperature_init(struct temperature *temperature, const struct path *path, uint64_t seed);
uint64_t temperature_next_ns(const struct temperature *temperature);
/* *hot: the motor itself is at or above the threshold, and so is the sample. */
int64_t temperature_take(struct temperature *temperature, bool *hot);
