import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { summariseTree } from "../../../src/app/summary/summarise-tree.ts";
import { renderSummary } from "../../../src/app/summary/summary-text.ts";
import { plainStyle } from "../../../src/app/terminal.ts";
import { compactTree } from "../../../src/archive/compact-tree.ts";
import { DEFAULT_WINDOWS } from "../../../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../../../src/queries/standard.ts";
import { JsonFilesSink } from "../../../src/sinks/json-files.ts";
import type { WindowRows } from "../../../src/sinks/sink.ts";
import { SESSION_QUERIES, sessionsWindow } from "../../history/session-trees.ts";
import { filesUnder, temporaryFolder } from "../../sinks/temporary-folder.ts";

const EIGHT = Date.UTC(2026, 10, 23, 8);
const MINUTE = 60_000;

function window(query: string, minute: number, rows: Record<string, unknown>[]): WindowRows {
  const windowStartMs = EIGHT + minute * MINUTE;
  const windowEndMs = windowStartMs + 5 * MINUTE;
  const bounds = {
    window_start: new Date(windowStartMs).toISOString(),
    window_end: new Date(windowEndMs).toISOString(),
  };
  const text = rows.map((row) => `${JSON.stringify({ ...bounds, ...row })}\n`).join("");
  return { query, windowStartMs, windowEndMs, rowCount: rows.length, bytes: Buffer.from(text) };
}

/** Windows that start at 8:00, 8:01 and 8:05; the one of 8:01 overlaps both others. */
async function smallTree(output: string): Promise<void> {
  const sink = await JsonFilesSink.open(output);
  await sink.write([
    window("url_counts", 0, [
      { url: "/", events: 100 },
      { url: "/cart", events: 20 },
    ]),
    window("url_counts", 1, [{ url: "/", events: 99_999 }]),
    window("url_counts", 5, [{ url: "/cart", events: 200 }]),
    window("device_counts", 0, [
      { device_type: "desktop", events: 30 },
      { device_type: "mobile", events: 90 },
    ]),
    window("device_counts", 5, [{ device_type: "mobile", events: 200 }]),
    window("user_activity", 0, [{ user_id: "u1" }, { user_id: "u2" }]),
    window("user_activity", 1, [{ user_id: "u9" }]),
    window("user_activity", 5, [{ user_id: "u1" }, { user_id: "u3" }]),
    window("window_totals", 0, [{ events: 120, users: 2, sessions: 2, session_seconds: 100.5 }]),
    window("window_totals", 1, [{ events: 310, users: 9, sessions: 9, session_seconds: 9_999 }]),
    window("window_totals", 5, [{ events: 200, users: 2, sessions: 1, session_seconds: 49.5 }]),
  ]);
}

/** The same rows as Spark writes them: windows mixed in files, and a file of a killed task that no log names. */
async function asSparkTree(from: string, to: string): Promise<void> {
  for (const query of STANDARD_QUERIES.map((plan) => plan.name)) {
    const files = await filesUnder(join(from, query)).catch(() => []);
    const texts = await Promise.all(files.map((file) => readFile(join(from, query, file), "utf8")));
    const folder = join(to, query, "date=2026-11-23");
    await mkdir(folder, { recursive: true });
    await mkdir(join(to, query, "_spark_metadata"));
    await writeFile(join(folder, "part-0.json"), texts.join(""));
    await writeFile(join(folder, "part-killed.json"), texts.join(""));
    const entry = { path: pathToFileURL(join(folder, "part-0.json")).href, action: "add" };
    await writeFile(join(to, query, "_spark_metadata", "0"), `v1\n${JSON.stringify(entry)}`);
  }
}

test("a tree of Spark gives the same summary, without what is not committed", async () => {
  await using embedded = await temporaryFolder();
  await using spark = await temporaryFolder();
  await smallTree(embedded.path);
  await asSparkTree(embedded.path, spark.path);
  const [expected, found] = await Promise.all(
    [embedded, spark].map(({ path }) => summariseTree(path, STANDARD_QUERIES, DEFAULT_WINDOWS.sizeMs)),
  );
  assert.ok(expected!.events > 0);
  assert.deepEqual(found, expected);
});

test("windows that overlap count once, and peaks come from all", async () => {
  await using folder = await temporaryFolder();
  await smallTree(folder.path);
  assert.deepEqual(await summariseTree(folder.path, STANDARD_QUERIES, 5 * MINUTE), {
    span: { fromMs: EIGHT, toMs: EIGHT + 10 * MINUTE },
    events: 320,
    topPages: [
      { name: "/cart", events: 220 },
      { name: "/", events: 100 },
    ],
    peaks: [{ startMs: EIGHT + MINUTE, endMs: EIGHT + 6 * MINUTE, events: 310 }],
    devices: [
      { name: "mobile", events: 290 },
      { name: "desktop", events: 30 },
    ],
    activeUsers: 3,
    usersPerWindow: 2,
    meanSessionSeconds: 50,
    wholeSessions: null,
  });
});

test("whole sessions are told beside the windows, where there are any", async () => {
  await using folder = await temporaryFolder();
  await smallTree(folder.path);
  const sessions = [
    { id: "a", seconds: 90.5, events: 4, pages: ["/", "/cart"] },
    { id: "b", seconds: 0, events: 1, pages: ["/"] },
    { id: "c", seconds: 30, events: 2, pages: ["/", "/cart"] },
  ];
  await (await JsonFilesSink.open(folder.path)).write([
    sessionsWindow(EIGHT + MINUTE, sessions.slice(0, 2)),
    sessionsWindow(EIGHT + 2 * MINUTE, sessions.slice(2)),
  ]);
  const queries = [...STANDARD_QUERIES, ...SESSION_QUERIES];
  const summary = await summariseTree(folder.path, queries, 5 * MINUTE);
  assert.match(
    renderSummary(summary, FIGURES, plainStyle),
    /\n {2}whole sessions +3 {2}of 40\.2 s on average, 33\.3 % of one page\n/,
  );
  assert.deepEqual(summary.span, { fromMs: EIGHT, toMs: EIGHT + 10 * MINUTE }, "they cover no time");
});

const FIGURES = {
  accounting: { read: 323, counted: 320, late: 1, dead: { not_json: 2 } },
  windows: [DEFAULT_WINDOWS, { sizeMs: 24 * 60 * MINUTE, slideMs: 24 * 60 * MINUTE }],
  windowsClosed: 3,
  producedPerSecond: 412_345.6,
  processedPerSecond: 398_112,
  postgres: { windows: 2, rows: 1_204, waiting: 1, trouble: "POSTGRES_UNREACHABLE" },
};

test("the summary for people", async () => {
  await using folder = await temporaryFolder();
  await smallTree(folder.path);
  const text = renderSummary(
    await summariseTree(folder.path, STANDARD_QUERIES, 5 * MINUTE),
    FIGURES,
    plainStyle,
  );
  assert.deepEqual(text.split("\n"), [
    "Events",
    "  read                                  323",
    "  counted                               320   99.1 %",
    "  late                                    1   0.31 %",
    "  dead letters                            2   0.62 %",
    "    not_json                              2   0.62 %",
    "  windows closed                          3  of 5m every 1m, 1d",
    "  produced                          412,346  events/s",
    "  processed                         398,112  events/s",
    "",
    "Top pages",
    "  /cart                                 220   68.8 %",
    "  /                                     100   31.3 %",
    "",
    "Peak minutes (UTC)",
    "  2026-11-23 08:01–08:06                 62  events a minute",
    "",
    "Devices",
    "  mobile                                290   90.6 %",
    "  desktop                                30    9.4 %",
    "",
    "Visitors",
    "  active users                            3",
    "  users in a window                       2  on average",
    "  mean session                       50.0 s  within a window",
    "  covered time                  10 min 00 s  2026-11-23 08:00 to 2026-11-23 08:10 UTC",
    "",
    "PostgreSQL",
    "  rows written                        1,204  of 2 windows, in this run",
    "  windows that wait                       1  for the next run: POSTGRES_UNREACHABLE",
    "",
  ]);
});

test("an empty tree has totals and nothing else", async () => {
  await using folder = await temporaryFolder();
  const text = renderSummary(
    await summariseTree(folder.path, STANDARD_QUERIES, 5 * MINUTE),
    { ...FIGURES, producedPerSecond: null, processedPerSecond: null, postgres: undefined },
    plainStyle,
  );
  assert.match(text, /^Events\n {2}read/);
  assert.doesNotMatch(text, /events\/s|Top pages|Visitors|PostgreSQL/);
});

test("archived days count as the others do", async () => {
  await using folder = await temporaryFolder();
  const sink = await JsonFilesSink.open(folder.path);
  const counts = { users: 1, clicks: 1, views: 0, scrolls: 0, hovers: 0 };
  await sink.write([window("url_counts", 0, [{ url: "/", events: 100, ...counts }])]);
  const manifest = { queries: STANDARD_QUERIES, windows: DEFAULT_WINDOWS };
  const confirmedThroughMs = EIGHT + 2 * 86_400_000;
  const policy = { compact: "parquet", keepMs: null } as const;
  const { archivedDays } = await compactTree({
    output: folder.path,
    manifest,
    confirmedThroughMs,
    memoryMb: 128,
    ...policy,
  });
  assert.equal(archivedDays, 1);
  const { topPages } = await summariseTree(folder.path, STANDARD_QUERIES, 5 * MINUTE);
  assert.deepEqual(topPages, [{ name: "/", events: 100 }]);
});
