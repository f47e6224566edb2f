import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { WrittenAlertRules } from "../../src/app/config/alert-rules.ts";
import { freePort } from "../../src/local/ports.ts";
import { startBroker } from "../services/broker.ts";
import { type RunningCommand, runCommand, startCommand } from "../services/command-line.ts";
import { appendValues } from "../services/topic-values.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";

const TOPIC = "shop";
const GENERATED = 60_000;
const MINUTE_MS = 60_000;
const STARTED_IN_MS = 60_000;

/** Urls and users that attack whoever shows them. */
export const HOSTILE = {
  markup: `<img src="x" onerror="document.title='owned'">`,
  quote: `"><svg/onload=alert(1)>`,
  turned: "/\u202Egnp.exe/שלום/مرحبا",
  invisible: "/a\u0000b\u0007c\nd\u200be",
  long: `/${"long".repeat(40_000)}`,
  user: `</td><script>alert("user")</script>`,
} as const;

/** A real Kafka with events of half an hour, and a real engine with its page, which has read all of them and waits. */
export interface PipelineWithPage {
  url: string;
  output: string;
  folder: string;
  brokers: readonly string[];
  /** Ends the engine in order, with its page. */
  stop(): Promise<void>;
  /** Starts it again, at the same address; with the rules of alerts that are there anyway, when it is to have no others. */
  start(rules?: "defaults"): Promise<void>;
}

/** What starting needs to undo itself. */
export interface Cleanup {
  after(fn: () => Promise<void>): void;
}

export async function startPipelineWithPage(cleanup: Cleanup): Promise<PipelineWithPage> {
  const folder = await temporaryFolder();
  cleanup.after(() => folder[Symbol.asyncDispose]());
  const { brokers } = await startBroker(cleanup);
  const nowMs = Date.now();
  const target = ["--brokers", brokers.join(), "--topic", TOPIC];
  const from = new Date(nowMs - 40 * MINUTE_MS).toISOString();
  const generated = await runCommand(
    folder.path,
    ...["generate", ...target, "--events", String(GENERATED), "--start", from, "--broken", "0.001"],
  );
  if (generated.code !== 0) throw new Error(generated.stderr);
  for (const batch of [visits(nowMs), [event(nowMs - 20 * MINUTE_MS, { url: HOSTILE.long })]]) {
    await appendValues(brokers, TOPIC, batch);
  }

  mkdirSync(join(folder.path, "output"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let engine: RunningCommand | undefined;
  const start = async (rules?: "defaults") => {
    writeFileSync(join(folder.path, "clickstream.config.ts"), configWith(rules === "defaults" ? {} : RULES));
    // Nothing becomes idle meanwhile, so that all numbers stand still once everything is read.
    engine = startCommand(
      folder.path,
      ...["process", ...target, "--output", "output", "--idle-after", "1h", "--http", String(port)],
      ...["--data-quality", "--sessions", "--session-gap", "5m"],
    );
    await untilRead(url, engine);
  };
  const stop = async () => {
    engine?.child.kill("SIGINT");
    await engine?.ended;
  };
  cleanup.after(stop);
  await start();
  return { url, output: join(folder.path, "output"), folder: folder.path, brokers, start, stop };
}

/** A page that was seen once, so late that it is counted, so early that windows without it are final. */
const ONCE = "/once";
const ONCE_AT = 1_560;

/** One alert that fires for a page that attacks, and one that fired and was resolved. */
const RULES: WrittenAlertRules = {
  attacked: {
    ...{ query: "url_counts", where: { url: HOSTILE.markup }, measure: "events", above: 0 },
    ...{ severity: "critical", note: HOSTILE.quote },
  },
  seen_once: { query: "url_counts", where: { url: ONCE }, measure: "events", above: 0, severity: "info" },
};

const configWith = (alerts: WrittenAlertRules): string => `
import { count, countWhere, query, timeSpan } from ${JSON.stringify(new URL("../../src/app/api.ts", import.meta.url).href)};

export default {
  queries: [
    query("page_funnel", {
      by: ["url", "device_type"],
      measures: { hits: count(), clicks: countWhere("action", "click"), longest_visit_seconds: timeSpan("session_id", "longest") },
    }),
  ],
  alertRules: ${JSON.stringify(alerts)},
};
`;

/** Half an hour of visits up to now, in every partition. */
function visits(nowMs: number): string[] {
  const urls = ["/", "/cart", HOSTILE.markup, HOSTILE.quote, HOSTILE.turned, HOSTILE.invisible];
  return Array.from({ length: 3_600 }, (_, index) =>
    event(nowMs - 30 * MINUTE_MS + index * 500, {
      url: index === ONCE_AT ? ONCE : (urls[index % 13] ?? `/page/${index % 40}`),
      user_id: index % 50 === 0 ? HOSTILE.user : `user_${index % 97}`,
      session_id: `session-${index % 97}-${Math.floor(index / 600)}`,
    }),
  );
}

function event(timeMs: number, change: Record<string, string>): string {
  const kind = Math.floor(timeMs / 1_000);
  return JSON.stringify({
    event_id: `event-${timeMs}`,
    user_id: "someone",
    session_id: "a session",
    url: "/",
    action: ["click", "view", "scroll", "hover"][kind % 4],
    timestamp: new Date(timeMs).toISOString(),
    device_type: ["mobile", "mobile", "desktop", "tablet"][kind % 3],
    browser: ["chrome", "safari", "firefox"][kind % 5] ?? "edge",
    ...change,
  });
}

async function untilRead(url: string, engine: RunningCommand): Promise<void> {
  const ended = engine.ended.then(({ stderr }) => {
    throw new Error(`the engine ended: ${stderr}`);
  });
  ended.catch(() => {});
  const deadlineMs = Date.now() + STARTED_IN_MS;
  while (Date.now() < deadlineMs) {
    await Promise.race([delay(200), ended]);
    const response = await fetch(`${url}/api/pipeline`).catch(() => undefined);
    if (response?.ok !== true) continue;
    const { lag, read, windowsClosed } = (await response.json()) as Record<string, number | null>;
    if (lag === 0 && (read ?? 0) > GENERATED && (windowsClosed ?? 0) > 0) return;
  }
  throw new Error("the engine did not read everything in time");
}
