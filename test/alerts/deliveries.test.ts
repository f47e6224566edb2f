import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { AlertStore } from "../../src/alerts/alert-store.ts";
import { Deliveries } from "../../src/alerts/deliveries.ts";
import { Webhook } from "../../src/alerts/webhook.ts";
import { systemClock } from "../../src/core/clock.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { busyPage } from "./notifications.ts";
import { webhookReceiver } from "./webhook-receiver.ts";

const SINKS = ["webhook", "log"];
const DAY_MS = 86_400_000;

function deliveries(store: AlertStore, url: string, problems: string[] = []): Deliveries {
  return new Deliveries({
    store,
    sink: new Webhook({ url, privateRedirects: false }, systemClock),
    clock: systemClock,
    onProblem: (message) => void problems.push(message),
    onDelivered: () => {},
    delaysMs: { first: 5, most: 20 },
  });
}

test("each notification is told in its order, as often as it takes, and no more", async () => {
  await using folder = await temporaryFolder();
  let failures = 3;
  await using receiver = await webhookReceiver((_, response) => {
    const status = failures-- > 0 ? 503 : 200;
    response.writeHead(status).end();
  });
  using store = new AlertStore(folder.path);
  const nowMs = systemClock.nowMs();
  const problems: string[] = [];
  const telling = deliveries(store, receiver.url, problems);
  for (let n = 0; n < 5; n++) store.transaction(() => store.record(busyPage(n), SINKS, nowMs));
  store.transaction(() => store.record(busyPage(2), SINKS, nowMs)); // recorded before: told no second time
  await telling.drained(60_000);
  await telling.stop();
  const told = receiver.received.map(({ notification }) => notification.id);
  assert.deepEqual(told.slice(0, 4), Array(4).fill(busyPage(0).id));
  assert.deepEqual(
    told.slice(3),
    [0, 1, 2, 3, 4].map((n) => busyPage(n).id),
  );
  assert.equal(problems.length, 3);
  assert.match(
    problems[0]!,
    /was not told of the alert "firing: busy_page \(url "\/cart"\), 812: .*" yet: 127/,
  );
  assert.deepEqual(store.undelivered(), { log: 5 });
});

test("what is refused, or a day old, gives way to what follows", async () => {
  await using folder = await temporaryFolder();
  const { id: refused } = busyPage(0);
  const { id: old } = busyPage(1);
  await using receiver = await webhookReceiver(({ notification }, response) => {
    const status = notification.id === refused ? 422 : notification.id === old ? 500 : 200;
    response.writeHead(status).end();
  });
  using store = new AlertStore(folder.path);
  const nowMs = systemClock.nowMs();
  store.record(busyPage(0), SINKS, nowMs);
  store.record(busyPage(1), SINKS, nowMs - 2 * DAY_MS);
  store.record(busyPage(2), SINKS, nowMs);
  const problems: string[] = [];
  const telling = deliveries(store, receiver.url, problems);
  await telling.drained(60_000);
  await telling.stop();
  assert.deepEqual(
    problems.map((problem) => /is not told to the webhook: (.*)$/.exec(problem)?.[1]?.slice(-3)),
    ["422", "500"],
  );
  assert.deepEqual(store.undelivered(), { log: 3 });
});

test("what was not told before the end is told after the next start", async () => {
  await using folder = await temporaryFolder();
  let isUp = false;
  await using receiver = await webhookReceiver((_, response) => {
    if (isUp) response.writeHead(200).end();
  });
  {
    using store = new AlertStore(folder.path);
    store.record(busyPage(0), SINKS, systemClock.nowMs());
    const telling = deliveries(store, receiver.url);
    while (receiver.received.length === 0) await delay(5);
    await telling.stop(); // while the receiver thinks about it
    assert.deepEqual(store.undelivered(), { log: 1, webhook: 1 });
  }
  isUp = true;
  using store = new AlertStore(folder.path);
  const telling = deliveries(store, receiver.url);
  await telling.drained(60_000);
  await telling.stop();
  assert.deepEqual(
    receiver.received.map(({ notification }) => notification.id),
    Array(2).fill(busyPage(0).id),
  );
  assert.deepEqual(store.undelivered(), { log: 1 });
});
