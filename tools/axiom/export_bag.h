/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A recording, or any trace, as a bag of ROS 2 (rosbag2_storage_mcap): profile "ros2", messages in cdr with
 * ros2msg schemas, channels with offered_qos_profiles, names that ROS 2 allows, a "rosbag2" metadata
 * record; and where a message of ours says what a standard one says too, the standard one beside it:
 * levels as std_msgs/Bool, PWM as std_msgs/Float64 (duty, 0 to 1), sensors as sensor_msgs, CAN frames as
 * can_msgs/Frame or ros2_socketcan_msgs/FdFrame. */
#pragma once
#include <traces/source.h>

/* An exit code; what was wrong has been said. */
int export_bag(const char *from, const char *to, const struct trace_options *words);
