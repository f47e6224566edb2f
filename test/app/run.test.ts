import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../src/app/config.ts";
import type { Context } from "../../src/app/context.ts";
import { generateEvents } from "../../src/app/generate-events.ts";
import { createLogger } from "../../src/app/log.ts";
import type { Parts, RunningEngine, RunningGenerator } from "../../src/app/parts.ts";
import { processTopic } from "../../src/app/process.ts";
import { run } from "../../src/app/run.ts";
import { plainStyle, Terminal } from "../../src/app/terminal.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ClickstreamError } from "../../src/core/errors.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { fakeStream } from "./fake-stream.ts";
import { MIDDLE } from "./progress/snapshots.ts";

type Flags = Record<string, unknown>;

/** A world of fake parts that write down what is asked of them, in order. */
async function world(command: "run" | "process" | "generate", flags: Flags) {
  const folder = await temporaryFolder();
  const events: string[] = [];
  const stop = new AbortController();
  const engineEnd = Promise.withResolvers<void>();
  const generatorEnd = Promise.withResolvers<void>();
  const total = Promise.withResolvers<void>();
  const once = (name: string, end: PromiseWithResolvers<void>) => async () => {
    if (!events.includes(name)) events.push(name);
    end.resolve();
  };
  const engine: RunningEngine = {
    snapshot: () => MIDDLE.engine!,
    inspect: () => assert.fail("no page asks"),
    onCommit: () => {},
    openEnds: () => [],
    lookAt: () => new Map(),
    figures: () => ({ readInRun: 5_000, busyMs: 500 }),
    ended: engineEnd.promise,
    finish: async () => void events.push("engine finishes"),
    stop: once("engine stops", engineEnd),
  };
  const generator: RunningGenerator = {
    snapshot: () => MIDDLE.producer!,
    producedInRun: () => 4_000,
    totalReached: total.promise,
    ended: generatorEnd.promise,
    stop: once("generator stops", generatorEnd),
  };
  const told =
    <A extends unknown[], R>(name: string, result: R) =>
    async (..._args: A): Promise<R> => {
      events.push(name);
      return result;
    };
  const parts: Parts = {
    preflight: told("preflight", undefined),
    deleteAll: told("delete all", undefined),
    startKafka: told("kafka starts", { brokers: ["127.0.0.1:1"], stop: told("kafka stops", undefined) }),
    ensureTopic: told("topic", undefined),
    openAlerts: told("alerts", {
      watch: () => {},
      status: () => undefined,
      stop: told("alerts end", undefined),
    }),
    openEngine: told("engine starts", engine),
    openGenerator: async (_context, _brokers, live) => {
      events.push(live ? "live generator starts" : "generator starts");
      return generator;
    },
    openWeb: told("page opens", { stop: told("page closes", undefined) }),
    verify: () => assert.fail("not asked for"),
  };
  const terminal = new Terminal(fakeStream({ isTTY: false }).stream);
  const context: Context = {
    config: await readConfig({
      command,
      flags: { output: folder.path, ...flags },
      env: {},
      folder: folder.path,
      cores: 2,
    }),
    environment: {},
    clock: systemClock,
    log: createLogger({ level: "silent", terminal, clock: systemClock }),
    terminal,
    stopRequested: stop.signal,
  };
  return {
    parts,
    context,
    events,
    engineEnd,
    generatorEnd,
    total,
    stop: () => stop.abort(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("run starts in order, goes on live, stops in reverse at Ctrl-C, and sums up", async () => {
  await using w = await world("run", {});
  const summary = run(w.context, w.parts, plainStyle);
  w.total.resolve();
  await turn();
  assert.ok(!w.events.some((event) => event.includes("stop")));
  w.stop();
  assert.match((await summary) ?? "", /^Events\n {2}read +5,800,123\n(.|\n)*processed +10,000 {2}events\/s/);
  assert.deepEqual(w.events, [
    "preflight",
    "kafka starts",
    "topic",
    "alerts",
    "engine starts",
    "live generator starts",
    "page opens",
    "generator stops",
    "engine stops",
    "page closes",
    "alerts end",
    "kafka stops",
  ]);
});

test("run --exit finishes the windows after the total", async () => {
  await using w = await world("run", { exit: true });
  w.total.resolve();
  await run(w.context, w.parts, plainStyle);
  assert.deepEqual(w.events.slice(5), [
    "generator starts",
    "page opens",
    "generator stops",
    "engine finishes",
    "engine stops",
    "page closes",
    "alerts end",
    "kafka stops",
  ]);
});

test("run --fresh deletes before anything starts, and a Kafka of others is neither started nor stopped", async () => {
  await using w = await world("run", { fresh: true, exit: true, brokers: "127.0.0.1:9" });
  w.total.resolve();
  await run(w.context, w.parts, plainStyle);
  assert.deepEqual(w.events.slice(0, 3), ["preflight", "delete all", "topic"]);
  assert.ok(!w.events.some((event) => event.startsWith("kafka")));
});

test("Ctrl-C during the start of Kafka starts nothing more and is no failure", async () => {
  await using w = await world("run", {});
  const { startKafka } = w.parts;
  w.parts.startKafka = (context) => {
    w.stop();
    return startKafka(context);
  };
  assert.equal(await run(w.context, w.parts, plainStyle), undefined);
  assert.deepEqual(w.events.slice(-2), ["topic", "kafka stops"]);
});

for (const failing of ["engineEnd", "generatorEnd"] as const) {
  for (const live of [false, true]) {
    test(`run ends in order and tells when ${failing} fails, ${live ? "live" : "before the total"}`, async () => {
      await using w = await world("run", {});
      const ended = run(w.context, w.parts, plainStyle);
      if (live) w.total.resolve();
      await turn();
      const failure = new ClickstreamError({ code: "GONE", message: "gone.", nextStep: "Look." });
      w[failing].reject(failure);
      await assert.rejects(ended, { code: "GONE" });
      assert.deepEqual(w.events.slice(-4), ["generator stops", "engine stops", "alerts end", "kafka stops"]);
    });
  }
}

test("process ends with a bounded run, or unfinished at Ctrl-C", async () => {
  for (const interrupted of [false, true]) {
    await using w = await world("process", { untilEnd: true });
    const ended = processTopic(w.context, w.parts);
    await turn();
    if (interrupted) w.stop();
    else w.engineEnd.resolve();
    const { result, complete } = (await ended)!;
    assert.equal(complete, !interrupted);
    assert.deepEqual(
      { ...result, cpuSeconds: typeof result.cpuSeconds, peakRssBytes: typeof result.peakRssBytes },
      {
        read: 5_800_123,
        counted: 5_793_811,
        late: 5_732,
        dead: MIDDLE.engine!.dead,
        windows: 165,
        eventsPerSecond: 10_000,
        cpuSeconds: "number",
        peakRssBytes: "number",
      },
    );
    assert.deepEqual(w.events, [
      "alerts",
      "engine starts",
      "page opens",
      "engine stops",
      "page closes",
      "alerts end",
    ]);
  }
});

test("process without an end is done at Ctrl-C", async () => {
  await using w = await world("process", {});
  w.stop();
  assert.equal(await processTopic(w.context, w.parts), undefined);
  await using later = await world("process", {});
  const ended = processTopic(later.context, later.parts);
  await turn();
  later.stop();
  assert.equal((await ended)?.complete, true);
});

test("generate ends at the total, or unfinished at Ctrl-C", async () => {
  for (const interrupted of [false, true]) {
    await using w = await world("generate", {});
    const ended = generateEvents(w.context, w.parts);
    await turn();
    if (interrupted) w.stop();
    else w.generatorEnd.resolve();
    const { result, complete } = (await ended)!;
    assert.equal(complete, !interrupted);
    assert.equal(result.producedInRun, 4_000);
    assert.deepEqual(w.events, ["topic", "generator starts", "generator stops"]);
  }
});
