/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The ros2msg text of every schema, as rosbag2 stores them: the message itself, then what it
 * depends on, each behind a line of 80 '=' and "MSG: package/Type".
 *
 * sensor_msgs, std_msgs, geometry_msgs, builtin_interfaces and rcl_interfaces are ROS 2's common
 * interfaces, whose fields and constants these are (docs.ros.org, common_interfaces 4.2).
 * axiom_msgs is ours; a field's order there is chosen so that alignment wastes nothing, and once
 * released it is never changed: tests hold the layouts. */
#include <traces/channels.h>

#define MSG(name)                                                                        \
    "================================================================================\n" \
    "MSG: " name "\n"

#define TIME                       \
    MSG("builtin_interfaces/Time") \
    "int32 sec\n"                  \
    "uint32 nanosec\n"

#define HEADER                        \
    MSG("std_msgs/Header")            \
    "builtin_interfaces/Time stamp\n" \
    "string frame_id\n" TIME

static const struct event_schema schema[EVENT_FORM_COUNT] = {
    [EVENT_FORM_GPIO] = { "axiom_msgs/msg/GpioLevel",
                          "# A line of a GPIO chip has changed.\n"
                          "uint64 bank_level  # all lines of its bank after the change\n"
                          "uint8 level        # of this line\n"
                          "uint8 driven       # 1: by this chip, 0: from outside\n" },
    [EVENT_FORM_PWM] = { "axiom_msgs/msg/PwmState", "# A PWM channel's waveform has changed.\n"
                                                    "uint64 period_ns\n"
                                                    "uint64 duty_ns\n"
                                                    "uint8 enabled\n"
                                                    "uint8 inverted\n" },
    [EVENT_FORM_I2C] = { "axiom_msgs/msg/I2cTransaction",
                         "# One transaction, START to STOP: written first, then read.\n"
                         "int16 error    # 0, or a negative errno\n"
                         "uint8 address  # 7 bit\n"
                         "uint8[] write_data\n"
                         "uint8[] read_data\n" },
    [EVENT_FORM_IIO_SCAN] = { "axiom_msgs/msg/IioScan",
                              "# One scan of an IIO device, or the quantities given to a sensor.\n"
                              "uint8 ACCEL_X=0\n"
                              "uint8 ACCEL_Y=1\n"
                              "uint8 ACCEL_Z=2\n"
                              "uint8 ANGL_VEL_X=3\n"
                              "uint8 ANGL_VEL_Y=4\n"
                              "uint8 ANGL_VEL_Z=5\n"
                              "uint8 TEMP=6\n"
                              "uint8 HUMIDITYRELATIVE=7\n"
                              "int64[] nano      # scaled, 1e-9 SI units (degree Celsius, ratio)\n"
                              "int32[] raw       # as read from the device\n"
                              "uint8[] quantity  # what each of them is\n"
                              "uint8 dropped     # bit i: a filter dropped channel i\n" },
    [EVENT_FORM_IMU] = { "sensor_msgs/msg/Imu",
                         "std_msgs/Header header\n"
                         "geometry_msgs/Quaternion orientation\n"
                         "float64[9] orientation_covariance\n"
                         "geometry_msgs/Vector3 angular_velocity\n"
                         "float64[9] angular_velocity_covariance\n"
                         "geometry_msgs/Vector3 linear_acceleration\n"
                         "float64[9] linear_acceleration_covariance\n" //
                         MSG("geometry_msgs/Quaternion")               //
                         "float64 x 0\n"
                         "float64 y 0\n"
                         "float64 z 0\n"
                         "float64 w 1\n" //
                         MSG("geometry_msgs/Vector3") "float64 x\n"
                                                      "float64 y\n"
                                                      "float64 z\n" HEADER },
    [EVENT_FORM_TEMPERATURE] = { "sensor_msgs/msg/Temperature", "std_msgs/Header header\n"
                                                                "float64 temperature\n"
                                                                "float64 variance\n" HEADER },
    [EVENT_FORM_HUMIDITY] = { "sensor_msgs/msg/RelativeHumidity", "std_msgs/Header header\n"
                                                                  "float64 relative_humidity\n"
                                                                  "float64 variance\n" HEADER },
    [EVENT_FORM_TIMER] = { "axiom_msgs/msg/TimerRun",
                           "# A timer ran.\n"
                           "uint64 scheduled_ns\n"
                           "int64 lateness_ns  # it ran so long after\n" },
    [EVENT_FORM_BPF_RUN] = { "axiom_msgs/msg/BpfRun",
                             "# One run of a BPF program.\n"
                             "uint64 context_digest  # of the context before the run\n"
                             "uint64 return_value\n"
                             "uint64 insn_count      # executed\n"
                             "uint64 duration_ns     # by the CPU model\n"
                             "int32 error            # 0, or why it ended early\n"
                             "string program\n"
                             "string attach_point\n" },
    [EVENT_FORM_BPF_MAP] = { "axiom_msgs/msg/BpfMapEntry",
                             "# One entry of a map at the end of the run.\n"
                             "uint8[] key\n"
                             "uint8[] value\n" },
    [EVENT_FORM_LOG] = { "rcl_interfaces/msg/Log", "byte DEBUG=10\n"
                                                   "byte INFO=20\n"
                                                   "byte WARN=30\n"
                                                   "byte ERROR=40\n"
                                                   "byte FATAL=50\n"
                                                   "builtin_interfaces/Time stamp\n"
                                                   "uint8 level\n"
                                                   "string name\n"
                                                   "string msg\n"
                                                   "string file\n"
                                                   "string function\n"
                                                   "uint32 line\n" TIME },
    [EVENT_FORM_INTERLOCK] = { "axiom_msgs/msg/Interlock",
                               "# The safety interlock.\n"
                               "uint8 STOP=0\n"
                               "uint8 REFUSED=1\n"
                               "uint8 REARM=2\n"
                               "uint8 action\n"
                               "string origin  # who asked\n"
                               "string target  # which actuator, or empty\n" },
    [EVENT_FORM_FAULT] = { "axiom_msgs/msg/Fault", "# A fault was injected.\n"
                                                   "uint64 parameter\n"
                                                   "string what\n"
                                                   "string target\n" },
    [EVENT_FORM_SCHED] = { "axiom_msgs/msg/SchedSwitch",
                           "# A CPU went from one thread to another.\n"
                           "uint8 cpu\n"
                           "string previous\n"
                           "string next\n" },
    [EVENT_FORM_HASH] = { "axiom_msgs/msg/StateHash", "# Of the whole machine's state.\n"
                                                      "uint64 hash\n" },
};

const struct event_schema *event_form_schema(uint8_t form)
{
    return &schema[form];
}
