import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { type Lifecycle, withLifecycle } from "../../src/app/lifecycle.ts";

const log = pino({ level: "silent" });

/** A lifecycle whose parts write down when they start and stop. */
function recorder() {
  const events: string[] = [];
  const controller = new AbortController();
  return {
    events,
    stop: () => controller.abort(),
    within: <R>(body: (lifecycle: Lifecycle) => Promise<R>) =>
      withLifecycle({ log, stopRequested: controller.signal }, body),
    start: (lifecycle: Lifecycle, name: string, failsToStop = false) =>
      lifecycle.start(
        name,
        async () => events.push(`+${name}`),
        async () => {
          events.push(`-${name}`);
          if (failsToStop) throw new Error(`${name} hangs`);
        },
      ),
  };
}

test("parts stop in reverse order after the body", async () => {
  const { events, within, start } = recorder();
  const result = await within(async (lifecycle) => {
    await start(lifecycle, "kafka");
    await start(lifecycle, "engine");
    events.push("work");
    return 42;
  });
  assert.equal(result, 42);
  assert.deepEqual(events, ["+kafka", "+engine", "work", "-engine", "-kafka"]);
});

test("a start that fails stops what had started", async () => {
  const { events, within, start } = recorder();
  const body = async (lifecycle: Lifecycle): Promise<void> => {
    await start(lifecycle, "kafka");
    await lifecycle.start(
      "engine",
      () => Promise.reject(new Error("no state")),
      () => assert.fail("it never started"),
    );
  };
  await assert.rejects(within(body), /no state/);
  assert.deepEqual(events, ["+kafka", "-kafka"]);
});

test("a part that fails to stop keeps no other from it, and is told", async () => {
  const { events, within, start } = recorder();
  const body = async (lifecycle: Lifecycle): Promise<void> => {
    await start(lifecycle, "kafka");
    await start(lifecycle, "engine", true);
  };
  await assert.rejects(within(body), /engine hangs/);
  assert.deepEqual(events, ["+kafka", "+engine", "-engine", "-kafka"]);
});

test("the failure of the body is told before that of a stop", async () => {
  const { within, start } = recorder();
  const body = async (lifecycle: Lifecycle): Promise<void> => {
    await start(lifecycle, "engine", true);
    throw new Error("the cause");
  };
  await assert.rejects(within(body), /the cause/);
});

test("after a request to stop nothing more starts, and that is no failure", async () => {
  const { events, within, start, stop } = recorder();
  const result = await within(async (lifecycle) => {
    await start(lifecycle, "kafka");
    stop();
    await start(lifecycle, "engine");
    return "never";
  });
  assert.equal(result, undefined);
  assert.deepEqual(events, ["+kafka", "-kafka"]);
});
