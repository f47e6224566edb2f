// Alerts of the real program: recorded once, told until they are taken, whatever is killed when.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Notification } from "../../src/alerts/notification.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { webhookReceiver } from "../alerts/webhook-receiver.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { startBroker } from "./broker.ts";
import { type RunningCommand, runCommand, startCommand } from "./command-line.ts";
import { committedRecords } from "./committed-records.ts";
import { append } from "./dead-letters.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-11-23T08:00:00Z");
const MINUTES = 120;
/** At one request in so many the program is killed. */
const KILL_EVERY = 4;

const CONFIG = `export default {
  delay: "1 minute", maxAhead: "30s", commitEvery: "100ms", logLevel: "warn",
  alertRules: {
    busy_cart: { query: "url_counts", where: { url: "/cart" }, measure: "events", above: 30, for: "2 minutes" },
    quiet_cart: { query: "url_counts", where: { url: "/cart" }, noData: true },
    any_page_rises: { query: "url_counts", measure: "events", risesBy: 1, against: "10 minutes", least: 10 },
    no_events: false,
  },
};`;

/** Two hours of a shop whose cart is busy every twenty minutes, and never looked at in between. */
function events(): string[] {
  const sent: string[] = [];
  for (let minute = 0; minute < MINUTES; minute++) {
    const isBusy = minute % 20 >= 8 && minute % 20 < 14;
    for (const [url, count] of [["/", 3] as const, ["/cart", isBusy ? 12 : 0] as const]) {
      for (let n = 0; n < count; n++) {
        const timestamp = START_MS + minute * MINUTE_MS + n * 1_000;
        const ids = { event_id: `e${minute}-${n}`, user_id: `u${n}`, session_id: `s${n}` };
        const what = { url, action: "view", timestamp, device_type: "mobile", browser: "b" };
        sent.push(JSON.stringify({ ...ids, ...what }));
      }
    }
  }
  return sent;
}

const changeOf = ({
  rule,
  state,
  key,
  at,
}: {
  rule: string;
  state: string;
  key: object;
  at: string;
}): string => `${at} ${rule} ${JSON.stringify(key)} ${state}`;

test("killed between a change and its telling, each change has one id, and none is missing", async (t) => {
  await using folder = await temporaryFolder();
  const { brokers } = await startBroker(t);
  const cluster = await Cluster.connect({ brokers, clientId: "test" });
  t.after(() => cluster.close());
  await append(brokers, await cluster.createTopic("shop", { partitions: 1 }), events());
  await writeFile(join(folder.path, "clickstream.config.ts"), CONFIG);

  let engine: RunningCommand | undefined;
  let requests = 0;
  let kills = 0;
  await using receiver = await webhookReceiver((_, response) => {
    if (requests++ % KILL_EVERY !== 1) return void response.writeHead(200).end();
    kills++;
    engine?.child.kill("SIGKILL"); // recorded, under way, and not noted as taken
    response.destroy();
  });
  const process = (): RunningCommand => {
    const told = ["--alert-webhook", receiver.url, "--alert-topic", "shop.alerts"];
    const work = [
      "--brokers",
      brokers.join(),
      "--topic",
      "shop",
      "--output",
      "out",
      "--until-end",
      "--finish",
    ];
    return startCommand(folder.path, "process", ...work, ...told);
  };
  for (let run = 0; ; run++) {
    assert(run < 200, "it never comes to an end");
    const before = requests;
    engine = process();
    const { code, signal, stderr } = await engine.ended;
    if (code === 0 && requests === before) break; // all is told
    assert(code === 0 || signal === "SIGKILL", stderr);
  }
  assert(kills > 5, `only ${kills} kills`);

  const expected: string[] = [];
  for (const rule of ["busy_cart", "quiet_cart", "any_page_rises"]) {
    const asked = ["alerts", "test", rule, "--output", "out", "--json"];
    const { stdout, stderr } = await runCommand(folder.path, ...asked);
    assert.notEqual(stdout, "", stderr);
    for (const { change, atMs, key } of JSON.parse(stdout).changes) {
      if (change !== "firing" && change !== "resolved") continue;
      expected.push(changeOf({ rule, state: change, key, at: new Date(atMs).toISOString() }));
    }
  }
  assert(expected.length > 20, `the history makes too little happen: ${expected.length}`);
  const told = new Map(
    receiver.received.map(({ notification }) => [notification.id, changeOf(notification)]),
  );
  assert(receiver.received.length > told.size, "some came more than once");
  assert.deepEqual([...told.values()].sort(), expected.sort());

  const records = await committedRecords(brokers, "shop.alerts");
  const inTopic = new Map(
    records.map(({ value, headers }) => {
      const notification = JSON.parse(String(value)) as Notification;
      assert.equal(headers["clickstream.alert-id"], notification.id);
      return [notification.id, changeOf(notification)];
    }),
  );
  assert.deepEqual(inTopic, told, "the topic has the same changes, with the same ids");
});
