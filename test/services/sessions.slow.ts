// Whole sessions through a real Kafka, with the process killed at any moment.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startBroker } from "./broker.ts";
import { clickstream, runKilled, runWhole } from "./killed-again.ts";

/** Five minutes of event time: sessions end all along. */
const EVENTS = 300_000;
const KILLS = 8;

test("killed again and again, sessions and transitions are the same, and the oracle agrees", async (t) => {
  const broker = await startBroker(t);
  const folder = mkdtempSync(join(tmpdir(), "clickstream-sessions-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const connection = ["--brokers", broker.brokers.join(), "--topic", "visits"];
  const made = ["--events", String(EVENTS), "--late", "0.01", "--broken", "0.001", "--out-of-order", "10s"];
  await clickstream(folder, "generate", ...connection, ...made);
  const windows = ["--window", "15s", "--slide", "5s", "--delay", "30s", "--max-ahead", "5s"];
  const settings = ["--sessions", "--session-gap", "12s", ...windows];
  const run = { folder, connection, settings, queries: ["sessions", "transitions"], kills: KILLS };
  await runWhole(run);
  await runKilled(run);
});
