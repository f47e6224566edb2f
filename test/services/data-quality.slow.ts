// What is said of the data through a real Kafka, with the process killed at any moment.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Cluster } from "../../src/kafka/cluster.ts";
import type { QualityRow } from "../../src/sinks/data-quality.ts";
import { startBroker } from "./broker.ts";
import { append } from "./dead-letters.ts";
import { runKilled, runWhole } from "./killed-again.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-11-23T08:00:00Z");
/** 26 hours: the last two are measured against the same hours of the day before. */
const WINDOWS = 26 * 12;
const WINDOW_MS = 5 * MINUTE_MS;
const EVENTS_A_WINDOW = 20;
const KILLS = 12;

/** Events with late, broken and repeated ones among them, and many broken ones in the last hour. */
function events(): string[] {
  const sent: string[] = [];
  for (let n = 0; n < WINDOWS * EVENTS_A_WINDOW; n++) {
    const window = Math.floor(n / EVENTS_A_WINDOW);
    const timeMs = START_MS + n * (WINDOW_MS / EVENTS_A_WINDOW) - (n % 31 === 30 ? 7_200_000 : 0);
    const isBroken = n % (window < WINDOWS - 12 ? 41 : 3) === 2;
    const ids = { event_id: `e${n % 17 === 16 ? n - 1 : n}`, user_id: `u${n % 9}`, session_id: `s${n % 19}` };
    const what = { url: `/${n % 5}`, timestamp: timeMs, device_type: "mobile", browser: "b" };
    sent.push(JSON.stringify({ ...ids, ...what, action: isBroken ? "buy" : "view" }));
  }
  return sent;
}

test("killed again and again, rows about the data are the same, and the oracle agrees", async (t) => {
  const broker = await startBroker(t);
  const folder = mkdtempSync(join(tmpdir(), "clickstream-quality-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const connection = ["--brokers", broker.brokers.join(), "--topic", "visits"];
  const cluster = await Cluster.connect({ brokers: broker.brokers, clientId: "test" });
  t.after(() => cluster.close());
  await append(broker.brokers, await cluster.createTopic("visits", { partitions: 1 }), events());
  const settings = ["--data-quality", "--dedupe", "--window", "5m", "--slide", "5m"];
  const run = { folder, connection, settings, queries: ["arrivals", "data_quality"], kills: KILLS };
  await runWhole(run);
  const cwd = join(folder, "whole");
  const rows = globSync("data_quality/date=*/*.json", { cwd }).flatMap((path) =>
    readFileSync(join(cwd, path), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as QualityRow),
  );
  const greatest = new Map<string, number>();
  for (const { expectation, value } of rows)
    greatest.set(expectation, Math.max(value, greatest.get(expectation) ?? 0));
  for (const expectation of ["dead_share", "late_share", "duplicate_share", "freshness", "volume"])
    assert((greatest.get(expectation) ?? 0) > 0, `nothing is said of ${expectation}`);
  const unexpected = rows.filter(({ ok }) => ok === false);
  assert(
    unexpected.some(({ expectation, key }) => expectation === "dead_share" && key === "unknown_action"),
    "the broken hour is not noticed",
  );

  await runKilled(run);
});
