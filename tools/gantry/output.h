/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The trace file: MCAP with ROS 2's standard messages, as a robot's own logger would write it.
 * Topics are /step_x and so on (std_msgs/msg/Bool), /imu (sensor_msgs/msg/Imu), /temperature
 * (sensor_msgs/msg/Temperature). */
#pragma once
#include "sensors.h"

struct output;

/* Reason on stderr when it fails. */
int output_create(const char *path, const struct plan *plan, struct output **out);
int output_level(struct output *out, enum line line, uint64_t time_ns, uint8_t level);
int output_imu(struct output *out, const struct imu_sample *sample);
int output_temperature(struct output *out, uint64_t time_ns, int64_t nano);
int output_close(struct output *out);
