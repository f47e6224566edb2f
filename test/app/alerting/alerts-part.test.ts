// The thread of alerts beside an engine that is made up, over a real tree, telling a real receiver.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openAlerts } from "../../../src/app/alerting/alerts-part.ts";
import { testRule } from "../../../src/app/alerting/test-rule.ts";
import { pipelineSettings, readConfig } from "../../../src/app/config.ts";
import type { Context } from "../../../src/app/context.ts";
import { createLogger } from "../../../src/app/log.ts";
import type { EngineInspection, RunningEngine } from "../../../src/app/parts.ts";
import { Terminal } from "../../../src/app/terminal.ts";
import { outputSource } from "../../../src/app/web/sources.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { readManifest } from "../../../src/sinks/manifest-file.ts";
import { pipelineSchema } from "../../../src/web/api.ts";
import { webhookReceiver } from "../../alerts/webhook-receiver.ts";
import { MINUTE_MS, NOV_23, totalsWindow, writeWindows } from "../../history/trees.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";
import { fakeStream } from "../fake-stream.ts";
import { MIDDLE } from "../progress/snapshots.ts";

const CONFIG = `import { count, query } from "clickstream";
export default {
  standardQueries: false,
  queries: [query("totals", { by: [], measures: { events: count() } })],
  alertRules: {
    busy: { query: "totals", measure: "events", above: 5, for: "2 minutes", note: "look" },
    no_events: false,
  },
};`;
const ENGINE_FAILED_NOTE =
  "The log has the error and the next step. Nothing is lost while Kafka keeps the events.";
/** Busy from 10 to 19 and from 40 to the end. */
const isBusy = (minute: number): boolean => (minute >= 10 && minute < 20) || minute >= 40;
const windowsFrom = (first: number, last: number) =>
  Array.from({ length: last - first }, (_, n) =>
    totalsWindow(NOV_23 + (first + n) * MINUTE_MS, isBusy(first + n) ? 9 : 1),
  );
const endOf = (minute: number): string => new Date(NOV_23 + (minute + 5) * MINUTE_MS).toISOString();

async function world(output: string, url: string) {
  await writeFile(join(output, "clickstream.config.ts"), CONFIG);
  const config = await readConfig({
    ...{ command: "process", flags: { output, alertWebhook: url }, env: {}, folder: output, cores: 2 },
  });
  const stream = fakeStream({ isTTY: false });
  const terminal = new Terminal(stream.stream);
  const stop = new AbortController();
  const context: Context = {
    ...{ config, environment: {}, clock: systemClock, terminal, stopRequested: stop.signal },
    log: createLogger({ level: "info", terminal, clock: systemClock }),
  };
  return { context, stop, logged: () => stream.written() };
}

/** An engine that has published what is on disk. */
async function engineOver(output: string, ended: Promise<void>): Promise<RunningEngine> {
  const manifest = await readManifest(output);
  const inspection: EngineInspection = {
    ...{ manifest, ends: new Map(), lastStable: new Map(), lastCommitMs: systemClock.nowMs(), readBytes: 0 },
    ...{ state: { bytes: 1, openPanes: 1, outboxEntries: 0 }, busyShares: [] },
  };
  return {
    snapshot: () => MIDDLE.engine!,
    inspect: () => inspection,
    ended,
    ...{ onCommit: () => {}, openEnds: () => [], lookAt: () => new Map(), figures: () => assert.fail() },
    ...{ finish: () => assert.fail(), stop: async () => {} },
  };
}

test("alerts are told as windows become final, go on after a restart, and tell of a failed engine", async () => {
  await using folder = await temporaryFolder();
  await using receiver = await webhookReceiver();
  const output = folder.path;
  const told = (): string[] =>
    receiver.received.map(({ notification: { state, rule, at } }) =>
      rule === "busy" ? `${state} ${rule} ${at}` : `${state} ${rule}`,
    );

  const first = await world(output, receiver.url);
  const alerts = await openAlerts(first.context, pipelineSettings(first.context.config));
  await writeWindows(output, windowsFrom(0, 30), NOV_23 + 34 * MINUTE_MS);
  alerts.watch(await engineOver(output, new Promise(() => {})));
  while (receiver.received.length < 2) await delay(20);
  assert.deepEqual(told(), [`firing busy ${endOf(12)}`, `resolved busy ${endOf(20)}`]);
  assert.equal(alerts.status()?.recent[0]?.state, "resolved");
  first.stop.abort();
  await alerts.stop();
  assert.match(first.logged(), /alert firing: busy, 9: events of totals above 5, for 2m/);

  const second = await world(output, receiver.url);
  const again = await openAlerts(second.context, pipelineSettings(second.context.config));
  await writeWindows(output, windowsFrom(30, 50), NOV_23 + 54 * MINUTE_MS);
  const failure = Promise.reject(new Error("the disk is full"));
  failure.catch(() => {});
  again.watch(await engineOver(output, failure));
  await again.stop(); // at once: what is left is evaluated and told all the same
  assert.deepEqual(told().slice(2).sort(), ["firing engine_failed", `firing busy ${endOf(42)}`].sort());
  const ids = receiver.received.map(({ notification }) => notification.id);
  assert.equal(new Set(ids).size, 4);

  const { alerts: shown } = pipelineSchema.parse(await outputSource(output, systemClock).pipeline());
  assert.deepEqual(
    [
      shown?.evaluated,
      shown?.firing,
      shown?.active.filter(({ phase }) => phase === "firing").map(({ rule, note }) => [rule, note]),
    ],
    [
      ...[false, 2],
      [
        ["busy", "look"],
        ["engine_failed", ENGINE_FAILED_NOTE],
      ],
    ],
    "serve shows what was recorded, and says that it evaluates nothing",
  );
  assert.equal(shown?.active.find(({ rule }) => rule === "engine_failed")?.severity, "critical");
  assert.equal(shown?.recent.length, 4);

  const asked = { rules: second.context.config.alertRules, rule: "busy", output, fromMs: null, toMs: null };
  const replayed = await testRule(asked, systemClock);
  assert.deepEqual(
    replayed.changes.map(({ change, atMs }) => `${change} ${new Date(atMs).toISOString()}`),
    [
      ...[`pending ${endOf(10)}`, `firing ${endOf(12)}`, `resolved ${endOf(20)}`],
      ...[`pending ${endOf(40)}`, `firing ${endOf(42)}`],
    ],
  );
  assert.deepEqual([replayed.fired, replayed.firing, replayed.windows], [2, 1, 50]);
  const part = await testRule({ ...asked, fromMs: NOV_23 + 30 * MINUTE_MS }, systemClock);
  assert.deepEqual(
    part.changes.map(({ change }) => change),
    ["pending", "firing"],
  );
});
