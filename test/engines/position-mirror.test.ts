import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";
import { PositionMirror } from "../../src/engines/embedded/position-mirror.ts";

/** Sleeps end when the test lets time pass, or by their signal. */
class HeldClock implements Clock {
  private timeMs = 0;
  private readonly sleeps = new Set<{ untilMs: number; end: () => void }>();

  nowMs = (): number => this.timeMs;
  monotonicMs = (): number => this.timeMs;

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleep = { untilMs: this.timeMs + durationMs, end: resolve };
      if (signal?.aborted) resolve();
      else this.sleeps.add(sleep);
      signal?.addEventListener("abort", () => resolve());
    });
  }

  async pass(durationMs: number): Promise<void> {
    this.timeMs += durationMs;
    for (const sleep of this.sleeps) {
      if (sleep.untilMs > this.timeMs) continue;
      this.sleeps.delete(sleep);
      sleep.end();
    }
    await nextTurn();
  }
}

function mirrored(commit: (position: number) => Promise<void>) {
  const clock = new HeldClock();
  const failures: string[] = [];
  let closed = false;
  const mirror = new PositionMirror({
    clock,
    target: { commit: (positions) => commit(positions.get(0)!), close: () => (closed = true) },
    onFailure: (reason) => failures.push(reason),
  });
  const show = async (position: number): Promise<void> => {
    mirror.show(new Map([[0, position]]));
    await nextTurn();
  };
  return { clock, failures, mirror, show, isClosed: () => closed };
}

test("the newest positions are shown, at most once a second, and the last ones at the end", async () => {
  const sent: number[] = [];
  const { clock, mirror, show, isClosed } = mirrored(async (position) => void sent.push(position));
  await show(1);
  assert.deepEqual(sent, [1], "the first at once");
  await show(2);
  await show(3);
  await clock.pass(999);
  assert.deepEqual(sent, [1], "a second has not passed");
  await clock.pass(1);
  assert.deepEqual(sent, [1, 3], "only the newest");
  await clock.pass(1_000);
  await show(3);
  assert.deepEqual(sent, [1, 3], "nothing new");
  await clock.pass(600_000);
  await show(3);
  assert.deepEqual(sent, [1, 3, 3], "again before Kafka forgets");
  await show(4);
  await mirror.close();
  assert.deepEqual(sent, [1, 3, 3, 4]);
  assert(isClosed());
});

test("a mirror that fails is told of once and tried again now and then", async () => {
  let tries = 0;
  const { clock, failures, show } = mirrored(async () => {
    tries++;
    throw new Error("not authorized");
  });
  for (let position = 0; position < 100; position++) {
    await show(position);
    await clock.pass(1_000);
  }
  assert.deepEqual(failures, ["not authorized"]);
  assert.equal(tries, 2, "not every second");
});

test("a mirror without an answer holds nothing up: it is told of once, and the end waits two seconds", async () => {
  const { clock, failures, mirror, show, isClosed } = mirrored(() => new Promise(() => {}));
  await show(1);
  await clock.pass(30_000);
  await show(2);
  await clock.pass(60_000);
  assert.equal(failures.length, 1);
  const closing = mirror.close();
  await clock.pass(2_000);
  await closing;
  assert(isClosed());
});
