// SPDX-License-Identifier: Apache-2.0 OR MIT
// Writes the bags beside it, with nothing of ours: the MCAP project's writer, Foxglove's CDR writer and compressors (npm
// @mcap/core 2.2.2, @foxglove/rosmsg 5.0.5, @foxglove/rosmsg2-serialization 2.0.4, wasm-zstd 1.0.1) and Debian's lz4.
// In the shape of rosbag2's: profile ros2, QoS in the channels' metadata, messages of UNIX time. node make.mjs FOLDER
import { parse } from "@foxglove/rosmsg";
import { MessageWriter } from "@foxglove/rosmsg2-serialization";
import zstd from "@foxglove/wasm-zstd";
import { McapWriter } from "@mcap/core";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";

const rule = "=".repeat(80) + "\n";
const header = rule + "MSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n" +
  rule + "MSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n";
const vector = rule + "MSG: geometry_msgs/Vector3\nfloat64 x\nfloat64 y\nfloat64 z\n";
const schemas = {
  "sensor_msgs/msg/Imu": "std_msgs/Header header\ngeometry_msgs/Quaternion orientation\nfloat64[9] orientation_covariance\n" +
    "geometry_msgs/Vector3 angular_velocity\nfloat64[9] angular_velocity_covariance\n" +
    "geometry_msgs/Vector3 linear_acceleration\nfloat64[9] linear_acceleration_covariance\n" +
    rule + "MSG: geometry_msgs/Quaternion\nfloat64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1\n" + vector + header,
  "std_msgs/msg/Float64": "float64 data\n",
  "geometry_msgs/msg/Twist": "geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular\n" + vector,
  "can_msgs/msg/Frame": "std_msgs/Header header\nuint32 id\nbool is_rtr\nbool is_extended\nbool is_error\nuint8 dlc\nuint8[8] data\n" + header,
};

async function write(path, compression, compress) {
  const fd = openSync(path, "w");
  let at = 0n;
  const writer = new McapWriter({
    writable: { position: () => at, write: async (b) => { writeSync(fd, b); at += BigInt(b.length); } },
    chunkSize: 16384,
    compressChunk: (data) => ({ compression, compressedData: compress(data) }),
  });
  await writer.start({ profile: "ros2", library: "npm @mcap/core" });
  await writer.addMetadata({ name: "rosbag2", metadata: new Map([["serialized_metadata", "version: 8\n"]]) });
  const topics = {};
  for (const [topic, type] of [["/imu/data", "sensor_msgs/msg/Imu"], ["/servo/pulse_us", "std_msgs/msg/Float64"],
    ["/cmd_vel", "geometry_msgs/msg/Twist"], ["/from_can", "can_msgs/msg/Frame"]]) {
    const schemaId = await writer.registerSchema({ name: type, encoding: "ros2msg", data: new TextEncoder().encode(schemas[type]) });
    const id = await writer.registerChannel({ topic, schemaId, messageEncoding: "cdr", metadata: new Map([["offered_qos_profiles",
      "- history: 1\n  depth: 10\n  reliability: 1\n  durability: 2\n"]]) });
    topics[topic] = { id, writer: new MessageWriter(parse(schemas[type], { ros2: true })), sequence: 0 };
  }
  const start = 1650000000123456789n;
  const zero = { x: 0, y: 0, z: 0 }, unknown = [-1, 0, 0, 0, 0, 0, 0, 0, 0], none = Array(9).fill(0);
  const send = async (topic, ns, message) => {
    const t = topics[topic], time = start + BigInt(ns);
    const stamp = { sec: Number(time / 1000000000n), nanosec: Number(time % 1000000000n) };
    stamp.nsec = stamp.nanosec;
    const data = t.writer.writeMessage({ header: { stamp, frame_id: "base" }, ...message });
    await writer.addMessage({ channelId: t.id, sequence: t.sequence++, logTime: time, publishTime: time - 1000n, data });
  };
  for (let i = 0; i < 500; i++) {
    const ns = i * 5000000 + (i * 7919) % 10007; // 200 Hz, not quite even
    await send("/imu/data", ns, {
      orientation: { ...zero, w: 1 }, orientation_covariance: unknown,
      // Multiples of what the LSM6DSO counts: 70 mdps in rad/s, 0.488 mg in m/s^2.
      angular_velocity: { x: (i - 250) * 0.07 * Math.PI / 180, y: 0.07 * Math.PI / 180, z: -i * 0.07 * Math.PI / 180 },
      angular_velocity_covariance: none,
      linear_acceleration: { x: i * 0.000488 * 9.80665, y: -0.000488 * 9.80665, z: (2048 + (i % 7)) * 0.000488 * 9.80665 },
      linear_acceleration_covariance: none,
    });
    if (i % 10 === 0) await send("/servo/pulse_us", ns + 1000, { data: 1000 + i });
    if (i % 50 === 0) await send("/cmd_vel", ns + 2000, { linear: zero, angular: zero });
    if (i % 100 === 0)
      await send("/from_can", ns + 3000, { id: 0x123 + i, is_rtr: false, is_extended: i > 200, is_error: false, dlc: 3,
        data: Uint8Array.from([i & 255, 2, 3, 0, 0, 0, 0, 0]) });
  }
  await writer.end();
  closeSync(fd);
}

await zstd.isLoaded;
await write(process.argv[2] + "/imu_zstd.mcap", "zstd", (b) => zstd.compress(b, 19));
await write(process.argv[2] + "/imu_lz4.mcap", "lz4", (b) => execFileSync("lz4", ["-9", "-c"], { input: b }));
