import assert from "node:assert/strict";
import { test } from "node:test";
import { count, countDistinct, query } from "../../src/app/api.ts";
import { type ClickstreamConfig, type Row, type TestPipeline, testPipeline } from "../../src/testing/api.ts";

const PAGES = query("pages", {
  by: ["url"],
  measures: { events: count(), users: countDistinct("user_id") },
});
const CONFIG: ClickstreamConfig = {
  window: "5 minutes",
  slide: "1 minute",
  delay: "2 minutes",
  queries: [PAGES],
  standardQueries: false,
};

const at = (minute: number, second = 0): string =>
  new Date(Date.UTC(2026, 0, 1, 0, minute, second)).toISOString();
const shown = (rows: Row[]): string[] =>
  rows.map(
    ({ window_start, url, events, users }) => `${window_start.slice(11, 16)} ${url} ${events} ${users}`,
  );

test("events count in the windows that hold them, which close when the watermark has passed", async () => {
  const app = testPipeline(CONFIG);
  await app.feed([
    { url: "/a", user_id: "ann" },
    { url: "/a", user_id: "bob" },
    { url: "/b", user_id: "ann" },
  ]);
  await app.advance("1 minute");
  assert.deepEqual(await app.rows("pages"), []);
  await app.advance("2 minutes");
  await app.feed({ url: "/later" }); // at 00:03, so the watermark is at 00:01
  await app.advance("1s");
  assert.deepEqual(shown(await app.rows("pages")), ["23:56 /a 2 2", "23:56 /b 1 1"]);
  assert.deepEqual(await app.closedThrough(), new Date(at(1)));
  const [first] = await app.rows("pages");
  assert.deepEqual(first, {
    window_start: "2025-12-31T23:56:00.000Z",
    window_end: "2026-01-01T00:01:00.000Z",
    url: "/a",
    events: 2,
    users: 2,
  });
});

test("calls take effect in their order, awaited or not", async () => {
  const app = testPipeline(CONFIG);
  app.feed({ url: "/first" });
  app.advance("3 minutes");
  app.feed({ url: "/second" });
  app.restart();
  app.advance("1s");
  assert.deepEqual(shown(await app.rows("pages")), ["23:56 /first 1 1"]);
  assert.deepEqual(await app.now(), new Date(at(3, 1)));
});

test("stops, starts and kills change no row", async () => {
  const story = async (between: (app: TestPipeline) => void): Promise<unknown[]> => {
    const app = testPipeline(CONFIG);
    for (let minute = 0; minute < 12; minute++) {
      app.feed([
        { url: `/${minute % 3}`, user_id: `user-${minute % 5}` },
        { url: "/late", timestamp: at(minute - 9) },
        { url: "", user_id: "broken" },
      ]);
      app.advance("500ms");
      between(app);
      app.advance("59s");
      app.advance("500ms");
    }
    app.finish();
    return [await app.rows("pages"), await app.accounting(), await app.deadLetters()];
  };
  const plain = await story(() => {});
  const [rows, accounting] = plain as [Row[], { read: number; late: number }];
  assert(rows.length > 30);
  assert.equal(accounting.read, 36);
  assert(accounting.late > 0);
  assert.deepEqual(await story((app) => app.restart()), plain);
  const killed = (app: TestPipeline): void => {
    app.kill();
    app.start();
  };
  assert.deepEqual(await story(killed), plain);
});

test("what is fed while it is stopped waits on the topic", async () => {
  const app = testPipeline(CONFIG);
  app.stop();
  app.feed({ url: "/waiting" });
  app.advance("10 minutes");
  assert.equal((await app.accounting()).read, 0);
  app.start();
  app.finish();
  assert.equal((await app.accounting()).counted, 1);
  const started = (await app.rows("pages")).map(({ window_start }) => window_start.slice(11, 16));
  assert.deepEqual(started, ["23:56", "23:57", "23:58", "23:59", "00:00"]);
});

test("late and broken events are told apart, with reasons", async () => {
  const app = testPipeline(CONFIG, { now: "2026-06-01T12:00:00+02:00" });
  app.feed([{}, { timestamp: "2026-06-01T09:30:00Z" }, { url: undefined }, { action: "tap" }, "{", null]);
  app.feed({ timestamp: "2026-06-01T10:02:00Z" });
  await app.advance("1s");
  assert.deepEqual(await app.accounting(), {
    read: 7,
    counted: 1,
    late: 1,
    dead: { "missing_field:url": 1, unknown_action: 1, not_json: 2, from_the_future: 1 },
  });
  const letters = await app.deadLetters();
  assert.deepEqual(letters.map(({ offset, reason }) => `${offset} ${reason}`).sort(), [
    "2 missing_field:url",
    "3 unknown_action",
    "4 not_json",
    "5 not_json",
    "6 from_the_future",
  ]);
  assert.equal(letters.find(({ offset }) => offset === 5)?.value, null);
});

test("with several partitions a silent one holds windows open until it is idle", async () => {
  const app = testPipeline({ ...CONFIG, partitions: 2, idleAfter: "1 minute" });
  app.feed({ url: "/a" }, { partition: 0 });
  app.feed({ url: "/b" }, { partition: 1 });
  app.advance("10 minutes");
  app.feed({ url: "/c" }, { partition: 0 });
  await app.advance("1s");
  assert.deepEqual(shown(await app.rows("pages")), []);
  app.advance("5s");
  assert.deepEqual(
    shown(await app.rows("pages")).filter((row) => row.startsWith("23:56")),
    ["23:56 /a 1 1", "23:56 /b 1 1"],
  );
});

test("the config of a program is refused as the program would refuse it", async () => {
  assert.throws(() => testPipeline({ window: "5m", slide: "2m" }), { code: "USAGE" });
  assert.throws(() => testPipeline({}, { now: "noon" }), { code: "USAGE", message: /now is not a time/ });
  const app = testPipeline(CONFIG);
  await assert.rejects(app.rows("url_counts"), { code: "USAGE", message: /No query is called url_counts/ });
  assert.throws(() => app.feed({}, { partition: 1 }), { code: "USAGE" });
  assert.throws(() => app.advance("0.5ms"), { code: "USAGE" });
});
