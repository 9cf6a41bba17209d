// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads FOLDER/*.mcap with the MCAP project's streaming and indexed readers, holds each message against FOLDER/*.txt, and
// decodes every payload with Foxglove's parser of ros2msg texts and CDR. Exit code 0 if all agrees.
import { parse } from "@foxglove/rosmsg";
import { MessageReader } from "@foxglove/rosmsg2-serialization";
import { McapIndexedReader, McapStreamReader } from "@mcap/core";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];

const line = (topic, m) =>
  `${topic} ${m.logTime} ${m.publishTime} ${m.sequence} ${Buffer.from(m.data).toString("hex")}`;

function readStream(bytes) {
  const reader = new McapStreamReader({ validateCrcs: true });
  const channels = new Map();
  const found = { lines: [], schemas: new Map(), messages: [], records: {} };
  // In pieces, as a network would give them.
  for (let at = 0; at < bytes.length; at += 10007) {
    reader.append(bytes.subarray(at, at + 10007));
    for (let record; (record = reader.nextRecord()); ) {
      found.records[record.type] = (found.records[record.type] ?? 0) + 1;
      if (record.type === "Schema") found.schemas.set(record.id, record);
      if (record.type === "Channel") channels.set(record.id, record);
      if (record.type === "Message") {
        const channel = channels.get(record.channelId);
        found.lines.push(line(channel.topic, record));
        found.messages.push({ channel, message: record });
      }
    }
  }
  assert.ok(reader.done(), "the stream reader wants more bytes");
  return found;
}

async function readIndexed(bytes) {
  const readable = {
    size: async () => BigInt(bytes.length),
    read: async (offset, size) => bytes.subarray(Number(offset), Number(offset + size)),
  };
  const reader = await McapIndexedReader.Initialize({ readable });
  const lines = [];
  for await (const message of reader.readMessages({ validateCrcs: true })) {
    lines.push(line(reader.channelsById.get(message.channelId).topic, message));
  }
  const attachments = [], metadata = [];
  for await (const attachment of reader.readAttachments({ validateCrcs: true })) attachments.push(attachment);
  for await (const record of reader.readMetadata()) metadata.push(record);
  return { reader, lines, attachments, metadata };
}

function decodeAll(found) {
  const readers = new Map();
  return found.messages.map(({ channel, message }) => {
    assert.equal(channel.messageEncoding, "cdr");
    const schema = found.schemas.get(channel.schemaId);
    assert.equal(schema.encoding, "ros2msg");
    if (!readers.has(schema.id)) {
      const text = new TextDecoder().decode(schema.data);
      readers.set(schema.id, new MessageReader(parse(text, { ros2: true })));
    }
    return { topic: channel.topic, schema: schema.name, value: readers.get(schema.id).readMessage(message.data) };
  });
}

// What a person would see of the events in mcap_files.c.
function checkKinds(decoded) {
  const of = (topic) => {
    const found = decoded.find((d) => d.topic === topic);
    assert.ok(found, `no message on ${topic}`);
    return found.value;
  };
  assert.equal(of("/gpio/chip0/17").level, 1);
  assert.equal(of("/gpio/chip0/17").bank_level, 0x20000n);
  assert.equal(of("/kernel/gpio/chip0/17").driven, 0);
  assert.equal(of("/pwm/chip0/2").duty_ns, 1500000n);
  assert.equal(of("/i2c/1").error, -6);
  assert.deepEqual([...of("/i2c/1").read_data], [0x24, 0, 0xff]);
  const imu = of("/sensor/imu0");
  assert.equal(imu.header.frame_id, "imu0");
  assert.deepEqual(imu.header.stamp, { sec: 0, nsec: 4999750, ...("nanosec" in imu.header.stamp ? { nanosec: 4999750 } : {}) });
  assert.equal(imu.linear_acceleration.z, 9.80665);
  assert.equal(imu.linear_acceleration.y, -1.5);
  assert.equal(imu.angular_velocity.z, 3e-9);
  assert.equal(imu.orientation_covariance[0], -1);
  assert.equal(imu.linear_acceleration_covariance[8], 0);
  assert.equal(of("/iio/sht31/temperature").temperature, 21.5);
  assert.equal(of("/iio/sht31/relative_humidity").relative_humidity, 0.457);
  assert.deepEqual([...of("/iio/sht31/raw").raw], [26000, 30000]);
  assert.deepEqual([...of("/iio/sht31/raw").nano], [21500000000n, 457000000n]);
  assert.equal(of("/timer/0").scheduled_ns, 1000n);
  assert.equal(of("/bpf/run").return_value, 0xffffffffffffffffn);
  assert.equal(of("/bpf/run").attach_point, "gpio/chip0/line17/rising");
  assert.equal(of("/bpf/run").error, -13);
  assert.deepEqual([...of("/bpf/map/state").key], [0x24, 0, 0xff]);
  assert.equal(of("/bpf/print").msg, "x=1");
  assert.equal(of("/bpf/print").level, 20);
  assert.equal(of("/log").msg, "hello");
  assert.equal(of("/log").level, 30);
  assert.equal(of("/interlock").target, "gpio/chip0/27");
  assert.equal(of("/fault").what, "nack");
  assert.equal(of("/sched/switch").next, "main");
  assert.equal(of("/hash").hash, 0xfeedfacecafebeefn);
}

for (const name of readdirSync(folder).filter((n) => n.endsWith(".mcap")).sort()) {
  const bytes = readFileSync(join(folder, name));
  const expected = readFileSync(join(folder, name.replace(/mcap$/, "txt")), "utf8").split("\n").slice(0, -1);
  const stream = readStream(bytes);
  const indexed = await readIndexed(bytes);
  const statistics = indexed.reader.statistics;
  assert.deepEqual(stream.lines, expected, `${name}: stream reader`);
  assert.deepEqual(indexed.lines, expected, `${name}: indexed reader`);
  assert.equal(statistics.messageCount, BigInt(expected.length));
  assert.equal(statistics.chunkCount, indexed.reader.chunkIndexes.length);
  const counts = [...statistics.channelMessageCounts.values()].reduce((a, b) => a + b, 0n);
  assert.equal(counts, statistics.messageCount);
  const end = indexed.metadata.find((m) => m.name === "axiom.end").metadata;
  assert.equal(end.get("reason"), name === "full.mcap" ? "disk full" : "complete");
  const decoded = decodeAll(stream);
  if (name === "kinds.mcap") {
    checkKinds(decoded);
    assert.equal(indexed.attachments.length, 1);
    assert.equal(new TextDecoder().decode(indexed.attachments[0].data), "line 17 low\n");
    const bindings = indexed.metadata.find((m) => m.name === "axiom.bindings").metadata;
    assert.equal(bindings.get("X step"), "gpio/chip0/17");
  }
  console.log(`${name}: ${expected.length} messages, ${statistics.chunkCount} chunks, read twice and decoded`);
}
