import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLog, firstOffsetRead } from "../../../src/app/verification/check-log.ts";
import type { Manifest, PartitionManifest } from "../../../src/sinks/manifest.ts";
import { SMALL_RULES } from "../../simulation/event-values.ts";
import { finishedManifest } from "../../simulation/expected-output.ts";
import { SMALL_WINDOWS } from "../../simulation/random-log.ts";

const EMPTY = finishedManifest({
  windows: SMALL_WINDOWS,
  rules: SMALL_RULES,
  partitionCount: 2,
  records: [],
  endOffsets: [0, 0],
});
const ID = EMPTY.topic.id;

/** Both partitions were read from 10 to 20. */
function manifest(change: Partial<PartitionManifest> = {}): Manifest {
  const partitions = EMPTY.partitions.map((partition) => ({ ...partition, startOffset: 10, position: 20 }));
  return {
    ...EMPTY,
    partitions: partitions.map((partition, index) => (index === 1 ? { ...partition, ...change } : partition)),
  };
}

/** What the topic holds: partition 0 all of it, partition 1 as given. */
const extent = (from: number, to: number, topicId = ID) => ({
  topicId,
  earliest: new Map([
    [0, 0],
    [1, from],
  ]),
  ends: new Map([
    [0, 50],
    [1, to],
  ]),
});

test("a topic that holds all that was read, or more, passes", () => {
  checkLog(manifest(), extent(10, 20));
  checkLog(manifest(), extent(0, 90));
});

test("a topic of the same name but another id is refused", () => {
  assert.throws(() => checkLog(manifest(), extent(10, 20, "another")), {
    code: "TOPIC_CHANGED",
    message: /another/,
  });
});

test("records that retention dropped are named by partition and offsets", () => {
  assert.throws(() => checkLog(manifest(), extent(11, 20)), {
    code: "LOG_TRUNCATED",
    message: /partition 1 the offsets 10 to 19 are needed, and there are 11 to 19\.$/,
  });
  assert.throws(() => checkLog(manifest(), extent(10, 19)), { code: "LOG_TRUNCATED" });
});

test("a partition that the topic has no more is refused", () => {
  const held = { topicId: ID, earliest: new Map([[0, 0]]), ends: new Map([[0, 50]]) };
  assert.throws(() => checkLog(manifest(), held), { code: "LOG_TRUNCATED", message: /no partition 1/ });
});

test("a partition of which nothing was read needs nothing", () => {
  checkLog(manifest({ position: 10 }), extent(700, 700));
});

test("what was lost before the first record is not needed, what was lost later does not excuse", () => {
  checkLog(manifest({ lost: [{ from: 10, to: 15 }] }), extent(15, 20));
  assert.equal(
    firstOffsetRead({
      ...manifest().partitions[1]!,
      lost: [
        { from: 10, to: 15 },
        { from: 15, to: 17 },
      ],
    }),
    17,
  );
  const later = manifest({ lost: [{ from: 12, to: 15 }] });
  assert.throws(() => checkLog(later, extent(15, 20)), { code: "LOG_TRUNCATED" });
});
