// Whole sessions as a user sees them: worked out by hand from the meaning.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClickstreamConfig, type Row, testPipeline } from "../../src/testing/api.ts";

const CONFIG: ClickstreamConfig = {
  window: "2 minutes",
  slide: "1 minute",
  delay: "2 minutes",
  sessions: true,
  sessionGap: "5 minutes",
  standardQueries: false,
};

const at = (minute: number, second = 0, ms = 0): string =>
  new Date(Date.UTC(2026, 0, 1, 0, minute, second, ms)).toISOString();
/** The test's clock: all events are of the hour before it. */
const NOW = { now: "2026-01-01T01:00:00Z" };
const pages = (rows: Row[]): string[] =>
  rows.map(
    ({ session_id, entry_page, exit_page, events }) => `${session_id} ${entry_page} ${exit_page} ${events}`,
  );
const moves = (rows: Row[]): string[] =>
  rows.map(
    ({ window_start, from_page, to_page, transitions }) =>
      `${window_start.slice(11, 16)} ${from_page} ${to_page} ${transitions}`,
  );

test("a session is one row, in the window in which its silence ends", async () => {
  const app = testPipeline(CONFIG, NOW);
  const visit = { session_id: "s", user_id: "ann", device_type: "mobile", browser: "Safari" };
  await app.feed([
    { ...visit, url: "/b", action: "click", timestamp: at(11, 30, 250) },
    { ...visit, url: "/a", timestamp: at(10) }, // came later, was earlier
    { ...visit, url: "/a", action: "hover", timestamp: at(12) },
  ]);
  await app.finish();
  assert.deepEqual(await app.rows("sessions"), [
    {
      window_start: at(17),
      window_end: at(18),
      session_id: "s",
      user_id: "ann",
      device_type: "mobile",
      browser: "Safari",
      first_seen: at(10),
      last_seen: at(12),
      session_seconds: 120,
      events: 3,
      clicks: 1,
      views: 1,
      scrolls: 0,
      hovers: 1,
      pages: 2,
      entry_page: "/a",
      exit_page: "/a",
      bounce: 0,
    },
  ]);
  assert.deepEqual(moves(await app.rows("transitions")), [
    "00:10 /a /b 1",
    "00:11 /a /b 1",
    "00:11 /b /a 1",
    "00:12 /b /a 1",
  ]);
});

test("events as far apart as the gap are of one session, a millisecond more makes two", async () => {
  const app = testPipeline(CONFIG, NOW);
  await app.feed([
    { session_id: "one", url: "/1", timestamp: at(10) },
    { session_id: "two", url: "/1", timestamp: at(10) },
    { session_id: "one", url: "/2", timestamp: at(15) },
    { session_id: "two", url: "/2", timestamp: at(15, 0, 1) },
  ]);
  await app.finish();
  assert.deepEqual(pages(await app.rows("sessions")), ["two /1 /1 1", "one /1 /2 2", "two /2 /2 1"]);
  assert.deepEqual(
    (await app.rows("sessions")).map(({ bounce, session_seconds }) => [bounce, session_seconds]),
    [
      [1, 0],
      [0, 300],
      [1, 0],
    ],
  );
  assert.deepEqual(moves(await app.rows("transitions")), ["00:14 /1 /2 1", "00:15 /1 /2 1"]);
});

test("events of one time follow each other by offset, then by partition", async () => {
  const app = testPipeline({ ...CONFIG, partitions: 2 }, NOW);
  const timestamp = at(10);
  await app.feed([{ session_id: "s", url: "/second", timestamp }], { partition: 1 });
  await app.feed(
    [
      { session_id: "s", url: "/first", timestamp },
      { session_id: "s", url: "/third", timestamp },
    ],
    { partition: 0 },
  );
  await app.finish();
  assert.deepEqual(pages(await app.rows("sessions")), ["s /first /third 3"]);
  assert.deepEqual(moves(await app.rows("transitions")).slice(0, 2), [
    "00:09 /first /second 1",
    "00:09 /second /third 1",
  ]);
});

test("an event counts until the pane that holds it has closed, and kills change nothing", async () => {
  const app = testPipeline(CONFIG, NOW);
  await app.feed([
    { session_id: "s", url: "/1", timestamp: at(10) },
    { session_id: "other", timestamp: at(13, 59) }, // the watermark is at 11:59
    { session_id: "s", url: "/2", timestamp: at(11, 20) }, // behind it, in the pane that is open
  ]);
  await app.advance("1 minute");
  await app.kill();
  await app.start();
  await app.feed([
    { session_id: "other", timestamp: at(14) },
    { session_id: "s", url: "/3", timestamp: at(11, 59, 999) },
  ]);
  await app.advance("1 minute");
  await app.kill();
  await app.start();
  await app.finish();
  assert.deepEqual(pages(await app.rows("sessions")), ["s /1 /2 2", "other / / 2"]);
  const { counted, late } = await app.accounting();
  assert.deepEqual({ counted, late }, { counted: 4, late: 1 });
});

test("a slide longer than the gap is cut, so that an id has one row a window", async () => {
  const app = testPipeline({ ...CONFIG, window: "1 hour", slide: "1 hour", delay: "10 minutes" }, NOW);
  await app.feed([0, 10, 20, 30].map((minute) => ({ session_id: "s", timestamp: at(minute) })));
  await app.finish();
  assert.deepEqual(
    (await app.rows("sessions")).map(({ window_start }) => window_start),
    [at(5), at(15), at(25), at(35)],
  );
  assert.deepEqual(await app.rows("transitions"), []);
});
