#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Bags for ROS 2, judged by Foxglove's packages. Uses the judge's folder that npm_test.sh has made.
#
# usage: bag_test.sh SOURCE_FOLDER JUDGE_FOLDER BUILD_FOLDER
set -u
source=$1 judge=$2 build=$3
skip() { echo "skipped: $1"; exit 77; }
command -v node > /dev/null || skip "bags: node is not installed (Debian package nodejs)"
[[ -d $judge/node_modules ]] || skip "bags: npm's packages are not there (the test npm_mcap fetches them)"
axiom=$build/tools/axiom/axiom
work=$judge/bags
mkdir -p "$work" && cd "$work" || exit 1
rm -f ./*
root=$source/../..

# A run with pins, PWM, an IMU and a BPF program; a blackbox-like CSV; a candump log.
"$axiom" run --quiet "$root/examples/button_led/button.csv" --bind button=gpio/chip0/26 \
    --bpf "$build/examples/button_led.bpf.o" --record run.recording > /dev/null || exit 1
"$axiom" trace export run.recording run.mcap || exit 1
printf 'time_ns,imu.accel_x,imu.accel_y,imu.accel_z,imu.anglvel_x,imu.anglvel_y,imu.anglvel_z,motor 1,temp[degC],limit\n' > t.csv
printf '0,0,0,9.80665,0,0,0.5,1000.25,21.5,0\n1000000,0.1,0,9.80665,0,0,-0.5,1001,22.5,1\n' >> t.csv
sed -i '1s/imu\.accel_\(.\)/acc_\1[m\/s^2]/g; 1s/imu\.anglvel_\(.\)/gyro_\1[rad\/s]/g' t.csv
"$axiom" trace export t.csv csv.mcap || exit 1
printf '(1436509052.249713) can0 044#2A366C2BBA\n(1436509052.449847) can0 1F334455#1122\n(1436509052.649847) can0 12A##5112233\n' > c.log
"$axiom" trace export c.log can.mcap || exit 1
imu=$("$axiom" trace info t.csv | awk '$2 == "sensor" && /records/ { print $1; exit }')
cat > expected.json <<END
{ "run.mcap": {
    "/gpio/chip0/line26/level": { "type": "std_msgs/msg/Bool" },
    "/gpio/chip0/line26": { "type": "axiom_msgs/msg/GpioLevel" },
    "/bpf/run": { "type": "axiom_msgs/msg/BpfRun", "count": 8 },
    "/hash": { "type": "axiom_msgs/msg/StateHash" } },
  "csv.mcap": {
    "/$imu": { "type": "sensor_msgs/msg/Imu", "count": 2,
      "first": { "linear_acceleration.z": 9.80665, "angular_velocity.z": 0.5, "header.frame_id": "$imu" },
      "last": { "linear_acceleration.x": 0.1, "angular_velocity.z": -0.5 } },
    "/motor_1": { "type": "std_msgs/msg/Float64", "count": 2, "first": { "data": 1000.25 }, "last": { "data": 1001 } },
    "/limit": { "type": "std_msgs/msg/Bool", "count": 2, "first": { "data": false }, "last": { "data": true } } },
  "can.mcap": {
    "/can0": { "type": "can_msgs/msg/Frame", "count": 2,
      "first": { "id": 68, "dlc": 5, "is_extended": false, "data": [42, 54, 108, 43, 186, 0, 0, 0], "header.stamp.sec": 1436509052 },
      "last": { "id": 523453525, "dlc": 2, "is_extended": true } },
    "/can0/fd": { "type": "ros2_socketcan_msgs/msg/FdFrame", "count": 1, "first": { "id": 298, "len": 3, "data": [17, 34, 51] } } } }
END
cp "$source/bag.mjs" "$judge/" && node "$judge/bag.mjs" "$work"
