// What became of all records, by the window in whose time they came: worked out by hand from the meaning.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClickstreamConfig, type Row, testPipeline } from "../../src/testing/api.ts";

const CONFIG: ClickstreamConfig = {
  ...{ window: "2 minutes", slide: "1 minute", delay: "2 minutes" },
  dataQuality: true,
};
const at = (minute: number, second = 0): string =>
  new Date(Date.UTC(2026, 0, 1, 0, minute, second)).toISOString();
/** The test's clock: what the record's timestamps begin with. */
const NOW = { now: at(30) };
const said = (rows: Row[]): string[] =>
  rows.map(
    ({ window_start, fate, events, age_seconds }) =>
      `${window_start.slice(11, 16)} ${fate} ${events} ${age_seconds}`,
  );

test("a record belongs to the window that its partition had come to, whatever became of it", async () => {
  const app = testPipeline(CONFIG, NOW);
  await app.feed([
    "before any event: no window knows when",
    { timestamp: at(20) },
    "not JSON",
    { timestamp: at(21, 59) },
    { timestamp: at(22) }, // the first of the next window
    { timestamp: at(21, 30) }, // out of order: it came in the next window
    "not JSON",
    "nor this",
    { timestamp: at(26) },
    { timestamp: at(10) }, // late: no window of its own is open
    { timestamp: at(45) }, // of the future: it moves nothing
    { timestamp: at(26, 1), action: "buy" },
  ]);
  await app.finish();
  assert.deepEqual(said(await app.rows("arrivals")), [
    "00:20 counted 2 1081",
    "00:20 not_json 1 0",
    "00:22 counted 2 990",
    "00:22 not_json 2 0",
    "00:26 counted 1 240",
    "00:26 from_the_future 1 0",
    "00:26 late 1 1200",
    "00:26 unknown_action 1 0",
  ]);
  const { read } = await app.accounting();
  assert.equal(read, 12, "all but the first are in some window");
});

test("repeats are told apart, ages end at an hour and begin at nothing", async () => {
  const app = testPipeline({ ...CONFIG, dedupe: true }, NOW);
  const event = { event_id: "once", timestamp: at(30, 20) }; // ahead of its record's time
  await app.feed([{ timestamp: "2025-12-31T20:00:00Z" }, { ...event }, { ...event }]);
  await app.finish();
  assert.deepEqual(said(await app.rows("arrivals")), [
    "20:00 counted 1 3600",
    "00:30 counted 1 0",
    "00:30 duplicate 1 0",
  ]);
});

test("behind a floor what is no event belongs to the floor's window, killed or not", async () => {
  const rowsOf = async (kills: boolean): Promise<string[]> => {
    const app = testPipeline({ ...CONFIG, idleAfter: "10s", partitions: 2 }, NOW);
    await app.feed({ timestamp: at(20) }, { partition: 0 });
    await app.feed({ timestamp: at(28) }, { partition: 1 });
    await app.advance("30s"); // partition 0 is idle: windows close up to 00:26 without it
    for (let minute = 29; minute < 31; minute++) {
      await app.feed("not JSON", { partition: 0 });
      await app.feed({ timestamp: at(minute) }, { partition: 1 });
      await app.advance("2s");
      if (!kills) continue;
      await app.kill();
      await app.start();
    }
    await app.feed({ timestamp: at(30) }, { partition: 0 });
    await app.finish();
    return said(await app.rows("arrivals"));
  };
  const rows = await rowsOf(false);
  assert.deepEqual(await rowsOf(true), rows);
  assert.deepEqual(
    rows.filter((row) => row.includes("not_json")),
    ["00:26 not_json 2 0"],
  );
});
