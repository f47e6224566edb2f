import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  checkFit,
  checkpointsOf,
  readState,
  type SparkState,
  writeState,
} from "../../../src/engines/spark/spark-state.ts";
import { DEFAULT_EVENT_RULES } from "../../../src/events/event.ts";
import { DEFAULT_WINDOWS } from "../../../src/queries/plan.ts";
import { count, query } from "../../../src/queries/query.ts";

const URLS = query("urls", { by: ["url"], measures: { events: count() } });
const USERS = query("users", { by: ["user_id"], measures: { events: count() } });
const STATE: SparkState = {
  format: 2,
  ownership: {
    topic: { name: "clicks", id: "a" },
    queries: [URLS, USERS],
    windows: DEFAULT_WINDOWS,
    rules: DEFAULT_EVENT_RULES,
  },
  fixed: { shufflePartitions: 2, stateStore: "rocksdb" },
  startOffsets: { 0: 5 },
  sessionId: "s",
  submitted: null,
  totals: {},
};

test("a state is read as it was written; none is none; a damaged one is named", (t) => {
  const output = mkdtempSync(join(tmpdir(), "clickstream-state-"));
  t.after(() => rmSync(output, { recursive: true }));
  assert.equal(readState(output), undefined);
  writeState(output, STATE);
  const read = readState(output);
  assert.deepEqual(read, JSON.parse(JSON.stringify(STATE)));
  checkFit(read!, STATE.ownership, {});
  checkFit(read!, STATE.ownership, STATE.fixed);
  writeFileSync(join(checkpointsOf(output), "spark.json"), "{");
  assert.throws(() => readState(output), { code: "STATE_UNREADABLE" });
  writeState(output, { ...STATE, format: 3 } as unknown as SparkState);
  assert.throws(() => readState(output), { code: "STATE_FORMAT", message: /format 3; .* up to 2/ });
});

test("a query that changed, came or went is named, with what to do", () => {
  const changed = query("users", { by: ["user_id", "url"], measures: { events: count() } });
  for (const [queries, message] of [
    [[URLS, changed], /users was changed/],
    [[URLS], /users is missing/],
    [[URLS, USERS, query("new", { by: [], measures: { events: count() } })], /new is new/],
  ] as const) {
    assert.throws(() => checkFit(STATE, { ...STATE.ownership, queries }, {}), {
      code: "QUERY_CHANGED",
      message,
      nextStep: /--output.*--fresh/,
    });
  }
});

test("another topic, other windows and what Spark fixes are refused by name", () => {
  const { ownership } = STATE;
  const topic = { name: "clicks", id: "b" };
  assert.throws(() => checkFit(STATE, { ...ownership, topic }, {}), { code: "TOPIC_CHANGED" });
  const windows = { ...DEFAULT_WINDOWS, sizeMs: 600_000 };
  assert.throws(() => checkFit(STATE, { ...ownership, windows }, {}), { code: "SETTINGS_CHANGED" });
  assert.throws(() => checkFit(STATE, ownership, { shufflePartitions: 4 }), {
    code: "SETTINGS_CHANGED",
    message: /--shuffle-partitions 2/,
  });
  assert.throws(() => checkFit(STATE, ownership, { stateStore: "hdfs" }), {
    message: /--state-store rocksdb/,
  });
});
