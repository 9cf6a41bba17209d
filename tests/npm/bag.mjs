// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads bags that `axiom trace export FILE OUT.mcap` wrote as a ROS 2 tool would: every payload decoded by the schema in the
// file with Foxglove's ros2msg parser and CDR reader. bag.mjs FOLDER; FOLDER/expected.json says what must be in them.
import { parse } from "@foxglove/rosmsg";
import { MessageReader } from "@foxglove/rosmsg2-serialization";
import { McapIndexedReader } from "@mcap/core";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
// Of a ROS 2 topic (design.ros2.org): tokens of letters, digits and underscores that begin with no digit.
const topicName = /^(\/[A-Za-z_][A-Za-z0-9_]*)+$/;

async function read(path) {
  const bytes = readFileSync(path);
  const readable = {
    size: async () => BigInt(bytes.length),
    read: async (offset, size) => bytes.subarray(Number(offset), Number(offset + size)),
  };
  const reader = await McapIndexedReader.Initialize({ readable });
  assert.equal(reader.header.profile, "ros2");
  const metadata = [];
  for await (const record of reader.readMetadata()) metadata.push(record.name);
  assert.deepEqual(metadata, ["rosbag2"]);
  for (const channel of reader.channelsById.values()) {
    assert.match(channel.topic, topicName);
    assert.equal(channel.messageEncoding, "cdr");
    assert.match(channel.metadata.get("offered_qos_profiles"), /reliability/);
    assert.match(reader.schemasById.get(channel.schemaId).name, /^[a-z0-9_]+\/msg\/[A-Za-z0-9]+$/);
  }
  const readers = new Map(), found = {};
  for await (const message of reader.readMessages({ validateCrcs: true })) {
    const channel = reader.channelsById.get(message.channelId);
    const schema = reader.schemasById.get(channel.schemaId);
    if (!readers.has(schema.id))
      readers.set(schema.id, new MessageReader(parse(new TextDecoder().decode(schema.data), { ros2: true })));
    const value = readers.get(schema.id).readMessage(message.data);
    (found[channel.topic] ??= { type: schema.name, values: [], times: [] }).values.push(value);
    found[channel.topic].times.push(message.logTime);
  }
  return found;
}

const pick = (value, path) => path.split(".").reduce((at, name) => at[name], value);
for (const [name, topics] of Object.entries(JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")))) {
  const found = await read(join(folder, name));
  let messages = 0;
  for (const topic of Object.values(found)) messages += topic.values.length;
  for (const [topic, expected] of Object.entries(topics)) {
    assert.ok(found[topic], `${name}: no topic ${topic}; it has ${Object.keys(found)}`);
    assert.equal(found[topic].type, expected.type, `${name} ${topic}`);
    if (expected.count !== undefined) assert.equal(found[topic].values.length, expected.count, `${name} ${topic}`);
    for (const [path, value] of Object.entries(expected.first ?? {}))
      assert.deepEqual(plain(pick(found[topic].values[0], path)), value, `${name} ${topic} ${path}`);
    for (const [path, value] of Object.entries(expected.last ?? {}))
      assert.deepEqual(plain(pick(found[topic].values.at(-1), path)), value, `${name} ${topic} ${path}`);
  }
  console.log(`${name}: ${messages} messages of ${Object.keys(found).length} topics decoded`);
}

function plain(value) {
  if (typeof value === "bigint") return Number(value);
  return ArrayBuffer.isView(value) ? [...value] : value;
}
