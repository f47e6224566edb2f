import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { DeadLetterTopic } from "../../src/app/dlq/dead-letter-topic.ts";
import type { LetterCounts } from "../../src/app/dlq/list-letters.ts";
import type { ReplayResult } from "../../src/app/dlq/replay-letters.ts";
import { readMarks } from "../../src/app/dlq/replay-marks.ts";
import type { ShownLetter } from "../../src/app/dlq/show-letters.ts";
import { systemClock as clock } from "../../src/core/clock.ts";
import { Cluster, type TopicDescription } from "../../src/kafka/cluster.ts";
import { readManifest } from "../../src/sinks/manifest-file.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, runCommand, startCommand } from "./command-line.ts";
import { committedRecords } from "./committed-records.ts";
import { append, letters } from "./dead-letters.ts";

let broker: TestBroker;
let cluster: Cluster;
let folder: string;
let removeBroker = async (): Promise<void> => {};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "clickstream-dlq-"));
  broker = await startBroker({ after: (remove) => (removeBroker = remove) });
  cluster = await Cluster.connect({ brokers: broker.brokers, clientId: "test" });
});
after(async () => {
  await cluster.close();
  await removeBroker();
  rmSync(folder, { recursive: true });
});

function onTopic(topic: string): string[] {
  return ["--brokers", broker.brokers.join(), "--topic", topic];
}

function dlq(topic: string, command: string, ...args: string[]): Promise<Ended> {
  return runCommand(folder, "dlq", command, ...onTopic(topic), ...args);
}

async function dlqJson<T>(topic: string, command: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await dlq(topic, command, "--json", ...args);
  assert.equal(code, 0, stdout + stderr);
  return JSON.parse(stdout) as T;
}

function event(given: Record<string, unknown>): string {
  return JSON.stringify({
    ...{ event_id: "e", user_id: "u", session_id: "s", url: "/", action: "view" },
    ...{ timestamp: Date.now(), device_type: "tablet", browser: "b", ...given },
  });
}

/** The account of an output, over all partitions. */
async function account(output: string) {
  const partitions = (await readManifest(join(folder, output)))?.partitions ?? [];
  const sum = (of: "read" | "counted" | "late") =>
    partitions.reduce((total, partition) => total + partition[of], 0);
  return { read: sum("read"), counted: sum("counted"), late: sum("late") };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50);
}

test("broken events are found, fixed, replayed and counted by an engine that runs; verify agrees", async () => {
  const topic = await cluster.createTopic("shop", { partitions: 2 });
  const good = Array.from({ length: 20 }, (_, n) => event({ user_id: `user ${n}` }));
  const phones = Array.from({ length: 30 }, (_, n) => event({ device_type: "phone", user_id: `p${n}` }));
  await append(broker.brokers, topic, [
    ...good,
    ...phones,
    event({ url: undefined }),
    "no json",
    "\u001b[2J",
    "x".repeat(1_000_001),
  ]);
  const engineArgs = [...onTopic("shop"), "--output", "out", "--commit-every", "100ms"];
  const engine = startCommand(folder, "process", ...engineArgs);
  try {
    await until(async () => (await account("out")).read === 54);
    assert.deepEqual(await account("out"), { read: 54, counted: 20, late: 0 });

    const counts = await dlqJson<LetterCounts>("shop", "list");
    assert.deepEqual(
      counts.byReason.map(({ reason, letters, replayed }) => [reason, letters, replayed]),
      [
        ["unknown_device_type", 30, 0],
        ["not_json", 3, 0],
        ["missing_field:url", 1, 0],
      ],
    );
    assert.deepEqual(
      counts.byPartition.map(({ partition }) => partition),
      [0, 1],
    );
    const [shown] = (await dlq("shop", "show", "--json", "--reason", "missing_field")).stdout.split("\n");
    const letter = JSON.parse(shown ?? "") as ShownLetter;
    assert.deepEqual(
      [letter.reason, letter.topic, letter.attempt, letter.replayed, JSON.parse(letter.value ?? "").user_id],
      ["missing_field:url", "shop", 1, false, "u"],
    );
    const hostile = await dlq("shop", "show", "--reason", "not_json");
    assert.match(hostile.stdout, /value {2}\\u001b\[2J/);

    const fix = ["--output", "out", "--reason", "unknown_device_type", "--fix", "device_type=mobile"];
    const dry = await dlqJson<ReplayResult>("shop", "replay", ...fix, "--dry-run");
    assert.deepEqual([dry.toSend, dry.sent, dry.late, dry.dead], [30, 0, 0, {}]);
    const replay = await dlqJson<ReplayResult>("shop", "replay", ...fix);
    assert.deepEqual([replay.selected, replay.sent], [30, 30]);
    await until(async () => (await account("out")).counted === 50);
    const again = await dlqJson<ReplayResult>("shop", "replay", ...fix);
    assert.deepEqual([again.selected, again.replayed, again.sent], [30, 30, 0]);

    const rest = ["--output", "out"];
    const refused = await dlq("shop", "replay", ...rest);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /Nothing was sent.*3 would be dead letters again: not_json 2, missing_field:url 1\. \[REPLAY_UNCONFIRMED/,
    );
    const insisted = await dlqJson<ReplayResult>("shop", "replay", ...rest, "--yes");
    assert.equal(insisted.sent, 3);
    await until(async () => (await dlqJson<LetterCounts>("shop", "list")).letters === 37);
    const { selected, replayed, exhausted, truncated, named, toSend } = await dlqJson<ReplayResult>(
      ...(["shop", "replay", "--dry-run", "--max-attempts", "2"] as const),
    );
    assert.deepEqual([selected, replayed, exhausted, toSend], [37, 33, 3, 0], "attempts are carried on");
    assert.equal(truncated, 1);
    assert.match(named.join(), /^shop\/1\/26: its original of 1000001 bytes was not kept$/);
  } finally {
    engine.child.kill("SIGINT");
    await engine.ended;
  }
  const ended = await runCommand(folder, "process", ...engineArgs, "--until-end", "--finish");
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await account("out"), { read: 87, counted: 50, late: 0 });
  const verified = await runCommand(folder, "verify", ...onTopic("shop"), "--output", "out");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);

  const records = await committedRecords(broker.brokers, "shop");
  const phone = records.filter(({ key }) => key === "key 20");
  assert.deepEqual(
    phone.map(({ partition, value }) => [partition, JSON.parse(String(value)).device_type]),
    [
      [0, "phone"],
      [0, "mobile"],
    ],
    "with its key, in its partition",
  );

  // Every window is closed by now.
  const late = await dlq("shop", "replay", "--output", "out", "--max-attempts", "9", "--fix", "url=/late");
  assert.equal(late.code, 1);
  assert.match(late.stderr, /1 would be late and counted in no window/);
});

test("a number that was none is fixed as JSON, replayed and summed", async () => {
  const topic = await cluster.createTopic("orders", { partitions: 1 });
  writeFileSync(
    join(folder, "orders.config.ts"),
    `import { defineConfig, query, sum } from "clickstream";
    export default defineConfig({
      extraFields: { price: { path: "price", type: "number" } },
      standardQueries: false,
      queries: [query("revenue", { by: [], measures: { revenue: sum("price") } })],
    });`,
  );
  const prices = [0.1, 0.2, "3", 1e12, null];
  await append(
    broker.brokers,
    topic,
    prices.map((price) => event({ price })),
  );
  const args = [...onTopic("orders"), "--output", "orders"];
  const withConfig = [...args, "--config", "orders.config.ts", "--until-end"];
  const first = await runCommand(folder, "process", ...withConfig);
  assert.deepEqual(
    JSON.parse(first.stdout).dead,
    { "wrong_type:price": 2, "out_of_range:price": 1 },
    first.stderr,
  );
  const fix = ["--output", "orders", "--reason", "wrong_type:price,out_of_range"];
  const broken = await dlqJson<ReplayResult>("orders", "replay", ...fix, "--fix", "price=3", "--dry-run");
  assert.deepEqual(broken.dead, { "wrong_type:price": 3 }, "a text again");
  const replay = await dlqJson<ReplayResult>("orders", "replay", ...fix, "--fix", "price:=3");
  assert.equal(replay.sent, 3);
  const second = await runCommand(folder, "process", ...withConfig, "--finish");
  assert.equal(second.code, 0, second.stderr);
  const rows = globSync(join(folder, "orders/revenue/*/*.json")).map((file) => readFileSync(file, "utf8"));
  assert.match(rows.join(), /"revenue":9\.3}/);
  const verified = await runCommand(folder, "verify", ...args);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

async function numbersOn(topic: string): Promise<number[]> {
  const records = await committedRecords(broker.brokers, topic);
  return records.map(({ value }) => Number(value)).sort((a, b) => a - b);
}

async function committed(topic: TopicDescription): Promise<number> {
  const ends = await cluster.offsets(topic, "lastStable");
  return [...ends.values()].reduce((sum, end) => sum + end, 0);
}

test("killed at any moment, with one filter and another, a replay sends every letter once", async () => {
  const LETTERS = 20_000;
  const topic = await cluster.createTopic("killed", { partitions: 3 });
  const dead = await cluster.createTopic("killed.dlq", { partitions: 2 });
  const all = letters(LETTERS);
  // As after crashes of the engine: some letters came twice.
  await append(broker.brokers, dead, [...all, ...all.filter((_, n) => n % 100 < 3)]);
  const args = [...onTopic("killed"), "--yes"];
  const seenAfterKills: number[] = [];
  for (let kill = 0; kill < 4; kill++) {
    const reason = kill % 2 === 0 ? ["--reason", "not_json"] : [];
    const before = await committed(topic);
    const { child, ended } = startCommand(folder, "dlq", "replay", ...args, ...reason);
    await until(async () => (await committed(topic)) > before || child.exitCode !== null);
    await delay(kill * 7);
    child.kill("SIGKILL");
    await ended;
    seenAfterKills.push((await committed(topic)) - before);
  }
  const rest = await dlqJson<ReplayResult>("killed", "replay", "--yes");
  assert.equal(rest.selected, LETTERS);
  const numbers = await numbersOn("killed");
  assert.deepEqual(
    numbers,
    all.map((_, n) => n),
  );
  assert(
    rest.sent > 0 && seenAfterKills.some((grown) => grown > 0),
    `kills fall into work: ${seenAfterKills}`,
  );
  const counts = await dlqJson<LetterCounts>("killed", "list");
  assert.deepEqual([counts.letters, counts.replayed, counts.repeated], [LETTERS, LETTERS, 600]);
});

test("two replays at once send every letter once; who came first says why it ended", async () => {
  await cluster.createTopic("contested", { partitions: 2 });
  const dead = await cluster.createTopic("contested.dlq", { partitions: 1 });
  await append(broker.brokers, dead, letters(5_000));
  const ends = await Promise.all([dlq("contested", "replay", "--yes"), dlq("contested", "replay", "--yes")]);
  for (const { code, stderr } of ends) if (code !== 0) assert.match(stderr, /PRODUCER_FENCED/);
  assert(ends.some(({ code }) => code === 0));
  assert.deepEqual(
    await numbersOn("contested"),
    letters(5_000).map((_, n) => n),
  );
});

test("what Kafka refuses for good is named and stays; all others are sent", async () => {
  await cluster.createTopic("choosy", { partitions: 1, configs: { "max.message.bytes": "400" } });
  const dead = await cluster.createTopic("choosy.dlq", { partitions: 1 });
  const long = { ...letters(1)[0]!, partition: 7, value: Buffer.alloc(600, "x") };
  await append(broker.brokers, dead, [...letters(5), long]);
  const { code, stdout } = await dlq("choosy", "replay", "--yes", "--json");
  assert.equal(code, 1);
  const { sent, refused } = JSON.parse(stdout) as ReplayResult;
  assert.equal(sent, 5);
  assert.match(refused.join(), /^choosy\/7\/0: Kafka refuses it with MESSAGE_TOO_LARGE$/);
  assert.deepEqual(await numbersOn("choosy"), [0, 1, 2, 3, 4]);
  const { replayed, toSend } = await dlqJson<ReplayResult>("choosy", "replay", "--dry-run");
  assert.deepEqual([replayed, toSend], [5, 1]);
});

test("reading ends when it is told to, also while no broker answers", async () => {
  const kafka = { brokers: broker.brokers, clientId: "test" };
  const topic = await cluster.createTopic("silent", { partitions: 1 });
  const dead = await cluster.createTopic("silent.dlq", { partitions: 2 });
  await append(broker.brokers, topic, ["a mark, as far as reading goes"]);
  await append(broker.brokers, dead, letters(2));
  const told = { kafka, clock, signal: AbortSignal.abort() };
  await assert.rejects(readMarks(cluster, { ...told, name: "silent" }), { name: "AbortError" });

  const stopping = new AbortController();
  const source = { kafka, clock, signal: stopping.signal, name: "silent.dlq" };
  const found = (await DeadLetterTopic.open(cluster, source)).letters({ repeated: 0, foreign: 0 });
  assert.equal((await found.next()).done, false);
  await broker.kill9();
  try {
    setTimeout(() => stopping.abort(), 2_000);
    await assert.rejects(found.next(), { name: "AbortError" });
  } finally {
    await broker.start();
  }
});
