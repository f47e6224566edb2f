import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodePorts } from "../../src/local/kafka-folder.ts";
import { DEFAULT_LIMITS, serverProperties } from "../../src/local/server-properties.ts";

function settingsOf(count: number, limits = DEFAULT_LIMITS): Map<string, string> {
  const nodes: NodePorts[] = Array.from({ length: count }, (_, index) => ({
    nodeId: index + 1,
    port: 9092 + index,
    controllerPort: 19_092 + index,
  }));
  const lines = serverProperties(nodes[0]!, nodes, limits).trimEnd().split("\n");
  return new Map(lines.map((line) => line.split("=") as [string, string]));
}

test("copies and in-sync copies by the number of nodes", () => {
  for (const [count, copies, inSync] of [
    [1, "1", "1"],
    [2, "2", "1"],
    [3, "3", "2"],
    [5, "3", "2"],
  ] as const) {
    const settings = settingsOf(count);
    for (const topic of ["offsets.topic", "transaction.state.log", "share.coordinator.state.topic"]) {
      assert.equal(settings.get(`${topic}.replication.factor`), copies);
    }
    assert.equal(settings.get("default.replication.factor"), copies);
    assert.equal(settings.get("min.insync.replicas"), inSync);
    assert.equal(settings.get("transaction.state.log.min.isr"), inSync);
  }
});

test("every address is 127.0.0.1", () => {
  const settings = settingsOf(3);
  assert.equal(settings.get("listeners"), "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:19092");
  assert.equal(settings.get("advertised.listeners"), "PLAINTEXT://127.0.0.1:9092");
  assert.equal(
    settings.get("controller.quorum.voters"),
    "1@127.0.0.1:19092,2@127.0.0.1:19093,3@127.0.0.1:19094",
  );
});

test("the disk bound is kept by segments that are a part of it", () => {
  const retentionBytesPerPartition = 100 * 1024 ** 2;
  const settings = settingsOf(1, { ...DEFAULT_LIMITS, retentionBytesPerPartition, retentionHours: 24 });
  assert.equal(settings.get("log.retention.bytes"), String(retentionBytesPerPartition));
  assert.equal(settings.get("log.segment.bytes"), String(retentionBytesPerPartition / 4));
  assert.equal(settings.get("log.retention.hours"), "24");
  assert.equal(settingsOf(1).get("log.segment.bytes"), String(256 * 1024 ** 2));
});
